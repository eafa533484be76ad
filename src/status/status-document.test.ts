// Why this exists: proves that the document counts all, lists what is not in sync, and finds what a
// person means by a name.
import {describe, expect, it} from 'vitest';
import {
  aHold,
  aJournal,
  anAction,
  anOutcome,
  aPlan,
  aReport,
  aResource,
  NOW,
} from '../../test/builders/report.ts';
import {LISTED_RESOURCES, RESOURCE_STATES} from '../core/report.ts';
import {findResources, resourceDetail, statusDocument} from './status-document.ts';

const IDENTITY = {version: '1.2.3', installation: 'home', startedAt: 7};
const NOTHING = {suspensions: [], outcomes: [], intents: []};

describe('the status document', () => {
  it('counts every state, and lists what is not in sync with what needs somebody first', () => {
    const resources = RESOURCE_STATES.map((state, at) => aResource({vmid: 200 + at, state}));
    const report = aReport({resources});
    const [cluster] = statusDocument(IDENTITY, [[report, NOTHING]]).clusters;
    expect(cluster?.counts).toEqual(Object.fromEntries(RESOURCE_STATES.map((one) => [one, 1])));
    expect(cluster?.notInSync.map(({state}) => state)).toEqual([
      'failed',
      'undetermined',
      'held',
      'suspended',
      'applying',
      'out_of_sync',
    ]);
    expect(cluster?.unmanaged).toBe(1);
  });

  it('lists no more than it promises, and counts the rest', () => {
    const resources = Array.from({length: LISTED_RESOURCES + 5}, (_, at) =>
      aResource({vmid: 1_000 + at, state: 'held'}),
    );
    const outcomes = Array.from({length: 30}, () => anOutcome());
    const report = aReport({resources});
    const [cluster] = statusDocument(IDENTITY, [[report, {...NOTHING, outcomes}]]).clusters;
    expect(cluster?.notInSync).toHaveLength(LISTED_RESOURCES);
    expect(cluster?.counts.held).toBe(LISTED_RESOURCES + 5);
    expect(cluster?.outcomes).toHaveLength(20);
  });

  it('holds neither plan nor verdicts', () => {
    const text = JSON.stringify(statusDocument(IDENTITY, [[aReport(), NOTHING]]));
    expect(text).not.toContain('"plan":');
    expect(text).not.toContain('"verdicts":');
    expect(JSON.parse(text)).toMatchObject(IDENTITY);
  });
});

describe('a resource', () => {
  const guest = aResource({vmid: 150, name: 'neo4j-db'});
  const twin = aResource({vmid: 160, name: 'neo4j-db', kind: 'Container'});
  const all = [guest, twin];

  it.each([
    ['qemu/150', [guest]],
    ['guest/150', [guest]],
    ['150', [guest]],
    ['Container/neo4j-db', [twin]],
    ['neo4j-db', [guest, twin]],
    ['15', []],
    ['', []],
  ])('asked for by %j is found', (asked, found) => {
    expect(findResources(all, asked)).toEqual(found);
  });

  it('comes with its own actions, verdicts and waiting only', () => {
    const action = anAction();
    const other = anAction({vmid: 160});
    const report = aReport({
      plan: aPlan({actions: [action, other]}),
      verdicts: [aHold(action, 'approval'), aHold(other, 'window')],
    });
    const pause = {cluster: 'harness', reason: 'repair', owner: 'ann', since: 1, expiresAt: null};
    const over = {...pause, key: '*', expiresAt: report.endedAt} as const;
    const own = {...pause, key: 'guest/150'} as const;
    const journal = aJournal({
      suspensions: () => [over, own, {...pause, key: 'guest/160'}],
      outcomesOf: () => [anOutcome(), anOutcome({endedAt: NOW})],
    });
    expect(resourceDetail(report, guest, journal)).toEqual({
      cluster: 'harness',
      resource: guest,
      actions: [action],
      verdicts: [aHold(action, 'approval')],
      waiting: [],
      suspensions: [own],
      outcomes: [anOutcome({endedAt: NOW}), anOutcome()],
    });
  });
});
