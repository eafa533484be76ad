// Why this exists: proves what the page says: the one sentence on top, what waits for a person and
// how to go on, and that it lists no more than a person can read.
import {describe, expect, it} from 'vitest';
import {
  aHold,
  aJournal,
  anAction,
  anOutcome,
  aPlan,
  aReport,
  aResource,
  aSource,
  fingerprintOf,
  NOW,
} from '../../test/builders/report.ts';
import type {Verdict} from '../core/action.ts';
import type {Report} from '../core/report.ts';
import {statusPage} from './page.ts';
import {ago, span, took} from './page-time.ts';

function pageOf(report: Report | null, journal = aJournal()): string {
  const page = statusPage({
    identity: {version: '1.2.3', installation: 'home', startedAt: NOW - 7_200_000},
    names: ['harness'],
    reports: new Map(report === null ? [] : [['harness', report]]),
    journal,
    now: NOW,
  });
  // What a person reads: the body's text, without style, script and tags.
  return page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ (?=[.,?)])/g, '');
}

describe('the sentence on top', () => {
  it.each([
    ['1 resource, all as declared.', aReport()],
    ['1 resource held; see why below.', aReport({resources: [aResource({state: 'held'})]})],
    [
      '2 resources failed or cannot be told.',
      aReport({
        resources: [
          aResource({state: 'failed'}),
          aResource({vmid: 160, state: 'undetermined'}),
          aResource({vmid: 170, state: 'held'}),
        ],
      }),
    ],
    ['1 cluster could not be read whole.', aReport({result: 'degraded'})],
    ['1 resource on the way.', aReport({resources: [aResource({state: 'applying'})]})],
    ['1 resource suspended.', aReport({resources: [aResource({state: 'suspended'})]})],
    ['1 cluster not looked at yet.', null],
    ['Nothing is managed yet.', aReport({resources: []})],
    ['The journal is new and waits to be accepted.', aReport({journalIsNew: true})],
    [
      '1 source cannot be followed.',
      aReport({
        sources: [aSource({error: {kind: 'unauthorised', message: 'no', remedy: 'log in'}})],
      }),
    ],
  ])('says "%s"', (sentence, report) => {
    expect(pageOf(report)).toContain(sentence);
  });
});

describe('what is held', () => {
  const removal = anAction({vmid: 160, name: 'plane-server', verb: 'delete', risk: 'destructive'});
  const update = anAction();

  it('comes with reason, remedy, changes and fingerprint, what needs a person first', () => {
    const page = pageOf(
      aReport({
        plan: aPlan({actions: [update, removal]}),
        verdicts: [aHold(update, 'window'), aHold(removal, 'approval')],
      }),
    );
    expect(page).toContain('Held 2');
    expect(page.indexOf('plane-server')).toBeLessThan(page.indexOf('neo4j-db'));
    expect(page).toContain('approval destructive changes need an approval');
    expect(page).toContain(`pvegit apply --approve ${fingerprintOf(160).slice(0, 16)}`);
    expect(page).toContain('cpu.cores 3 → 5 disruptive, pending the guest runs without CPU');
    expect(page).toContain(`fingerprint ${fingerprintOf(150).slice(0, 16)}`);
  });

  it('tells of a deletion why, and what is lost', () => {
    const volumes = [{volid: 'local-lvm:vm-160-disk-0', size: '8G'}];
    const facts = {volumes, snapshots: ['s1'], power: 'running'};
    const action = {...removal, changes: [], facts};
    const plan = aPlan({actions: [action]});
    const page = pageOf(aReport({plan, verdicts: [aHold(action, 'approval')]}));
    const lost = 'Lost for good: local-lvm:vm-160-disk-0, 8G snapshot s1';
    expect(page).toContain(`No manifest of harness asks for it any more. It runs now. ${lost}`);
  });

  it('for its turn only is next, not held', () => {
    const verdicts = [aHold(update, 'limit')];
    const page = pageOf(aReport({plan: aPlan({actions: [update]}), verdicts}));
    expect(page).toContain('Next 1');
    expect(page).not.toContain('Held 1');
  });

  it('because it is in trouble is told once', () => {
    const nothing = anAction({verb: 'none', changes: []});
    const because = [{reason: 'incomplete', detail: 'a read failed', remedy: 'wait'}] as const;
    const page = pageOf(
      aReport({
        plan: aPlan({actions: [nothing]}),
        verdicts: [aHold(nothing, 'incomplete')],
        resources: [aResource({state: 'undetermined', because})],
      }),
    );
    expect(page).toContain('In trouble 1');
    expect(page).toContain('incomplete a read failed');
    expect(page).not.toContain('Held');
  });

  it('that cannot be told for one reason is one card', () => {
    const because = [{reason: 'incomplete', detail: 'a read failed', remedy: 'wait'}] as const;
    const resources = [150, 160, 170].map((vmid) => {
      return aResource({vmid, name: `vm-${vmid}`, state: 'undetermined', because});
    });
    const page = pageOf(aReport({resources}));
    expect(page).toContain('In trouble 3');
    expect(page.split('incomplete a read failed')).toHaveLength(2);
    expect(page).toMatch(/vm-150\s+150\s*,\s+vm-160\s+160\s*,\s+vm-170/);
  });

  it('is listed up to a hundred, and the rest is counted', () => {
    const actions = Array.from({length: 130}, (_, at) => anAction({vmid: 1_000 + at}));
    const verdicts: readonly Verdict[] = actions.map((action) => aHold(action, 'approval'));
    const page = pageOf(aReport({plan: aPlan({actions}), verdicts}));
    expect(page).toContain('Held 130');
    expect(page).toContain('and 30 more');
    expect(page.split('disruptive changes need an approval')).toHaveLength(101);
  });
});

describe('a cluster', () => {
  it('says what is wrong with it and what is known', () => {
    const page = pageOf(
      aReport({
        result: 'degraded',
        quorate: false,
        journalIsNew: true,
        endpoints: [{url: 'https://pve2:8006', up: false}],
        stages: [{stage: 'observe', seconds: 1, ok: false, because: '2 reads failed'}],
      }),
      aJournal({
        suspensions: () => [
          {
            cluster: 'harness',
            key: '*',
            reason: 'moving the rack',
            owner: 'dora',
            since: NOW - 3_600_000,
            expiresAt: NOW + 7_200_000,
          },
          {
            cluster: 'harness',
            key: 'guest/150',
            reason: 'over',
            owner: 'dora',
            since: 1,
            expiresAt: NOW - 1,
          },
        ],
      }),
    );
    for (const text of [
      'observe is not complete. 2 reads failed pvegit doctor',
      'The cluster has no quorum.',
      'Endpoint down: https://pve2:8006',
      'pvegit journal accept',
      'the whole cluster by dora, 1 h ago (ends in 2 h): moving the rack pvegit resume &#39;*&#39;',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).not.toContain('150 by dora');
  });

  it('names the guest of a pause, and says how to end it', () => {
    const pause = {owner: 'dora', since: NOW - 60_000, expiresAt: null, reason: 'repair'};
    const suspensions = () => [{...pause, cluster: 'harness', key: 'guest/150'}];
    const page = pageOf(aReport(), aJournal({suspensions}));
    expect(page).toContain('neo4j-db (150) by dora, 1 min ago (until resumed): repair pvegit');
    expect(page).toContain('pvegit resume guest/150');
  });

  it('shows drift with its age, what runs, open calls and what ended', () => {
    const page = pageOf(
      aReport({
        resources: [
          aResource({
            drift: [{risk: 'benign', cause: 'drift', fields: 2, since: NOW - 300_000}],
          }),
        ],
        applying: [
          {
            key: 'guest/160',
            name: 'plane-server',
            verb: 'create',
            fingerprint: fingerprintOf(160),
            says: 'clone template 100',
            startedAt: NOW - 23_000,
          },
        ],
      }),
      aJournal({outcomes: () => [anOutcome({result: 'failed', because: 'the task timed out'})]}),
    );
    expect(page).toContain('neo4j-db 150 drift benign 2 fields 5 min ago');
    expect(page).toContain('plane-server 160 create clone template 100 for 23 s');
    expect(page).toContain('failed neo4j-db 150 update the task timed out 10 s 30 s ago');
  });

  it('lists everything that is managed, what is not well first, and what is not managed', () => {
    const resources = [
      aResource({vmid: 1000, name: 'tenth'}),
      aResource({vmid: 200, name: 'second'}),
      aResource({vmid: 300, name: 'late', state: 'out_of_sync'}),
    ];
    const page = pageOf(aReport({resources}));
    expect(page).toContain('All 3 resources');
    const order = ['300 late out of sync', '200 second in sync', '1000 tenth in sync'];
    const at = order.map((row) => page.indexOf(row));
    expect(at.every((place) => place > 0)).toBe(true);
    expect(at).toEqual(at.toSorted((left, right) => left - right));
    expect(page).toContain('1 guest not managed');
    expect(page).toContain('ubuntu-template 100 on pve1');
  });

  it('does not take guests that it could not list for none', () => {
    const page = pageOf(aReport({plan: aPlan({unmanaged: null})}));
    expect(page).toContain('guests that are not managed: unknown');
    expect(page).not.toContain('0 guests');
  });

  it('shows mistakes of manifests with their line and what was meant', () => {
    const position = {line: 7, column: 3, offset: 88};
    const page = pageOf(
      aReport({
        sources: [
          aSource({
            diagnostics: [
              {
                severity: 'error',
                code: 'manifest-field-unknown',
                summary: 'A field is not known',
                detail: 'memroy would be ignored.',
                suggestion: 'memory',
                range: {file: 'a.yaml', start: position, end: position},
                frame: '7 | memroy: 8GiB\n  | ^^^^^^',
              },
            ],
          }),
        ],
      }),
    );
    expect(page).toContain('error: A field is not known a.yaml:7 memroy would be ignored.');
    expect(page).toContain('Did you mean memory?');
    expect(page).toContain('| ^^^^^^');
  });
});

describe('a time', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_600_000, '1 h'],
    [47 * 3_600_000, '47 h'],
    [12 * 86_400_000, '12 days'],
  ])('of %d ms reads %s', (ms, words) => {
    expect(span(ms)).toBe(words);
  });

  it('that something took is finer while it is short', () => {
    expect([took(-1), took(420), took(9_949), took(12_345)]).toEqual([
      '0.0 s',
      '0.4 s',
      '9.9 s',
      '12 s',
    ]);
  });

  it('in the future is said to be', () => {
    expect(ago(NOW + 120_000, NOW).text).toContain('>in 2 min<');
  });
});
