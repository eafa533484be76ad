// Why this exists: somebody chose to look and not to touch.

import {type ReasonRule, short} from '../judged.ts';
import {modeOf, reportsDrift} from '../mode.ts';

/** Holds what is only to be looked at. */
export const observe: ReasonRule = {
  reason: 'observe',
  applies: ({action, input, approvals}) => {
    if (action.mode === 'observe') return 'the manifest says pvegit/mode: observe';
    if (modeOf(action, input.policy) === 'observe') return `policy.${action.risk} is observe`;
    return reportsDrift(action, input.policy) && approvals.length === 0
      ? `policy.drift.${action.risk} is report`
      : null;
  },
  remedy: (action, input) => {
    if (action.mode === 'observe') {
      return `Take pvegit/mode: observe out of the manifest of ${action.name}.`;
    }
    if (modeOf(action, input.policy) === 'observe') {
      return `Change policy.${action.risk} in the controller's configuration.`;
    }
    const approve = `pvegit apply --approve ${short(action.fingerprint)}`;
    return `Write what is live into Git, or put it right: ${approve}`;
  },
};
