// Why this exists: what every store must do to be a Journal, as cases that any test can run; a
// shared store (several controllers) passes the same ones. It needs no test framework.
import {deepEqual, equal, throws} from 'node:assert/strict';
import type {Journal} from '../core/ports.ts';
import {sampleApproval, sampleAudit, sampleIntent, sampleOutcome, sampleRecord} from './samples.ts';

/** One promise; `check` gets a fresh journal, and throws when the promise is broken. */
export interface ContractCase {
  readonly title: string;
  readonly check: (journal: Journal) => void;
}

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

/** All promises. */
export const JOURNAL_CONTRACT: readonly ContractCase[] = [
  {
    title: 'a new journal is not accepted until a person accepts it',
    check: (journal) => {
      equal(journal.accepted(), false);
      journal.accept();
      equal(journal.accepted(), true);
    },
  },
  {
    title: 'records are kept by cluster and key, and the last one counts',
    check: (journal) => {
      journal.putRecord(sampleRecord({key: 'guest/151'}));
      journal.putRecord(sampleRecord({key: 'guest/150', name: 'old'}));
      journal.putRecord(sampleRecord({key: 'guest/150', name: 'new'}));
      journal.putRecord(sampleRecord({cluster: 'other', key: 'guest/150'}));
      deepEqual(
        journal.records('harness').map(({key, name}) => [key, name]),
        [
          ['guest/150', 'new'],
          ['guest/151', 'plane-server'],
        ],
      );
      deepEqual(journal.records('harness')[1], sampleRecord({key: 'guest/151'}));
      journal.deleteRecord('harness', 'guest/150');
      equal(journal.records('harness').length, 1);
      equal(journal.records('other').length, 1);
    },
  },
  {
    title: 'many records are kept at once, of whatever cluster, and the last one counts',
    check: (journal) => {
      equal(journal.records('harness').length, 0);
      journal.putRecords([
        sampleRecord({key: 'guest/151'}),
        sampleRecord({key: 'guest/150', name: 'old'}),
        sampleRecord({key: 'guest/150', name: 'new'}),
        sampleRecord({cluster: 'other', key: 'guest/150'}),
      ]);
      deepEqual(
        journal.records('harness').map(({key, name}) => [key, name]),
        [
          ['guest/150', 'new'],
          ['guest/151', 'plane-server'],
        ],
      );
      equal(journal.records('other').length, 1);
    },
  },
  {
    title: 'an intent comes back as it was journalled, with its task and its end',
    check: (journal) => {
      const draft = sampleIntent({fingerprint: A});
      const id = journal.openIntent(draft, null);
      deepEqual(journal.intent(id), {...draft, id, upid: null, state: 'open', because: ''});
      journal.setTask(id, 'UPID:pve1:1');
      journal.closeIntent(id, 'failed', 'VM is locked (backup)');
      const closed = {state: 'failed', because: 'VM is locked (backup)', upid: 'UPID:pve1:1'};
      deepEqual(journal.intent(id), {...draft, id, ...closed});
      equal(journal.intent(id + 1), null);
    },
  },
  {
    title: 'open and unknown intents are to be resolved, oldest first, each cluster its own',
    check: (journal) => {
      const draft = sampleIntent({fingerprint: A});
      const [first, second, third] = [1, 2, 3].map(() => journal.openIntent(draft, null));
      journal.openIntent(sampleIntent({cluster: 'other'}), null);
      journal.closeIntent(second ?? 0, 'done', 'OK');
      journal.closeIntent(third ?? 0, 'unknown', 'only a person can say');
      deepEqual(
        journal.openIntents('harness').map(({id, state}) => [id, state]),
        [
          [first, 'open'],
          [third, 'unknown'],
        ],
      );
    },
  },
  {
    title: 'an action without an end is known by its newest intent, an ended one no more',
    check: (journal) => {
      const [first, second] = [0, 1].map((stepIndex) => {
        const id = journal.openIntent(sampleIntent({fingerprint: A, stepIndex}), null);
        journal.closeIntent(id, 'done', 'OK', `digest-${stepIndex}`);
        return id;
      });
      const other = journal.openIntent(sampleIntent({key: 'guest/151'}), null);
      deepEqual(
        journal.unfinished('harness').map(({id, leftDigest}) => [id, leftDigest]),
        [
          [second, 'digest-1'],
          [other, undefined],
        ],
      );
      deepEqual(journal.unfinished('elsewhere'), []);
      journal.addOutcome(sampleOutcome({fingerprint: A, result: 'unknown'}));
      equal(journal.unfinished('harness').length, 2);
      journal.addOutcome(sampleOutcome({fingerprint: A, result: 'done'}));
      deepEqual(
        journal.unfinished('harness').map(({id}) => id),
        [other],
      );
      equal(journal.intent(first ?? 0)?.leftDigest, 'digest-0');
    },
  },
  {
    title: 'the tasks of a key since a time are known, so that an old one is not taken for ours',
    check: (journal) => {
      for (const [openedAt, upid] of [
        [1000, 'UPID:old'],
        [2000, 'UPID:new'],
        [3000, null],
      ] as const) {
        const id = journal.openIntent(sampleIntent({openedAt}), null);
        if (upid !== null) journal.setTask(id, upid);
      }
      const other = journal.openIntent(sampleIntent({key: 'guest/151', openedAt: 2500}), null);
      journal.setTask(other, 'UPID:other');
      deepEqual(journal.tasksOf('harness', 'guest/150', 2000), ['UPID:new']);
      deepEqual(journal.tasksOf('harness', null, 2000), ['UPID:new', 'UPID:other']);
      const since = journal.intentsSince('harness', 2000);
      deepEqual(
        since.map(({upid}) => upid),
        ['UPID:new', null, 'UPID:other'],
      );
    },
  },
  {
    title: 'an approval is spent with the first intent of its action, and covers it to its end',
    check: (journal) => {
      const approval = sampleApproval({fingerprint: A});
      equal(journal.isSpent(approval.id), false);
      equal(journal.begun('harness', A), null);
      journal.openIntent(sampleIntent({fingerprint: A}), approval);
      equal(journal.isSpent(approval.id), true);
      deepEqual(journal.begun('harness', A), approval);
      equal(journal.begun('other', A), null);
      journal.openIntent(sampleIntent({fingerprint: A}), null);
      journal.addOutcome(sampleOutcome({fingerprint: A, result: 'unknown'}));
      deepEqual(journal.begun('harness', A), approval);
      journal.addOutcome(sampleOutcome({fingerprint: A, result: 'done'}));
      equal(journal.begun('harness', A), null);
      equal(journal.isSpent(approval.id), true);
    },
  },
  {
    title: 'an approval is not spent twice, and then no intent is journalled either',
    check: (journal) => {
      const approval = sampleApproval({fingerprint: A});
      journal.openIntent(sampleIntent({fingerprint: A}), approval);
      throws(() => journal.openIntent(sampleIntent({fingerprint: A}), approval), /is spent/);
      equal(journal.openIntents('harness').length, 1);
    },
  },
  {
    title: 'an approval of a set is spent once for each of its actions',
    check: (journal) => {
      const approval = sampleApproval({fingerprint: 'c'.repeat(64)});
      journal.openIntent(sampleIntent({fingerprint: A}), approval);
      journal.openIntent(sampleIntent({fingerprint: B}), approval);
      throws(() => journal.openIntent(sampleIntent({fingerprint: B}), approval), /is spent/);
      deepEqual(journal.begun('harness', B), approval);
    },
  },
  {
    title: 'outcomes come newest first, by cluster or by key since a time',
    check: (journal) => {
      for (const endedAt of [1000, 2000, 3000]) {
        journal.addOutcome(sampleOutcome({endedAt}));
      }
      journal.addOutcome(sampleOutcome({key: 'guest/151', endedAt: 4000}));
      const times = (list: readonly {endedAt: number}[]) => list.map(({endedAt}) => endedAt);
      deepEqual(times(journal.outcomes('harness', 2)), [4000, 3000]);
      deepEqual(times(journal.outcomesOf('harness', 'guest/150', 2000)), [3000, 2000]);
      deepEqual(times(journal.outcomesOf('harness', null, 3000)), [4000, 3000]);
      deepEqual(journal.outcomesOf('other', null, 0), []);
      deepEqual(journal.outcomes('other', 10), []);
    },
  },
  {
    title: 'an outcome is there with its audit line, or neither is',
    check: (journal) => {
      journal.addOutcome(sampleOutcome({endedAt: 1}), sampleAudit({at: 1}));
      const wrong = sampleAudit({at: 2});
      const endless: {[key: string]: unknown} = {};
      endless['self'] = endless;
      throws(() =>
        journal.addOutcome(sampleOutcome({endedAt: 2}), Object.assign(wrong, {before: endless})),
      );
      equal(journal.outcomes('harness', 10).length, 1);
      deepEqual(journal.audit({limit: 10}), [sampleAudit({at: 1})]);
    },
  },
  {
    title: 'the audit log is found by cluster and key, newest first',
    check: (journal) => {
      journal.addAudit(sampleAudit({at: 1, what: 'create'}));
      journal.addAudit(sampleAudit({at: 2, what: 'start'}));
      journal.addAudit(sampleAudit({at: 3, key: 'guest/151', what: 'delete'}));
      const what = (filter: Parameters<Journal['audit']>[0]) =>
        journal.audit(filter).map((entry) => entry.what);
      deepEqual(what({limit: 2}), ['delete', 'start']);
      deepEqual(what({cluster: 'harness', key: 'guest/150', limit: 9}), ['start', 'create']);
      deepEqual(what({cluster: 'other', limit: 9}), []);
      deepEqual(
        journal.audit({limit: 1})[0],
        sampleAudit({at: 3, key: 'guest/151', what: 'delete'}),
      );
    },
  },
  {
    title: 'a suspension holds until it is resumed, of one key or of the whole cluster',
    check: (journal) => {
      const whole = {cluster: 'harness', key: '*', reason: 'r', owner: 'o', since: 1};
      journal.suspend({...whole, expiresAt: null});
      journal.suspend({...whole, key: 'guest/150', expiresAt: 9});
      deepEqual(
        journal.suspensions('harness').map(({key, expiresAt}) => [key, expiresAt]),
        [
          ['*', null],
          ['guest/150', 9],
        ],
      );
      equal(journal.resume('harness', '*'), true);
      equal(journal.resume('harness', '*'), false);
      equal(journal.suspensions('harness').length, 1);
    },
  },
  {
    title: 'requests of people are taken once, in order, by the loop of their cluster or by any',
    check: (journal) => {
      const first = {kind: 'adopt', cluster: 'harness', key: 'guest/150'} as const;
      const second = {kind: 'resolve', intent: 3, outcome: 'not-done'} as const;
      const third = {kind: 'retry', cluster: 'other', key: 'guest/150'} as const;
      for (const [at, request] of [first, third, second].entries()) journal.addRequest(request, at);
      deepEqual(journal.takeRequests('harness'), [first, second]);
      deepEqual(journal.takeRequests('harness'), []);
      deepEqual(journal.takeRequests('other'), [third]);
    },
  },
  {
    title: 'requests whose taking up fails are all still there, and what it journalled is not',
    check: (journal) => {
      const first = {kind: 'adopt', cluster: 'harness', key: 'guest/150'} as const;
      const second = {kind: 'release', cluster: 'harness', key: 'guest/151'} as const;
      for (const request of [first, second]) journal.addRequest(request, 1);
      const taken: string[] = [];
      throws(() =>
        journal.takeRequests('harness', ({kind}) => {
          taken.push(kind);
          journal.setValue(`taken/${kind}`, 'yes');
          if (kind === 'release') throw new Error('killed');
        }),
      );
      deepEqual(taken, ['adopt', 'release']);
      deepEqual(journal.valuesWith('taken/'), []);
      deepEqual(journal.takeRequests('harness'), [first, second]);
    },
  },
  {
    title: 'named values are set, replaced, removed and listed by prefix, not by pattern',
    check: (journal) => {
      journal.setValue('source/a_b/commit', '1');
      journal.setValue('source/a_b/commit', '2');
      journal.setValue('source/axb/commit', '3');
      equal(journal.value('source/a_b/commit'), '2');
      equal(journal.value('nothing'), null);
      deepEqual(journal.valuesWith('source/a_'), [{name: 'source/a_b/commit', value: '2'}]);
      journal.setValue('source/a_b/commit', null);
      equal(journal.value('source/a_b/commit'), null);
    },
  },
  {
    title: 'a lease has one holder, who may renew it, until it lapses or is given back',
    check: (journal) => {
      const ask = (holder: string, now: number) =>
        journal.acquireLease('harness', holder, now, 1000);
      deepEqual(ask('one', 0), {kind: 'held', token: 1});
      deepEqual(ask('two', 500), {kind: 'other', holder: 'one', expiresAt: 1000});
      deepEqual(ask('one', 900), {kind: 'held', token: 1});
      deepEqual(ask('two', 1899), {kind: 'other', holder: 'one', expiresAt: 1900});
      deepEqual(ask('two', 1900), {kind: 'held', token: 2});
      deepEqual(journal.acquireLease('other', 'one', 1900, 1000), {kind: 'held', token: 1});
      journal.releaseLease('harness', 'one');
      deepEqual(ask('one', 1901), {kind: 'other', holder: 'two', expiresAt: 2900});
      equal(journal.leader('harness', 2899), 'two');
      equal(journal.leader('harness', 2900), null);
      journal.releaseLease('harness', 'two');
      equal(journal.leader('harness', 1902), null);
      deepEqual(ask('two', 1902), {kind: 'held', token: 3});
    },
  },
  {
    title: 'a lease whose holder is gone lapses also when the clock was set back since',
    check: (journal) => {
      const ask = (holder: string, now: number) =>
        journal.acquireLease('harness', holder, now, 1000);
      ask('one', 9_000_000);
      deepEqual(ask('two', 5_000), {kind: 'other', holder: 'one', expiresAt: 6_000});
      deepEqual(ask('two', 5_999), {kind: 'other', holder: 'one', expiresAt: 6_000});
      deepEqual(ask('two', 6_000), {kind: 'held', token: 2});
      ask('two', 9_000_000);
      deepEqual(ask('one', 7_000), {kind: 'other', holder: 'two', expiresAt: 8_000});
      deepEqual(ask('two', 7_500), {kind: 'held', token: 2});
      deepEqual(ask('one', 8_000), {kind: 'other', holder: 'two', expiresAt: 8_500});
    },
  },
];
