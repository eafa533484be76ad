// Why this exists: somebody works on the guest by hand.

import {ofTouched, type ReasonRule} from '../judged.ts';
import {isPowerDrift} from '../mode.ts';

/** Holds what a person works on. */
export const breakglass: ReasonRule = {
  reason: 'breakglass',
  applies: (judged) => {
    const {action, input} = judged;
    const inUse = ofTouched(judged, (key) =>
      input.breakglass.has(key) ? 'the breakglass door is in use' : null,
    );
    if (inUse !== null) return inUse;
    return isPowerDrift(action) && input.foreignStops.has(action.key)
      ? 'another user stopped it last'
      : null;
  },
  remedy: () =>
    'Wait until the work by hand is done; then start it, or commit the power it shall have.',
};
