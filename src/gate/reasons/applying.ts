// Why this exists: writes to one guest never overlap.
import type {ReasonRule} from '../judged.ts';

/** Holds what has an action in flight. */
export const applying: ReasonRule = {
  reason: 'applying',
  applies: ({action, input}) =>
    input.applying.has(action.key) ? 'an earlier action on it still runs' : null,
  remedy: () => 'Wait: the next pass after its end goes on.',
};
