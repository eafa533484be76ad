// Why this exists: a full disk stops every write to Proxmox, never the reads (safety.md 3):
// people must see what is wrong in the cluster also while the journal cannot be written.
import {afterEach, describe, expect, it} from 'vitest';
import type {Report} from '../../src/core/report.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {filesOf} from '../crash/scenario.ts';
import {CLUSTER, POLICY} from '../crash/world.ts';
import {
  done,
  endStories,
  minutes,
  reach,
  type Stage,
  setStage,
  USUAL,
  until,
} from '../sabotage/stage.ts';

afterEach(endStories);

const BIGGER = filesOf({...USUAL, web: {memory: '3GiB', disk: '8GiB'}});

/** Two guests as committed, then the disk is full. */
async function filled(policy = POLICY): Promise<Stage> {
  const stage = setStage({policy});
  await reach(stage);
  stage.story.isFull = true;
  await minutes(stage, 2);
  return stage;
}

function reportOf({story}: Stage): Report {
  const report = story.process?.report ?? null;
  if (report === null) throw new Error('there is no report');
  return report;
}

function resourceOf(stage: Stage, key: string) {
  return reportOf(stage).resources.find((one) => one.key === key);
}

describe('while the journal cannot be written', () => {
  it('a new commit is planned and held with that reason; nothing but GETs is sent', async () => {
    const stage = await filled();
    const [writes, effects] = [stage.writes.length, stage.cluster.effects.length];
    const commit = stage.story.repository.commit(BIGGER);
    await minutes(stage, 10);
    const report = reportOf(stage);
    expect(report.sources[0]?.commit).toBe(commit);
    expect(stage.story.clock.now() - report.endedAt).toBeLessThan(70_000);
    expect(resourceOf(stage, 'guest/150')).toMatchObject({state: 'held'});
    const [first] = resourceOf(stage, 'guest/150')?.because ?? [];
    expect(first).toMatchObject({
      detail: 'the journal cannot be written: no space left',
      remedy: 'Make room.',
    });
    expect(resourceOf(stage, 'guest/151')?.state).toBe('in_sync');
    const dispatch = report.stages.find(({stage: name}) => name === 'dispatch');
    expect(dispatch).toMatchObject({ok: false, because: first?.detail});
    expect(report.result).toBe('degraded');
    expect(report.dispatched).toEqual([]);
    expect(stage.writes.slice(writes)).toEqual([]);
    expect(done(stage, effects)).toEqual([]);
  });

  it('the look goes on at its interval, and a change in the cluster is seen', async () => {
    const stage = await filled();
    const seen: number[] = [];
    for (let minute = 0; minute < 10; minute += 1) {
      await minutes(stage, 1);
      seen.push(reportOf(stage).startedAt);
    }
    expect(new Set(seen).size).toBeGreaterThanOrEqual(8);
    stage.cluster.guests.get(150)?.config.set('cores', '4');
    await minutes(stage, 3);
    expect(resourceOf(stage, 'guest/150')?.state).toBe('held');
    const since = resourceOf(stage, 'guest/150')?.drift[0]?.since;
    await minutes(stage, 3);
    expect(resourceOf(stage, 'guest/150')?.drift[0]?.since).toBe(since);
  });

  it('it goes back to work by itself when there is room', async () => {
    const stage = await filled();
    stage.story.repository.commit(BIGGER);
    await minutes(stage, 4);
    const effects = stage.cluster.effects.length;
    stage.story.isFull = false;
    await minutes(stage, 6);
    const report = reportOf(stage);
    expect(report.resources.map(({state}) => state)).toEqual(['in_sync', 'in_sync']);
    expect(report.result).toBe('ok');
    expect(done(stage, effects).length).toBeGreaterThan(0);
    expect(stage.story.journal.leader(CLUSTER, stage.story.clock.now())).toBe('controller-1');
  });

  it('a controller that starts then looks as well', async () => {
    const stage = await filled();
    stage.story.repository.commit(BIGGER);
    stage.story.kill();
    const writes = stage.writes.length;
    stage.story.start();
    await minutes(stage, 2);
    expect(resourceOf(stage, 'guest/150')?.state).toBe('held');
    expect(stage.writes.slice(writes)).toEqual([]);
    stage.story.isFull = false;
    await minutes(stage, 6);
    expect(resourceOf(stage, 'guest/150')?.state).toBe('in_sync');
  });

  it('two controllers may look, and one of them leads afterwards', async () => {
    const stage = await filled();
    stage.story.start();
    stage.story.repository.commit(BIGGER);
    await minutes(stage, 5);
    const held = stage.story.processes.map(
      ({report}) => report?.resources.find(({key}) => key === 'guest/150')?.state,
    );
    expect(held).toEqual(['held', 'held']);
    const before = stage.writes.length;
    stage.story.isFull = false;
    await minutes(stage, 8);
    const web = '/nodes/pve1/qemu/150';
    expect(stage.writes.slice(before)).toEqual([
      `PUT ${web}/config`,
      `POST ${web}/status/shutdown`,
      `POST ${web}/status/start`,
    ]);
  });

  it('what was under way then goes on afterwards, and no call is made twice', async () => {
    const stage = setStage();
    await reach(stage);
    armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 60_000});
    const before = stage.writes.length;
    stage.story.repository.commit(BIGGER);
    await until(stage, () => stage.writes.at(-1)?.endsWith('/shutdown') === true);
    stage.story.isFull = true;
    await minutes(stage, 5);
    expect(resourceOf(stage, 'guest/150')?.state).toBe('held');
    stage.story.isFull = false;
    await minutes(stage, 6);
    expect(stage.writes.slice(before).map((write) => write.split('/').at(-1))).toEqual([
      'config',
      'shutdown',
      'start',
    ]);
    expect(resourceOf(stage, 'guest/150')?.state).toBe('in_sync');
  });

  it('it stops at once when it is told to, and looks no more', async () => {
    const stage = await filled();
    await stage.story.stop();
    const before = stage.story.processes[0]?.report?.endedAt;
    await minutes(stage, 10);
    expect(stage.story.processes[0]?.report?.endedAt).toBe(before);
  });
});
