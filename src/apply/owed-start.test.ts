// Why this exists: whether a guest is left off is decided by which of its steps still count.
import {describe, expect, it} from 'vitest';
import type {CallStep, Operation, Step} from '../core/action.ts';
import {owedStart} from './owed-start.ts';
import {sampleStep} from './samples.ts';

const stepsOf = (...operations: readonly Operation[]): readonly Step[] =>
  operations.map((operation): CallStep => sampleStep({operation}));

describe('the start that is owed', () => {
  it.each([
    ['right after a shutdown', stepsOf('config', 'shutdown', 'start'), 2, 2],
    ['after what is written in between', stepsOf('shutdown', 'config', 'start'), 1, 2],
    ['also at its own turn', stepsOf('shutdown', 'config', 'start'), 2, 2],
    ['after a stop', stepsOf('stop', 'start'), 1, 1],
    ['not before the shutdown', stepsOf('config', 'shutdown', 'start'), 1, null],
    ['not once it was started', stepsOf('shutdown', 'start', 'config'), 2, null],
    ['not for a guest that was off', stepsOf('config', 'start'), 1, null],
    ['not where it is to be off', stepsOf('shutdown', 'config'), 1, null],
    ['not of what is destroyed', stepsOf('shutdown', 'destroy'), 1, null],
  ])('%s', (_claim, steps, index, expected) => {
    expect(owedStart(steps, index)).toBe(expected);
  });
});
