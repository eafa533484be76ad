// Why this exists: a field that keeps coming back is somebody else's wish.
import {driftId} from '../input.ts';
import type {ReasonRule} from '../judged.ts';

/** Holds drift that was corrected three times in an hour. */
export const contested: ReasonRule = {
  reason: 'contested',
  applies: ({action, input}) => {
    if (action.cause !== 'drift') return null;
    const fields = action.changes
      .map((change) => change.field)
      .filter((field) => (input.corrections[driftId(action.key, field)] ?? 0) >= MOST_CORRECTIONS);
    return fields.length === 0
      ? null
      : `${fields.join(', ')} was corrected ${MOST_CORRECTIONS} times`;
  },
  remedy: () => 'Find out who changes it back, or write what they want into Git.',
};

/** Three in an hour is a quarrel, not an accident (safety.md 2.9). */
const MOST_CORRECTIONS = 3;
