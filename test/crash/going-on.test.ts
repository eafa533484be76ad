// Why this exists: what happens between two steps: a stop, a crash, a newer commit, a pause,
// another controller, a person's word. Judged from what arrived at the cluster.
import {afterEach, describe, expect, it} from 'vitest';
import type {Journal} from '../../src/core/ports.ts';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {
  done,
  endStories,
  guestOf,
  minutes,
  reach,
  type Stage,
  sayYes,
  setStage,
  USUAL,
  until,
} from '../sabotage/stage.ts';
import {filesOf} from './scenario.ts';
import {CLUSTER, POLICY} from './world.ts';

afterEach(endStories);

const BIGGER = filesOf({...USUAL, web: {memory: '3GiB', disk: '8GiB'}});
const WITHOUT_WEB = filesOf({db: USUAL.db});
const QUIET = filesOf({...USUAL, db: {...USUAL.db, disk: '5GiB'}});

/** Guest 150 is to go, somebody said yes, and its shutdown takes a while. */
async function deleting(): Promise<Stage> {
  const stage = setStage();
  await reach(stage);
  armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 60_000});
  stage.story.repository.commit(WITHOUT_WEB);
  await until(stage, () => sayYes(stage).length > 0);
  await until(stage, ({applying}) => applying.length > 0);
  return stage;
}

const outcomesOf = ({story}: Stage) =>
  story.journal.outcomes(CLUSTER, 20).map(({key, verb, result}) => `${verb} ${key} ${result}`);

const restart = async (stage: Stage): Promise<void> => {
  await stage.story.stop();
  await minutes(stage, 3);
  stage.story.start();
};

describe('an approved deletion', () => {
  it('goes on to its end after a clean stop between its steps, without a second yes', async () => {
    const stage = await deleting();
    const before = stage.story.clock.monotonic();
    await stage.story.stop();
    expect(stage.story.clock.monotonic() - before).toBeLessThan(10_000);
    await minutes(stage, 3);
    expect(done(stage, 0, 'destroy')).toEqual([]);
    stage.story.start();
    await minutes(stage, 3);
    expect(done(stage, 0, 'destroy')).toEqual(['destroy 150']);
    expect(outcomesOf(stage)[0]).toBe('delete guest/150 done');
    const approver = stage.story.journal.audit({cluster: CLUSTER, limit: 1})[0]?.approver;
    expect(approver).toBe('ann (terminal)');
  });

  it('stops when the manifest comes back meanwhile', async () => {
    const stage = await deleting();
    stage.story.repository.commit(filesOf(USUAL));
    await minutes(stage, 20);
    expect(done(stage, 0, 'destroy')).toEqual([]);
    expect(guestOf(stage, 150).runtime).toBeDefined();
  });

  it('stops when somebody pauses the guest between two steps', async () => {
    const stage = await deleting();
    const pause = {reason: 'wait', owner: 'bob', since: 0, expiresAt: null};
    stage.story.journal.suspend({cluster: CLUSTER, key: 'guest/150', ...pause});
    await minutes(stage, 20);
    expect(done(stage, 0, 'destroy')).toEqual([]);
    expect(outcomesOf(stage)[0]).toBe('delete guest/150 interrupted');
  });

  it('does not go on when the guest was started again meanwhile', async () => {
    const stage = await deleting();
    stage.story.kill();
    await minutes(stage, 3);
    const guest = guestOf(stage, 150);
    guest.runtime = guestOf(stage, 200).runtime;
    stage.story.start();
    await minutes(stage, 5);
    expect(done(stage, 0, 'destroy')).toEqual([]);
  });
});

describe('a guest that is shut down for its own good', () => {
  const undeclared = (files: ReturnType<typeof filesOf>) =>
    Object.fromEntries(
      Object.entries(files).map(([path, text]) => [path, text.replace('  power: running\n', '')]),
    );

  it('is started again after a crash, also where no power is declared', async () => {
    const stage = setStage();
    await reach(stage);
    await reach(stage, undeclared(filesOf(USUAL)));
    expect(guestOf(stage, 150).runtime).toBeDefined();
    armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 30_000});
    stage.story.repository.commit(undeclared(BIGGER));
    await until(stage, ({applying}) => applying.length > 0);
    stage.story.kill();
    await minutes(stage, 2);
    expect(guestOf(stage, 150).runtime).toBeUndefined();
    stage.story.start();
    await minutes(stage, 3);
    expect(guestOf(stage, 150).runtime).toBeDefined();
  });

  it('is started again although a newer commit wants something else', async () => {
    const stage = setStage();
    await reach(stage);
    await reach(stage, undeclared(filesOf(USUAL)));
    armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 90_000});
    stage.story.repository.commit(undeclared(BIGGER));
    await until(stage, ({applying}) => applying.length > 0);
    stage.story.repository.commit(undeclared(filesOf(USUAL)));
    await minutes(stage, 10);
    expect(guestOf(stage, 150).runtime).toBeDefined();
    expect(guestOf(stage, 150).config.get('memory')).toBe('2048');
  });
});

describe('two controllers', () => {
  it('do not lead at once: the second waits, and takes over when the first is gone', async () => {
    const stage = setStage();
    await reach(stage);
    const [first] = stage.story.processes;
    const second = stage.story.start();
    stage.story.repository.commit(BIGGER);
    await minutes(stage, 5);
    expect(second.report).toBeNull();
    expect(stage.writes.filter((write) => write.endsWith('/150/status/shutdown')).length).toBe(1);
    await first?.controller.stop();
    await minutes(stage, 1);
    expect(second.report).not.toBeNull();
  });

  it('one that has lost its lease starts no step, and the other goes on', async () => {
    const stage = setStage();
    await reach(stage);
    armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 60_000});
    stage.story.repository.commit(BIGGER);
    await until(stage, ({applying}) => applying.length > 0);
    const {journal} = stage.story;
    const steal = (lease: Journal): void => {
      lease.releaseLease(CLUSTER, 'controller-1');
      lease.acquireLease(CLUSTER, 'thief', stage.story.clock.now(), 10 * 60_000);
    };
    steal(journal);
    await minutes(stage, 5);
    expect(stage.writes.filter((write) => write.endsWith('/150/status/start')).length).toBe(1);
    journal.releaseLease(CLUSTER, 'thief');
    await minutes(stage, 5);
    expect(guestOf(stage, 150).runtime).toBeDefined();
    expect(done(stage, 0, 'stop')).toEqual(['stop 150']);
  });
});

describe('what stays unknown', () => {
  /** The answer of a resize is lost, and nobody may ask about it for hours. */
  async function lost(): Promise<Stage> {
    const stage = setStage();
    await reach(stage);
    const put = {method: 'PUT', path: /\/151\/resize$/};
    armRequest(stage.cluster, put, {kind: 'answer-lost'});
    const tasks = {method: 'GET', path: /\/tasks$/, times: 10_000};
    armRequest(stage.cluster, tasks, {kind: 'answer', status: 595, reason: 'No route to host'});
    stage.story.repository.commit(QUIET);
    await minutes(stage, 15);
    return stage;
  }

  it('is told once and looked at with pauses, not in every pass', async () => {
    const stage = await lost();
    const before = stage.story.journal.outcomes(CLUSTER, 1000).length;
    await minutes(stage, 180);
    expect(stage.story.journal.outcomes(CLUSTER, 1000).length - before).toBeLessThan(2);
    expect(stage.story.process?.report?.openIntents).toBe(1);
    expect(stage.writes.filter((write) => write.endsWith('/151/resize')).length).toBe(1);
  });

  it.each(['done', 'not-done'] as const)('is resolved by a person as %s', async (outcome) => {
    const stage = await lost();
    const {journal, clock} = stage.story;
    const [intent] = journal.openIntents(CLUSTER);
    journal.addRequest({kind: 'resolve', intent: intent?.id ?? 0, outcome}, clock.now());
    await minutes(stage, 30);
    expect(journal.openIntents(CLUSTER)).toEqual([]);
    const report = stage.story.process?.report;
    expect(report?.resources.map(({key, state}) => [key, state])).toContainEqual([
      'guest/151',
      'in_sync',
    ]);
    expect(done(stage, 0, 'resize').filter((what) => what === 'resize 151').length).toBe(1);
  });

  it('goes on as soon as a person has resolved it, however long its pause is by then', async () => {
    const stage = await lost();
    await minutes(stage, 25);
    const {journal, clock} = stage.story;
    const id = journal.openIntents(CLUSTER)[0]?.id ?? 0;
    journal.addRequest({kind: 'resolve', intent: id, outcome: 'done'}, clock.now());
    await minutes(stage, 3);
    expect(journal.unfinished(CLUSTER)).toEqual([]);
  });

  it('is not resolved twice: what has its outcome keeps it', async () => {
    const stage = await lost();
    const {journal, clock} = stage.story;
    const first = journal.intent(1);
    journal.addRequest({kind: 'resolve', intent: 1, outcome: 'not-done'}, clock.now());
    await minutes(stage, 3);
    expect(journal.intent(1)).toEqual(first);
  });

  it('a vanished task is judged by the state that it left', async () => {
    const stage = setStage();
    await reach(stage);
    armTask(stage.cluster, {type: 'resize'}, {kind: 'vanishes'});
    stage.story.repository.commit(QUIET);
    await minutes(stage, 10);
    expect(outcomesOf(stage)[0]).toBe('update guest/151 done');
    expect(done(stage, 0, 'resize').filter((what) => what === 'resize 151').length).toBe(1);
  });
});

describe('requests of a person', () => {
  it('release, retry, adopt and journal acceptance are taken up', async () => {
    const stage = setStage();
    await reach(stage);
    const {journal, clock} = stage.story;
    armTask(stage.cluster, {type: 'resize', times: 1}, {kind: 'fails', text: 'no', when: 'start'});
    stage.story.repository.commit(QUIET);
    await until(stage, ({resources}) => resources.some(({state}) => state === 'failed'));
    const guest = {cluster: CLUSTER, key: 'guest/151'};
    for (const kind of ['retry', 'release', 'adopt'] as const) {
      journal.addRequest({kind, ...guest}, clock.now());
    }
    journal.addRequest({kind: 'journal-accept'}, clock.now());
    await stage.story.sleep(20_000);
    expect(journal.accepted()).toBe(true);
    expect(outcomesOf(stage)[0]).toBe('update guest/151 done');
  });
});

it('a restart in the middle keeps the policy: nothing goes without its yes', async () => {
  const stage = setStage({policy: {...POLICY, disruptive: 'approval'}});
  await reach(stage);
  stage.story.repository.commit(BIGGER);
  for (let times = 0; times < 3; times += 1) await restart(stage);
  expect(done(stage, 0, 'stop')).toEqual([]);
});
