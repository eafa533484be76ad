// Why this exists: what interrupts or destroys waits for a person who names exactly this action.

import {approvalsSoFar} from '../approvals.ts';
import {type ReasonRule, short} from '../judged.ts';
import {modeOf} from '../mode.ts';

/** Holds what needs an approval and has none that counts. */
export const approval: ReasonRule = {
  reason: 'approval',
  applies: ({action, input, approvals}) => {
    if (modeOf(action, input.policy) !== 'approval' || approvals.length > 0) return null;
    const {destructive} = input.policy;
    const quorum = destructive.kind === 'approval' ? destructive.quorum : 1;
    const many = action.risk === 'destructive' && quorum > 1 ? ` by ${quorum} people` : '';
    const {by, refused} = approvalsSoFar(action, input);
    const soFar = by.length === 0 ? [] : [`so far by ${by.join(', ')}`];
    return [`${action.risk} actions need approval${many}`, ...soFar, ...refused].join('; ');
  },
  remedy: (action) => `pvegit apply --approve ${short(action.fingerprint)}`,
};
