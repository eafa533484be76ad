// Why this exists: writes to one guest never overlap.
import {ofTouched, type ReasonRule} from '../judged.ts';

/** Holds what has an action in flight. */
export const applying: ReasonRule = {
  reason: 'applying',
  applies: (judged) =>
    ofTouched(judged, (key) =>
      judged.input.applying.has(key) ? 'an earlier action on it still runs' : null,
    ),
  remedy: () => 'Wait: the next pass after its end goes on.',
};
