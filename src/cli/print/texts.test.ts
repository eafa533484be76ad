// Why this exists: proves what a person reads at a glance: names beside ids, lists that stay lists,
// whose pause it is and how it ends, and the one command to type next.
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
} from '../../../test/builders/report.ts';
import type {AuditEntry} from '../../core/ports.ts';
import type {Report} from '../../core/report.ts';
import {resourceDetail, statusDocument, unmanagedProblem} from '../../status/status-document.ts';
import {auditLines} from './audit-text.ts';
import {planText} from './plan-text.ts';
import {problemLines} from './problems-text.ts';
import {statusText} from './status-text.ts';
import {createStyle, shownDuration} from './style.ts';
import {whyText} from './why-text.ts';

const PLAIN = createStyle({}, {});
const NARROW = createStyle({isTTY: true, columns: 80}, {NO_COLOR: '1'});
const IDENTITY = {version: '1.2.3', installation: 'home', startedAt: NOW - 60_000};
const PAUSE = {cluster: 'harness', reason: 'repair', owner: 'ann', since: 1, expiresAt: null};
const removal = anAction({verb: 'delete', risk: 'destructive', changes: [], facts: {}});

function statusOf(report: Report, pauses: readonly (typeof PAUSE & {readonly key: string})[]) {
  const facts = {suspensions: pauses, outcomes: [], intents: []};
  return statusText(statusDocument(IDENTITY, [[report, facts]]), NOW, PLAIN);
}

describe('a plan', () => {
  const adopt = (vmid: number) =>
    anAction({vmid, name: `web-${vmid}`, verb: 'adopt', risk: 'benign', changes: []});

  it('sets blank lines only about what takes more than one', () => {
    const actions = [adopt(160), adopt(161), anAction()];
    const lines = planText(aReport({plan: aPlan({actions})}), PLAIN).split('\n');
    expect(lines.slice(1, 6)).toEqual([
      '',
      '= adopt   160 web-160  benign',
      '= adopt   161 web-161  benign',
      '',
      '~ update  150 neo4j-db  disruptive',
    ]);
  });

  it('with --all names what is in sync and what nobody manages, a line each', () => {
    const same = anAction({vmid: 160, name: 'web', verb: 'none', risk: 'benign', changes: []});
    const text = planText(aReport({plan: aPlan({actions: [same]})}), PLAIN, true);
    expect(text).toContain('\nIn sync\n  160 web\n');
    expect(text).toContain('\nNot managed\n  100 ubuntu-template  on pve1\n');
    expect(text).not.toContain('none');
  });

  it('says once what many stand still for, with the first of their names', () => {
    const because = {reason: 'incomplete', detail: 'nothing could be read'} as const;
    const actions = Array.from({length: 12}, (_, at) => {
      const still = {verb: 'none', risk: 'benign', changes: [], findings: [because]} as const;
      return anAction({...still, vmid: 200 + at, name: `web-${at}`, cause: 'undetermined'});
    });
    const verdicts = actions.map((action) => aHold(action, 'incomplete'));
    const waiting = actions.map(({key, name, kind}) => ({key, name, kind, ...because}));
    const text = planText(aReport({plan: aPlan({actions, waiting}), verdicts}), PLAIN);
    expect(text).toContain('\n12 stand still: 200 web-0, 201 web-1, ');
    expect(text).toMatch(/209 web-9, and 2 more\n {4}incomplete: /);
    expect(text).not.toContain('Waiting');
    expect(text.split('\n').length).toBeLessThan(10);
  });

  it('tells what keeps an action that waits for a person, and of what follows only that', () => {
    const detail = 'it would not start afterwards: vcpus is 8';
    const stuck = anAction({vmid: 150, findings: [{reason: 'waiting', detail}]});
    const later = anAction({
      vmid: 151,
      findings: [{reason: 'waiting', detail: 'guest/150 is cloned from it first', passes: true}],
    });
    const verdicts = [stuck, later].map((one) => {
      const reasons = one.findings.map((finding) => ({...finding, remedy: 'Mend it.'}));
      return aHold(one, 'waiting', {reasons});
    });
    const text = planText(aReport({plan: aPlan({actions: [stuck, later]}), verdicts}), PLAIN);
    expect(text).toContain(detail);
    expect(text).toContain('held: waiting');
    expect(text.match(/follows when others are done/g)).toHaveLength(1);
    expect(text).not.toContain('is cloned from it first');
  });

  it('says of a deletion that no manifest asks for the guest any more', () => {
    const plan = aPlan({actions: [removal]});
    const text = planText(aReport({plan, verdicts: [aHold(removal, 'approval')]}), PLAIN);
    expect(text).toContain('no manifest of harness asks for it any more');
  });

  it('beyond the blast radius prints the one command that approves the set and its members', () => {
    const actions = [160, 161].map((vmid) => ({...removal, ...ids(vmid)}));
    const plan = aPlan({actions, setFingerprint: fingerprintOf(9)});
    const verdicts = actions.map((action) => aHold(action, 'blast-radius'));
    const digits = [9, 160, 161].map((vmid) => fingerprintOf(vmid).slice(0, 16)).join(' ');
    const text = planText(aReport({plan, verdicts}), PLAIN);
    expect(text).toContain(`\n  → pvegit apply --approve ${digits}\n`);
  });

  it('shows of the state of a folder as many digits as of a commit', () => {
    const sources = [aSource({commit: `folder-${'12ab'.repeat(10)}`, subject: null})];
    expect(planText(aReport({sources}), PLAIN)).toContain('harness at folder-12ab12ab12  read');
  });
});

function ids(vmid: number) {
  return {
    vmid,
    key: `guest/${vmid}`,
    name: `web-${vmid}`,
    fingerprint: fingerprintOf(vmid),
  } as const;
}

describe('why', () => {
  const journal = aJournal({suspensions: () => [{...PAUSE, key: '*'}]});

  it('of a paused guest says whose pause it is, and how to end it', () => {
    const guest = aResource({state: 'suspended'});
    const text = whyText(resourceDetail(aReport(), guest, journal), NOW, PLAIN);
    expect(text).toContain('suspended the whole cluster by ann: repair\n');
    expect(text).toContain("→ pvegit resume '*' --cluster harness");
    expect(text).toContain('It is as Git says.');
  });

  it('shows what ended last first, and where to read what was changed', () => {
    const outcomes = [anOutcome({endedAt: NOW - 9_000}), anOutcome({endedAt: NOW - 1_000})];
    const known = aJournal({outcomesOf: () => outcomes});
    const text = whyText(resourceDetail(aReport(), aResource(), known), NOW, PLAIN);
    expect(text.indexOf('1.0 s ago')).toBeLessThan(text.indexOf('9.0 s ago'));
    expect(text).toMatch(/→ pvegit audit qemu\/150$/);
  });

  it('of a guest that nobody manages says so, and how it would be', () => {
    const {plan} = aReport();
    for (const asked of ['100', 'qemu/100', 'guest/100', 'ubuntu-template']) {
      expect(unmanagedProblem(plan, asked)).toEqual({
        message: 'qemu/100 ubuntu-template is there, and no manifest describes it',
        remedy: 'To manage it: pvegit import --vmid 100',
      });
    }
    expect(unmanagedProblem(plan, '10')).toBeNull();
    expect(unmanagedProblem(null, '100')).toBeNull();
  });
});

describe('status', () => {
  it.each([
    ['could not be listed', aPlan({unmanaged: null})],
    ['are in no plan', null],
  ])('does not take guests that %s for none', (_why, plan) => {
    expect(statusOf(aReport({plan}), [])).toContain(' · unmanaged guests not known');
  });

  it('does not list one by one what a pause of the cluster keeps, but for what waits', () => {
    const because = [{reason: 'suspended', detail: 'by ann', remedy: 'resume'}] as const;
    const resources = [
      aResource({state: 'suspended'}),
      aResource({vmid: 160, name: 'web', state: 'suspended', because}),
    ];
    const text = statusOf(aReport({resources}), [{...PAUSE, key: '*'}]);
    expect(text).toContain('2 suspended');
    expect(text).not.toContain('150 neo4j-db');
    expect(text).toContain('160 web  suspended: by ann');
    expect(text).toContain("suspended the whole cluster by ann: repair\n    → pvegit resume '*'");
  });

  it('names the guest of a pause', () => {
    const resources = [aResource({state: 'suspended'})];
    expect(statusOf(aReport({resources}), [{...PAUSE, key: 'guest/150'}])).toContain(
      'suspended 150 neo4j-db by ann: repair\n    → pvegit resume guest/150',
    );
  });
});

describe('a cluster that cannot be read', () => {
  const unread = [{reason: 'incomplete', detail: 'no answer', remedy: 'Bring it back.'}] as const;
  const both = [150, 160].map((vmid) => {
    return aResource({vmid, name: `vm-${vmid}`, state: 'undetermined', because: unread});
  });

  it('is one reason in status, and leads to doctor', () => {
    const stages = [{stage: 'observe', seconds: 1, ok: false, because: '2 reads failed'}] as const;
    const text = statusOf(aReport({resources: both, stages}), []);
    expect(text).toContain('  undetermined 150 vm-150, 160 vm-160  incomplete: no answer\n');
    expect(text.match(/Bring it back/g)).toHaveLength(1);
    expect(text).toContain('observe: 2 reads failed\n    → pvegit doctor says why');
  });

  it('is told by why with the way on', () => {
    const [resource = aResource()] = both;
    const detail = {
      cluster: 'harness',
      resource,
      actions: [],
      verdicts: [],
      waiting: [{key: 'guest/150', name: 'vm-150', kind: 'VirtualMachine', ...unread[0]} as const],
      suspensions: [],
      outcomes: [],
    };
    expect(whyText(detail, NOW, PLAIN)).toContain('incomplete: no answer\n  → Bring it back.');
  });
});

describe('a cluster without quorum', () => {
  it('is told before a plan and in status, with the way on', () => {
    const report = aReport({quorate: false});
    expect(problemLines(report, PLAIN)).toEqual([
      'warning: the cluster has no quorum',
      '  → Nothing can be written until it has; on a node: pvecm status',
    ]);
    expect(statusOf(report, [])).toContain('the cluster has no quorum\n    → Nothing can be');
    expect(problemLines(aReport({quorate: null}), PLAIN)).toEqual([]);
  });
});

describe('a duration', () => {
  it.each([
    [0, '0.0 s'],
    [9_949, '9.9 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 0 s'],
    [119_700, '2 min 0 s'],
    [3_599_600, '1 h 0 min'],
    [7_199_000, '2 h 0 min'],
    [7_800_000, '2 h 10 min'],
  ])('of %d ms is %s', (ms, said) => {
    expect(shownDuration(ms)).toBe(said);
  });
});

describe('an audit entry', () => {
  const entry: AuditEntry = {
    at: NOW,
    cluster: 'harness',
    key: 'guest/150',
    what: 'update',
    commit: 'c0ffee'.repeat(7).slice(0, 40),
    author: 'Ann <ann@example.org>',
    approver: 'bob (terminal)',
    fingerprint: fingerprintOf(150),
    upid: null,
    result: 'done',
    before: {tags: 'by-hand', memory: '2GiB'},
    after: {tags: 'web', memory: '4GiB', power: 'running'},
  };

  it('is one line for programs: who, what from and to, whose commit and approval', () => {
    expect(auditLines(entry, 'neo4j-db', PLAIN)).toEqual([
      '2026-03-04 05:06:07 UTC  harness 150 neo4j-db  update done  tags by-hand → web  ' +
        'memory 2GiB → 4GiB  commit c0ffeec0ff by Ann <ann@example.org>, approved by bob ' +
        `(terminal) ${fingerprintOf(150).slice(0, 16)}`,
    ]);
  });

  it('is filled on a terminal, and counts what it does not name', () => {
    const many = Object.fromEntries(Array.from({length: 9}, (_, at) => [`f${at}`, 'a']));
    const lines = auditLines({...entry, before: many, after: many}, undefined, NARROW);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(lines.join(' ')).toMatch(/f5 a → a\s+and 3 more/);
  });
});
