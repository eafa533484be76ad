// Why this exists: a controller that is started again and again must not try what fails without a
// pause each time, nor forget that somebody changes back what it puts right (safety.md 2.9).
import {afterEach, describe, expect, it} from 'vitest';
import {armRequest} from '../../src/simulator/faults.ts';
import {filesOf} from '../crash/scenario.ts';
import {CLUSTER} from '../crash/world.ts';
import {endStories, minutes, reach, type Stage, setStage, USUAL, until} from '../sabotage/stage.ts';

afterEach(endStories);

const GROWN = filesOf({...USUAL, db: {...USUAL.db, disk: '5GiB'}});

/** From now on no disk can grow. */
function fillStorage({cluster}: Stage): void {
  const match = {method: 'PUT', path: /resize$/, times: 1_000};
  armRequest(cluster, match, {kind: 'answer', status: 500, reason: 'no space left'});
}

/** The resize of guest 151 fails, and has failed once. */
async function failing(): Promise<Stage> {
  const stage = setStage();
  await reach(stage);
  fillStorage(stage);
  stage.story.repository.commit(GROWN);
  await until(stage, ({resources}) => resources.some(({state}) => state === 'failed'));
  return stage;
}

/** Killed and started again, when its lease has run out. */
async function startAgain(stage: Stage): Promise<void> {
  stage.story.kill();
  await stage.story.sleep(40_000);
  stage.story.start();
  await stage.story.sleep(15_000);
}

const resizes = ({writes}: Stage): number => writes.filter((one) => one.endsWith('/resize')).length;

const reasonsOf = ({story}: Stage, key: string): readonly string[] =>
  (story.process?.report?.verdicts ?? [])
    .filter((one) => one.key === key)
    .flatMap(({reasons}) => reasons.map(({reason}) => reason));

const stateOf = ({story}: Stage, key: string) =>
  story.process?.report?.resources.find((one) => one.key === key)?.state;

describe('what failed', () => {
  it('is not tried at once by a controller that was killed and started again', async () => {
    const stage = await failing();
    await minutes(stage, 30);
    const before = resizes(stage);
    for (let times = 0; times < 10; times += 1) await startAgain(stage);
    expect(resizes(stage) - before).toBeLessThanOrEqual(1);
    expect(reasonsOf(stage, 'guest/151')).toContain('cool-down');
    expect(stateOf(stage, 'guest/151')).toBe('failed');
  });

  it('pauses as well where the process died before it could say how that ended', async () => {
    const dies = {soon: false};
    let isClosed = false;
    const stage = setStage({
      fate: ({name}, moment) => {
        isClosed ||= dies.soon && name === 'closeIntent';
        return isClosed && name === 'addOutcome' && moment === 'before';
      },
    });
    await reach(stage);
    const before = resizes(stage);
    dies.soon = true;
    fillStorage(stage);
    stage.story.repository.commit(GROWN);
    await minutes(stage, 1);
    expect(stage.story.process?.life.alive).toBe(false);
    expect(resizes(stage) - before).toBe(1);
    await startAgain(stage);
    expect(resizes(stage) - before).toBe(1);
    expect(reasonsOf(stage, 'guest/151')).toContain('cool-down');
  });

  it('pauses on over a reload of the configuration, and is tried when that is over', async () => {
    const stage = await failing();
    await minutes(stage, 30);
    const before = resizes(stage);
    await stage.story.reload({});
    await stage.story.sleep(20_000);
    expect(resizes(stage)).toBe(before);
    await minutes(stage, 60);
    expect(resizes(stage)).toBeGreaterThan(before);
  });

  it('is tried at once when a person asks for it, and that is remembered too', async () => {
    const stage = await failing();
    await minutes(stage, 30);
    const {journal, clock} = stage.story;
    journal.addRequest({kind: 'retry', cluster: CLUSTER, key: 'guest/151'}, clock.now());
    const before = resizes(stage);
    await stage.story.sleep(5_000);
    expect(resizes(stage)).toBe(before + 1);
    await startAgain(stage);
    expect(resizes(stage)).toBe(before + 1);
    // It began to count anew: the pause after the first failure is a minute.
    await minutes(stage, 2);
    expect(resizes(stage)).toBe(before + 2);
  });

  it('is tried at once with another commit', async () => {
    const stage = await failing();
    await minutes(stage, 30);
    const before = resizes(stage);
    stage.story.repository.commit(filesOf({...USUAL, db: {...USUAL.db, disk: '6GiB'}}));
    await startAgain(stage);
    expect(resizes(stage)).toBe(before + 1);
  });

  it('pauses no longer than it would have when the clock was set back since', async () => {
    const stage = await failing();
    stage.story.skewMs = -3 * 3_600_000;
    stage.story.kill();
    await minutes(stage, 1);
    stage.story.start();
    const before = resizes(stage);
    await minutes(stage, 3);
    expect(resizes(stage)).toBeGreaterThan(before);
  });
});

describe('a field that somebody changes back', () => {
  const change = async (stage: Stage): Promise<void> => {
    stage.cluster.guests.get(151)?.config.set('memory', '1024');
    await minutes(stage, 3);
  };
  const memory = ({cluster}: Stage) => cluster.guests.get(151)?.config.get('memory');

  it('is contested after three corrections, also where each was another process’s', async () => {
    const stage = setStage();
    await reach(stage);
    for (let times = 0; times < 3; times += 1) {
      await change(stage);
      expect(memory(stage)).toBe('2048');
      await startAgain(stage);
    }
    await change(stage);
    expect(memory(stage)).toBe('1024');
    expect(reasonsOf(stage, 'guest/151')).toContain('contested');
    await minutes(stage, 60);
    expect(memory(stage)).toBe('2048');
  });

  it('is contested for an hour only, also when the clock was set back by a day', async () => {
    const stage = setStage();
    await reach(stage);
    for (let times = 0; times < 3; times += 1) await change(stage);
    stage.story.skewMs = -24 * 3_600_000;
    await startAgain(stage);
    await change(stage);
    expect(reasonsOf(stage, 'guest/151')).toContain('contested');
    await minutes(stage, 60);
    expect(memory(stage)).toBe('2048');
  });
});
