// Why this exists: long work must leave room for other work, and short work must not wait for it.
import {describe, expect, it} from 'vitest';
import type {Steps} from '../core/steps.ts';
import {inSlices} from './slices.ts';

/** Steps of 5 ms each on a clock of their own. */
function work(steps: number) {
  const state = {now: 0, done: 0};
  function* run(): Steps<number> {
    for (; state.done < steps; state.done += 1) {
      state.now += 5;
      yield;
    }
    return state.done;
  }
  return {state, run, clock: {monotonic: () => state.now}};
}

describe('work in slices', () => {
  it('lets others run after at most 20 ms', async () => {
    const {state, run, clock} = work(100);
    const seen: number[] = [];
    const other = setInterval(() => seen.push(state.done), 0);
    const look = (): void => {
      seen.push(state.done);
      if (state.done < 100) setImmediate(look);
    };
    setImmediate(look);
    expect(await inSlices(run(), clock)).toBe(100);
    clearInterval(other);
    const gaps = seen.map((done, index) => done - (seen[index - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(4);
    expect(seen.length).toBeGreaterThan(20);
  });

  it('does short work at once', async () => {
    const {state, run, clock} = work(3);
    const result = inSlices(run(), clock);
    expect(state.done).toBe(3);
    expect(await result).toBe(3);
  });

  it('fails as the work fails', async () => {
    function* broken(): Steps<never> {
      yield;
      throw new Error('our mistake');
    }
    await expect(inSlices(broken(), {monotonic: () => 0})).rejects.toThrow('our mistake');
  });
});
