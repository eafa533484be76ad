// Why this exists: an action takes minutes, and what allowed it may be over by its next step: the
// policy, the quorum, a person's patience. What was stopped on the way is started all the same.
import {afterEach, describe, expect, it} from 'vitest';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {
  done,
  endStories,
  guestOf,
  minutes,
  reach,
  type Stage,
  setStage,
  USUAL,
  until,
} from '../sabotage/stage.ts';
import {filesOf} from './scenario.ts';
import {CLUSTER, POLICY, SCOPE} from './world.ts';

afterEach(endStories);

const undeclared = (files: ReturnType<typeof filesOf>) =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replace('  power: running\n', '')]),
  );

const BIGGER = filesOf({...USUAL, web: {memory: '3GiB', disk: '8GiB'}});
const SHUTDOWN = '/150/status/shutdown';

/** The first write of an update (memory, then a shutdown and a start) takes its time. */
async function writing(delayMs: number): Promise<Stage> {
  const stage = setStage();
  await reach(stage);
  const put = {method: 'PUT', path: /\/150\/config$/};
  armRequest(stage.cluster, put, {kind: 'slow', delayMs});
  stage.story.repository.commit(BIGGER);
  await until(stage, ({applying}) => applying.length > 0);
  return stage;
}

const shutdowns = ({writes}: Stage) => writes.filter((write) => write.endsWith(SHUTDOWN)).length;

describe('an action between two steps', () => {
  it('goes on where nothing has changed', async () => {
    const stage = await writing(20_000);
    await minutes(stage, 3);
    expect(shutdowns(stage)).toBe(1);
    expect(guestOf(stage, 150).runtime).toBeDefined();
  });

  it.each([
    ['observe', {...POLICY, disruptive: 'observe'}],
    ['approval', {...POLICY, disruptive: 'approval'}],
  ] as const)('ends when the policy for it has become %s', async (_name, policy) => {
    const stage = await writing(3_000);
    await stage.story.reload({policy});
    await minutes(stage, 10);
    expect(guestOf(stage, 150).pending.size).toBeGreaterThan(0);
    expect(shutdowns(stage)).toBe(0);
    expect(stage.story.journal.outcomes(CLUSTER, 1)[0]?.result).toBe('interrupted');
  });

  it('ends when the scope of its source leaves the guest out', async () => {
    const stage = await writing(3_000);
    await stage.story.reload({scope: {...SCOPE, vmids: [{from: 151, to: 299}]}});
    await minutes(stage, 10);
    expect(guestOf(stage, 150).pending.size).toBeGreaterThan(0);
    expect(shutdowns(stage)).toBe(0);
    const [last] = stage.story.journal.outcomes(CLUSTER, 1);
    expect(last).toMatchObject({
      result: 'interrupted',
      because: 'out of scope now: VMID 150 of infra',
    });
  });

  it('waits while the quorum is lost, and goes on with it', async () => {
    const stage = setStage();
    await reach(stage);
    armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 90_000});
    stage.story.repository.commit(filesOf({db: USUAL.db}));
    approve(stage, (await held(stage)).fingerprint);
    await until(stage, ({applying}) => applying.length > 0);
    stage.cluster.quorate = false;
    stage.story.process?.controller.nudge();
    await minutes(stage, 5);
    expect(stage.writes.filter((write) => write.startsWith('DELETE'))).toEqual([]);
    stage.cluster.quorate = true;
    await minutes(stage, 3);
    expect(done(stage, 0, 'destroy')).toEqual(['destroy 150']);
  });

  it('ends when somebody pauses it while the look before its next step takes long', async () => {
    const stage = setStage();
    await reach(stage);
    const look = {method: 'GET', path: /\/150\/pending$/, times: 1, skip: 2};
    armRequest(stage.cluster, look, {kind: 'slow', delayMs: 8_000});
    stage.story.repository.commit(BIGGER);
    await until(stage, ({applying}) => applying.length > 0);
    const before = stage.writes.length;
    const pause = {reason: 'wait', owner: 'bob', since: 0, expiresAt: null};
    stage.story.journal.suspend({cluster: CLUSTER, key: 'guest/150', ...pause});
    await minutes(stage, 10);
    expect(stage.writes.slice(before)).toEqual([]);
  });

  it('of a process that was frozen leaves it to the one that leads now', async () => {
    const stage = setStage();
    await reach(stage);
    const frozen = stage.story.process;
    const look = {method: 'GET', path: /\/150\/pending$/, times: 1, skip: 2};
    armRequest(stage.cluster, look, {kind: 'slow', delayMs: 8_000});
    stage.story.repository.commit(BIGGER);
    await until(stage, ({applying}) => applying.length > 0);
    frozen?.life.freeze();
    stage.story.start();
    await stage.story.sleep(35_000);
    stage.story.journal.suspend({
      ...{cluster: CLUSTER, key: 'guest/150', reason: 'mine now', owner: 'bob'},
      ...{since: 0, expiresAt: null},
    });
    const before = stage.writes.length;
    frozen?.life.thaw();
    await minutes(stage, 1);
    const since = stage.writes.slice(before);
    expect(since.filter((write) => !write.endsWith('/status/start'))).toEqual([]);
  });
});

describe('a guest that was shut down on the way', () => {
  it('is started again after its start has failed, also where no power is declared', async () => {
    const stage = setStage();
    await reach(stage);
    await reach(stage, undeclared(filesOf(USUAL)));
    armTask(stage.cluster, {type: 'qmstart'}, {kind: 'fails', text: 'no', when: 'start'});
    stage.story.repository.commit(undeclared(BIGGER));
    await minutes(stage, 5);
    expect(done(stage, 0, 'stop')).toEqual(['stop 150']);
    expect(guestOf(stage, 150).runtime).toBeDefined();
  });

  it('for a deletion that is not wanted any more runs again', async () => {
    const stage = setStage();
    await reach(stage);
    await reach(stage, undeclared(filesOf(USUAL)));
    armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 90_000});
    stage.story.repository.commit(filesOf({db: USUAL.db}));
    const {fingerprint} = await held(stage);
    approve(stage, fingerprint);
    await until(stage, ({applying}) => applying.length > 0);
    stage.story.repository.commit(undeclared(filesOf(USUAL)));
    await minutes(stage, 10);
    expect(done(stage, 0, 'stop')).toEqual(['stop 150']);
    expect(done(stage, 0, 'destroy')).toEqual([]);
    expect(guestOf(stage, 150).runtime).toBeDefined();
  });

  it('stays off where Git says so meanwhile', async () => {
    const stage = setStage();
    await reach(stage);
    armTask(stage.cluster, {type: 'qmstart', times: 9}, {kind: 'fails', text: 'no', when: 'start'});
    stage.story.repository.commit(BIGGER);
    await minutes(stage, 1);
    stage.cluster.faults.tasks.length = 0;
    const off = Object.entries(BIGGER).map(([path, text]) => [
      path,
      text.replace('power: running', 'power: stopped'),
    ]);
    await reach(stage, Object.fromEntries(off));
    expect(guestOf(stage, 150).runtime).toBeUndefined();
    expect(stage.story.journal.records(CLUSTER)[0]?.owesStart).toBeUndefined();
  });
});

async function held(stage: Stage): Promise<{readonly fingerprint: string}> {
  const report = await until(stage, ({verdicts}) =>
    verdicts.some(({reasons}) => reasons[0]?.reason === 'approval'),
  );
  const found = report.verdicts.find(({reasons}) => reasons[0]?.reason === 'approval');
  if (found === undefined) throw new Error('nothing is held');
  return found;
}

function approve({story}: Stage, fingerprint: string): void {
  const now = story.clock.now();
  const valid = {issuedAt: now, expiresAt: now + 3_600_000};
  const who = {principal: 'ann', via: 'terminal', reason: 'yes'} as const;
  const approval = {id: `yes-${now}`, fingerprint, ...who, ...valid};
  story.journal.addRequest({kind: 'approve', cluster: CLUSTER, approval}, now);
}
