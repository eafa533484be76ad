// Why this exists: workers are what a controller waits for; their ends must be exact.
import {describe, expect, it} from 'vitest';
import {buildCluster} from './build.ts';
import {advance} from './clock.ts';
import {armTask} from './faults.ts';
import {isHeld, qemuLockFile} from './flock.ts';
import type {Auth} from './route.ts';
import type {Cluster, Task} from './state.ts';
import type {Stage} from './task.ts';
import {fork} from './task.ts';

const auth: Auth = {user: 'g@pve', tokenid: 'ci', authid: 'g@pve!ci', isRoot: false};

function start(cluster: Cluster, stages: readonly Stage[], type = 'qmclone'): Task {
  const upid = fork(cluster, {node: 'pve1', type, id: '117', auth, stages});
  const task = cluster.tasks.get(upid);
  return task ?? expect.unreachable('the task exists');
}

const wait = (ms: number): Stage => ({kind: 'wait', ms});
const act = (run: () => void): Stage => ({kind: 'do', run});

describe('a worker', () => {
  it('has a UPID that names node, start, type, id and token', () => {
    const task = start(buildCluster({nowMs: 1_795_252_160_000}), []);
    expect(task.upid).toMatch(/^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:6B015FC0:qmclone:117:g@pve!ci:$/);
    expect(task).toMatchObject({user: 'g@pve', tokenid: 'ci', exitStatus: 'OK', log: ['TASK OK']});
  });

  it('acts when its time has come, not before', () => {
    const cluster = buildCluster();
    const acted: number[] = [];
    const begin = cluster.nowMs;
    const task = start(cluster, [wait(2_500), act(() => acted.push(cluster.nowMs - begin))]);
    advance(cluster, begin + 2_499);
    expect([task.exitStatus, acted]).toEqual([undefined, []]);
    advance(cluster, begin + 2_500);
    expect([task.exitStatus, acted]).toEqual(['OK', [2_500]]);
  });

  it('that fails undoes what it had begun, latest first, on one line of status', () => {
    const cluster = buildCluster();
    const undone: string[] = [];
    const task = start(cluster, [
      {kind: 'undo', run: () => undone.push('config')},
      {kind: 'undo', run: () => undone.push('disk')},
      act(() => {
        throw new Error('no space\nleft');
      }),
      act(() => expect.unreachable('nothing follows a failure')),
    ]);
    expect(undone).toEqual(['disk', 'config']);
    expect(task.exitStatus).toBe('no space left');
    expect(task.log.at(-1)).toBe('TASK ERROR: no space left');
  });

  it('holds its lock to its end and makes the next wait', () => {
    const cluster = buildCluster();
    const lock: Stage = {kind: 'lock', file: qemuLockFile(117)};
    const first = start(cluster, [lock, wait(4_000)]);
    const second = start(cluster, [lock]);
    const third = start(cluster, [{...lock, waitMs: 1_000}]);
    advance(cluster, cluster.nowMs + 4_000);
    expect([first.exitStatus, second.exitStatus]).toEqual(['OK', 'OK']);
    expect(third.exitStatus).toBe(
      "can't lock file '/var/lock/qemu-server/lock-117.conf' - got timeout",
    );
  });

  it('that is stopped releases its lock and says it was interrupted', () => {
    const cluster = buildCluster();
    const lock: Stage = {kind: 'lock', file: qemuLockFile(117)};
    const task = start(cluster, [lock, wait(60_000)]);
    task.stop?.('received interrupt');
    expect(task.exitStatus).toBe('received interrupt');
    expect(start(cluster, [lock]).exitStatus).toBe('OK');
  });

  it('decides its next stages when it reaches them', () => {
    const cluster = buildCluster();
    const seen: string[] = [];
    start(cluster, [
      {kind: 'then', stages: () => [act(() => seen.push('inner'))]},
      act(() => seen.push('outer')),
    ]);
    expect(seen).toEqual(['inner', 'outer']);
  });
});

describe('a task fault', () => {
  it.each([
    [{kind: 'fails', text: 'disk full', when: 'start'}, 0, 'disk full'],
    [{kind: 'fails', text: 'disk full', when: 'end'}, 1, 'disk full'],
    [{kind: 'warns', text: 'odd'}, 1, 'WARNINGS: 1'],
    [{kind: 'killed', afterMs: 5}, 1, 'unexpected status'],
    [{kind: 'vanishes'}, 1, 'OK'],
  ] as const)('%o leaves %i effect and the status %s', (fault, effects, status) => {
    const cluster = buildCluster();
    let acted = 0;
    armTask(cluster, {type: 'qmclone', id: '117'}, fault);
    const task = start(cluster, [
      act(() => {
        acted += 1;
      }),
      wait(10),
    ]);
    advance(cluster, cluster.nowMs + 10);
    expect([acted, task.exitStatus]).toEqual([effects, status]);
  });

  it('makes a worker late, and only as often as it was armed', () => {
    const cluster = buildCluster();
    armTask(cluster, {type: 'qmclone', skip: 1}, {kind: 'late', delayMs: 5_000});
    const ends = [start(cluster, []), start(cluster, []), start(cluster, [])];
    expect(ends.map((task) => task.exitStatus)).toEqual(['OK', undefined, 'OK']);
  });

  it('that kills a worker lets go of its lock file but undoes nothing', () => {
    const cluster = buildCluster();
    armTask(cluster, {type: 'qmclone'}, {kind: 'killed', afterMs: 5});
    const task = start(cluster, [
      {kind: 'lock', file: qemuLockFile(117)},
      {kind: 'undo', run: () => expect.unreachable('a killed worker undoes nothing')},
      wait(10),
      act(() => expect.unreachable('it was killed before')),
    ]);
    advance(cluster, cluster.nowMs + 50);
    expect(task.log.at(-1)).toBe('TASK ERROR: unexpected status');
    expect(isHeld(cluster, qemuLockFile(117))).toBe(false);
  });

  it('that makes a worker vanish leaves no trace of it', () => {
    const cluster = buildCluster();
    armTask(cluster, {type: 'qmclone'}, {kind: 'vanishes'});
    const task = start(cluster, [wait(10)]);
    expect(cluster.tasks.has(task.upid)).toBe(true);
    advance(cluster, cluster.nowMs + 10);
    expect(cluster.tasks.has(task.upid)).toBe(false);
  });

  it('can be asked for by a tag on the guest, without code', () => {
    const cluster = buildCluster({guests: {117: {config: {tags: 'web;sim.qmclone.fails'}}}});
    expect(start(cluster, []).exitStatus).toBe('the tag sim.qmclone.fails asks for it');
    expect(start(cluster, [], 'qmstart').exitStatus).toBe('OK');
  });
});
