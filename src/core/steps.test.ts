// Why this exists: work in steps must come to the same as work at once.
import {describe, expect, it} from 'vitest';
import {mapSteps, runSteps, type Steps} from './steps.ts';

describe('steps', () => {
  it('carried out at once give what they return', () => {
    function* steps(): Steps<string> {
      yield;
      yield;
      return 'done';
    }
    expect(runSteps(steps())).toBe('done');
  });

  it('may be put down after each item of a list, and only there', () => {
    const seen: number[] = [];
    const steps = mapSteps([1, 2, 3], (item) => {
      seen.push(item);
      return item * 2;
    });
    steps.next();
    expect(seen).toEqual([1]);
    expect(runSteps(steps)).toEqual([2, 4, 6]);
    expect(seen).toEqual([1, 2, 3]);
  });
});
