// Why this exists: between two steps of an action everything may have changed: who wants it, who
// may, what is there. And what was begun goes on once, from where it was, or not at all.
import {describe, expect, it} from 'vitest';
import {
  actionOf,
  applyWorld,
  BEGIN_MS,
  FAILED,
  present,
  taskStep,
} from '../../test/builders/apply-world.ts';
import type {RecordDraft, Step} from '../core/action.ts';
import {err, ok} from '../core/result.ts';
import {keepRelease} from '../journal/releases.ts';
import {sampleApproval, sampleRecord} from '../journal/samples.ts';
import {sampleGuard} from './samples.ts';

const TWO = [taskStep('cloud-init'), taskStep('reboot')];
const FIRST = 'POST /nodes/pve1/qemu/150/status/cloud-init';
const SECOND = 'POST /nodes/pve1/qemu/150/status/reboot';
const DAY_MS = 86_400_000;
/** At its end nothing is known of the guest any more. */
const FORGET: RecordDraft = {
  ...{kind: 'forget', name: 'web', source: 'infra', path: 'vm.yaml', onDelete: 'destroy'},
  ...{declared: [], writes: [], wrote: [], replaceToken: null, secretHashes: {}, commit: 'c'},
  ...{body: {}, dependsOn: [], wanted: null},
};

function pause(key: string, expiresAt: number | null) {
  return {cluster: 'harness', key, reason: 'audit', owner: 'ann', since: 0, expiresAt};
}

describe('between two steps an action', () => {
  it('goes on where nothing has changed, with one audit line at its end', async () => {
    const {calls, carryOut, journal} = applyWorld();
    expect(await carryOut(actionOf(TWO))).toMatchObject({result: 'done'});
    expect(calls).toEqual([FIRST, SECOND]);
    expect(journal.audit({limit: 9})).toMatchObject([{result: 'done', author: 'Anna'}]);
  });

  it.each([
    ['of the guest', pause('guest/150', null), [FIRST]],
    ['of the cluster', pause('*', BEGIN_MS + DAY_MS), [FIRST]],
    ['of the guest that has run out', pause('guest/150', BEGIN_MS - 1), [FIRST, SECOND]],
    ['of another guest', pause('guest/151', null), [FIRST, SECOND]],
  ])('heeds a suspension: %s', async (_, suspension, expected) => {
    const {calls, carryOut, journal, script} = applyWorld();
    script.task = async () => {
      journal.suspend(suspension);
      return ok({exitStatus: 'OK', success: true});
    };
    await carryOut(actionOf(TWO));
    expect(calls).toEqual(expected);
  });

  it.each(['delete', 'replace'] as const)('that is to %s heeds a release', async (verb) => {
    const {calls, carryOut, journal, script} = applyWorld();
    journal.putRecord(sampleRecord({cluster: 'harness', key: 'guest/150'}));
    script.task = async () => {
      keepRelease(journal, 'harness', 'guest/150');
      return ok({exitStatus: 'OK', success: true});
    };
    expect(await carryOut(actionOf(TWO, {verb}))).toMatchObject({result: 'interrupted'});
    expect(calls).toEqual([FIRST]);
  });

  it('whose guest got another configuration from somebody else ends', async () => {
    const {calls, carryOut, script} = applyWorld();
    const chained = taskStep('reboot', {guard: sampleGuard({digest: 'chain', power: null})});
    let looks = 0;
    script.seen = present({digest: 'd2'});
    script.read = async (path) => {
      // The look after the first step says d2; the one before the second d3.
      looks += path.endsWith('/status/current') ? 1 : 0;
      if (calls.length === 1 && looks > 3) script.seen = present({digest: 'd3'});
      return ok(null);
    };
    const outcome = await carryOut(actionOf([taskStep('cloud-init'), chained]));
    expect(outcome).toMatchObject({result: 'interrupted'});
    expect(outcome?.because).toContain('changed by somebody else');
    expect(calls).toEqual([FIRST]);
  });

  it('of a process that leads no more leaves its intent to the one that does', async () => {
    const {carryOut, journal, script, outcomes} = applyWorld();
    script.task = async () => {
      script.leads = false;
      return ok({exitStatus: 'OK', success: true});
    };
    await carryOut(actionOf(TWO));
    expect(outcomes).toEqual([]);
    expect(journal.openIntents('harness')).toMatchObject([{state: 'open', stepIndex: 0}]);
  });

  it('of a process that leads no more begins no further step, and has no end', async () => {
    const {carryOut, calls, script, outcomes, journal} = applyWorld();
    Object.defineProperty(script, 'verification', {
      get: () => {
        script.leads = false;
        return {kind: 'as-expected'};
      },
    });
    await carryOut(actionOf(TWO));
    expect(calls).toEqual([FIRST]);
    expect(outcomes).toEqual([]);
    expect(journal.unfinished('harness')).toMatchObject([{state: 'done', stepIndex: 0}]);
  });

  it('remembers nothing as done that is not', async () => {
    const {carryOut, journal, script} = applyWorld();
    journal.putRecord(sampleRecord({cluster: 'harness', key: 'guest/150'}));
    script.write = ({path}) => (path.endsWith('reboot') ? err(FAILED) : ok(null));
    expect(await carryOut(actionOf(TWO, {record: FORGET}))).toMatchObject({result: 'failed'});
    expect(journal.records('harness')).toHaveLength(1);
  });
});

describe('an approval', () => {
  const APPROVAL = sampleApproval({fingerprint: 'f'.repeat(64)});

  it('is spent with the first call, also where something is waited for before', async () => {
    const {carryOut, journal} = applyWorld();
    const guard = sampleGuard({digest: null, power: null});
    const until: Step = {kind: 'until', says: 'wait', guard, power: 'stopped', timeoutMs: 1_000};
    await carryOut(actionOf([until, ...TWO]), APPROVAL);
    expect(journal.isSpent(APPROVAL.id)).toBe(true);
    expect(journal.audit({limit: 1})[0]?.approver).toBe('anna (terminal)');
  });

  it('is spent once, also where a call is known not to have happened and made again', async () => {
    const {calls, carryOut, journal, script} = applyWorld();
    script.seen = present({power: 'running'});
    script.write = () =>
      calls.length === 1 ? err({...FAILED, kind: 'connection', sent: 'maybe'}) : ok(null);
    script.read = async (path) => ok(path.includes('/tasks?') ? [] : null);
    const start = taskStep('shutdown');
    script.task = async () => ok({exitStatus: 'OK', success: true});
    await carryOut(actionOf([start]), APPROVAL);
    expect(calls).toHaveLength(2);
    expect(journal.isSpent(APPROVAL.id)).toBe(true);
  });
});

describe('evidence', () => {
  it.each([
    ['cannot be written', {evidence: async () => err({message: 'the disk is full'})}],
    ['cannot be read', {read: async () => err({...FAILED, message: 'the disk is full'})}],
  ])('that %s means that nothing is called', async (_, says) => {
    const {calls, carryOut, script} = applyWorld();
    Object.assign(script, says);
    const outcome = await carryOut(actionOf(TWO));
    expect(outcome?.result).toBe('skipped');
    expect(outcome?.because).toMatch(/^evidence: .*the disk is full/);
    expect(calls).toEqual([]);
  });

  it('that a stop interrupts is no failure: nothing is said and nothing called', async () => {
    const {applier, calls, carryOut, outcomes, script} = applyWorld();
    script.evidence = async () => {
      void applier.stop();
      return err({message: 'given up'});
    };
    await carryOut(actionOf(TWO));
    expect([outcomes, calls]).toEqual([[], []]);
  });
});

describe('what is seen after a step', () => {
  it.each([
    ['another guest in its place', {seen: present({witness: 'uuid-2'})}, 'interrupted'],
    [
      'a change of somebody else',
      {verification: {kind: 'foreign-change', because: 'tags'} as const},
      'interrupted',
    ],
    [
      'that it did not take',
      {verification: {kind: 'not-taken', because: 'memory', fields: []} as const},
      'failed',
    ],
    ['nothing', {seen: {kind: 'absent'} as const}, 'failed'],
  ])('%s ends the action', async (_, says, result) => {
    const {calls, carryOut, script} = applyWorld();
    script.task = async () => {
      Object.assign(script, says);
      return ok({exitStatus: 'OK', success: true});
    };
    expect(await carryOut(actionOf(TWO.slice(0, 1)))).toMatchObject({result});
    expect(calls).toEqual([FIRST]);
  });

  it('a guest that was to be destroyed is a failure, whatever its task says', async () => {
    const {carryOut} = applyWorld();
    expect(await carryOut(actionOf([taskStep('destroy')]))).toMatchObject({result: 'failed'});
  });

  it('is what a person said of it meanwhile', async () => {
    const {carryOut, journal, script} = applyWorld();
    script.task = async () => {
      journal.closeIntent(1, 'interrupted', 'resolved by a person');
      return ok({exitStatus: 'OK', success: true});
    };
    const outcome = await carryOut(actionOf(TWO));
    expect(outcome).toMatchObject({result: 'interrupted', because: 'resolved by a person'});
  });
});

describe('what was begun before', () => {
  /** An action whose first step is done, and whose process died. */
  async function begun() {
    const world = applyWorld();
    world.script.closed = null;
    world.script.task = async () => {
      world.script.closed = 'a deny window is open';
      return ok({exitStatus: 'OK', success: true});
    };
    await world.carryOut(actionOf(TWO));
    world.script.closed = null;
    world.script.task = async () => ok({exitStatus: 'OK', success: true});
    const next = world.applierOf();
    return {...world, next};
  }

  it('goes on with the step after, once the first plan says that it is wanted', async () => {
    const {calls, journal, next, wishes} = await begun();
    next.takeUp(journal.unfinished('harness'));
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    expect(calls).toEqual([FIRST]);
    next.setWishes(wishes());
    await next.idle();
    expect(calls).toEqual([FIRST, SECOND]);
    expect(journal.unfinished('harness')).toEqual([]);
  });

  it('is not gone on with after a day', async () => {
    const {calls, journal, next, pass, wishes, outcomes} = await begun();
    pass(DAY_MS);
    next.setWishes(wishes());
    next.takeUp(journal.unfinished('harness'));
    await next.idle();
    expect(calls).toEqual([FIRST]);
    expect(outcomes.at(-1)?.because).toContain('too long ago');
  });

  it('and stays unknown is told once, and looked at with pauses that double', async () => {
    const {applier, carryOut, journal, outcomes, pass, script} = applyWorld();
    script.task = async () => err({...FAILED, kind: 'forbidden'});
    await carryOut(actionOf([taskStep('reset')]));
    expect(outcomes.map(({result}) => result)).toEqual(['unknown']);
    const looks: number[] = [];
    let minutes = 0;
    script.task = async () => {
      looks.push(minutes);
      return err({...FAILED, kind: 'forbidden'});
    };
    for (minutes = 1; minutes <= 8; minutes += 1) {
      pass(60_000);
      applier.takeUp(journal.unfinished('harness'));
      await applier.idle();
    }
    expect(looks).toEqual([1, 3, 7]);
    expect(outcomes).toHaveLength(1);
  });
});
