// Why this exists: an action comes after what it builds on.
import {ofTouched, type ReasonRule} from '../judged.ts';

/** Holds what comes after something else. */
export const waiting: ReasonRule = {
  reason: 'waiting',
  applies: (judged) =>
    ofTouched(judged, (key) => {
      const first = judged.earlier.allowed.get(key);
      return first === undefined ? null : `after ${first} on the same guest`;
    }),
  remedy: () =>
    'Nothing if it waits for another action: the pass after that goes on. Else mend what is named.',
};
