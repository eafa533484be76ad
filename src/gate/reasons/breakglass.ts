// Why this exists: somebody works on the guest by hand.

import {ofTouched, type ReasonRule} from '../judged.ts';
import {isPowerDrift} from '../mode.ts';

/** Two that write with one token and two journals take each other's work for their own. */
const ALONE =
  'Stop the other controller, or give each controller and each person a token of their own; an ' +
  'hour after the last such call, or when this controller is restarted, it goes on.';

/** Holds what a person works on, and all while somebody works with our own token. */
export const breakglass: ReasonRule = {
  reason: 'breakglass',
  applies: (judged) => {
    const {action, input} = judged;
    if (input.stranger !== null) return input.stranger;
    const inUse = ofTouched(judged, (key) =>
      input.breakglass.has(key) ? 'the breakglass door is in use' : null,
    );
    if (inUse !== null) return inUse;
    return isPowerDrift(action) && input.foreignStops.has(action.key)
      ? 'another user stopped it last'
      : null;
  },
  remedy: (_action, {stranger}) =>
    stranger === null
      ? 'Wait until the work by hand is done; then start it, or commit the power it shall have.'
      : ALONE,
};
