// Why this exists: both Git and live moved, and only a person can say who is right.
import {type ReasonRule, short} from '../judged.ts';

/** Holds a conflict until a side gives in or it is approved. */
export const conflict: ReasonRule = {
  reason: 'conflict',
  applies: ({action, approvals}) => {
    if (action.cause !== 'conflict' || approvals.length > 0) return null;
    const fields = action.changes.map((change) => change.field).join(', ');
    return `Git and live both moved: ${fields}`;
  },
  remedy: (action) =>
    `Make Git and live agree, or run "pvegit apply --approve ${short(action.fingerprint)}".`,
};
