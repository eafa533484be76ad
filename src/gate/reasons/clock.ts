// Why this exists: with a wrong clock an approval, a window or a waiting time means nothing.

import type {ReasonRule} from '../judged.ts';
import {isPowerDrift, modeOf, needsApproval} from '../mode.ts';

/** Holds what depends on time while the clock is off. */
export const clock: ReasonRule = {
  reason: 'clock',
  applies: ({action, input}) => {
    const {policy, clockOff} = input;
    const timed =
      needsApproval(action, policy) ||
      modeOf(action, policy) === 'window' ||
      policy.windows.some((window) => window.classes.includes(action.risk)) ||
      isPowerDrift(action);
    return timed ? clockOff : null;
  },
  remedy: () => 'Set the clocks right (NTP) on the controller and on the nodes.',
};
