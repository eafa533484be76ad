// Why this exists: virtual time must run in order, or every seed tells another story.
import {describe, expect, it} from 'vitest';
import {advance, at, after as later, nextDueMs} from './clock.ts';
import {createCluster} from './create.ts';

const fresh = () => createCluster({version: '8.4', seed: 3, nowMs: 1_000});

describe('virtual time', () => {
  it('runs what is due in order of time, then of arrival', () => {
    const cluster = fresh();
    const ran: string[] = [];
    later(cluster, 30, () => ran.push('late'));
    later(cluster, 10, () => ran.push('first'));
    later(cluster, 10, () => ran.push('second'));
    later(cluster, 20, () => ran.push(`at ${cluster.nowMs}`));
    advance(cluster, 1_025);
    expect(ran).toEqual(['first', 'second', 'at 1020']);
    expect([cluster.nowMs, nextDueMs(cluster)]).toEqual([1_025, 1_030]);
  });

  it('runs what a due thing schedules for the same stretch of time', () => {
    const cluster = fresh();
    const ran: number[] = [];
    later(cluster, 10, () => later(cluster, 10, () => ran.push(cluster.nowMs)));
    advance(cluster, 2_000);
    expect(ran).toEqual([1_020]);
  });

  it('forgets what was cancelled and never goes back', () => {
    const cluster = fresh();
    const cancel = at(cluster, 1_500, () => expect.unreachable('was cancelled'));
    cancel();
    advance(cluster, 2_000);
    advance(cluster, 1_200);
    expect([cluster.nowMs, nextDueMs(cluster)]).toEqual([2_000, undefined]);
  });

  it('keeps order among many things due in a shuffled order', () => {
    const cluster = fresh();
    const ran: number[] = [];
    for (let index = 0; index < 500; index += 1) {
      const delay = cluster.random.below(1_000);
      later(cluster, delay, () => ran.push(delay));
    }
    advance(cluster, 3_000);
    expect(ran).toEqual([...ran].sort((left, right) => left - right));
    expect(ran).toHaveLength(500);
  });
});
