// Why this exists: a call whose outcome is unknown is never repeated.
import {ofTouched, type ReasonRule} from '../judged.ts';

/** Holds what has a call of unknown outcome. */
export const unknown: ReasonRule = {
  reason: 'unknown',
  applies: (judged) => ofTouched(judged, (key) => judged.input.unknown[key]),
  remedy: () =>
    'Wait until it is found out, or look, then "pvegit resolve INTENT --done" or "--not-done".',
};
