// Why this exists: somebody works on the guest by hand.

import type {ReasonRule} from '../judged.ts';
import {isPowerDrift} from '../mode.ts';

/** Holds what a person works on. */
export const breakglass: ReasonRule = {
  reason: 'breakglass',
  applies: ({action, input}) => {
    if (input.breakglass.has(action.key)) return 'the breakglass door is in use';
    return isPowerDrift(action) && input.foreignStops.has(action.key)
      ? 'another user stopped it last'
      : null;
  },
  remedy: () =>
    'Wait until the work by hand is done; then start it, or commit the power it shall have.',
};
