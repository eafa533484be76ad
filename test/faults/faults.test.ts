// Why this exists: a few schedules of faults, with every run of the tests; thousands are played by
// `npm run test:faults`.
import {describe, expect, it} from 'vitest';
import {playSeed} from './play-seed.ts';

describe('whatever breaks, the effects show no harm', () => {
  it.each([2, 30, 52, 77, 249, 424])('with seed %i', async (seed) => {
    const {violations, steps} = await playSeed(seed);
    expect(violations).toEqual([]);
    expect(steps).toBeGreaterThan(100);
  });

  it('and the same seed tells the same story', async () => {
    expect(await playSeed(4)).toEqual(await playSeed(4));
  });
});
