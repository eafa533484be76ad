// Why this exists: pauses keep a failing resource from being tried without end, and must not keep
// a new plan from being tried at once.
import {describe, expect, it} from 'vitest';
import type {Action, Outcome} from '../core/action.ts';
import {History} from './history.ts';

// Safe: history looks at cause and changes only.
const ACTION = {cause: 'drift', changes: [{field: 'memory'}]} as unknown as Action;
const MINUTE = 60_000;

function outcome(result: Outcome['result'], endedAt: number, fingerprint = 'a'): Outcome {
  const named = {cluster: 'harness', key: 'guest/150', name: 'web', fingerprint};
  const rest = {verb: 'update', risk: 'benign', because: 'x', startedAt: 0, steps: []} as const;
  return {...named, ...rest, result, endedAt};
}

/** How long the resource pauses after these ends, in minutes. */
function pauses(results: readonly Outcome['result'][]): readonly number[] {
  const history = new History();
  return results.map((result) => {
    history.note(outcome(result, 0), ACTION);
    return (history.backoffs(0)['guest/150']?.until ?? 0) / MINUTE;
  });
}

describe('after failures', () => {
  it('pauses double from a minute to an hour', () => {
    const fails = Array.from({length: 8}, () => 'failed' as const);
    expect(pauses(fails)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('the first interruption is free, the next ones pause as failures do', () => {
    const ends = Array.from({length: 4}, () => 'interrupted' as const);
    expect(pauses(ends)).toEqual([0, 1, 2, 4]);
  });

  it('another plan starts anew, success forgets, and so does a person', () => {
    const history = new History();
    const failures = () => history.failure('guest/150')?.failures;
    history.note(outcome('failed', 0), ACTION);
    history.note(outcome('failed', 0), ACTION);
    expect(failures()).toBe(2);
    history.note(outcome('failed', 0, 'b'), ACTION);
    expect(failures()).toBe(1);
    history.note(outcome('done', 0), ACTION);
    expect(failures()).toBeUndefined();
    history.note(outcome('skipped', 0), ACTION);
    history.retry('guest/150');
    expect(failures()).toBeUndefined();
  });
});

it('corrections are counted for an hour, and what ended is asked afresh for a minute', () => {
  const history = new History();
  const corrected = ['memory'];
  history.note({...outcome('done', 0), corrected}, ACTION);
  history.note({...outcome('done', 30 * MINUTE), corrected}, ACTION);
  expect([...history.corrections(45 * MINUTE).values()]).toEqual([2]);
  expect([...history.corrections(75 * MINUTE).values()]).toEqual([1]);
  expect(history.recent(30 * MINUTE).length).toBe(1);
  expect(history.recent(32 * MINUTE).length).toBe(0);
});
