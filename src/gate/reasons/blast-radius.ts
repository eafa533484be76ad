// Why this exists: one wrong commit must not take everything away, even if each part was approved.
import {isSetApproved} from '../approvals.ts';
import {type ReasonRule, short} from '../judged.ts';

/** Holds destructive actions when the plan has too many of them. */
export const blastRadius: ReasonRule = {
  reason: 'blast-radius',
  applies: ({action, input, destructive}) => {
    if (action.risk !== 'destructive') return null;
    const {managed, setFingerprint} = input.plan;
    const {blastRadius} = input.policy;
    const share = Math.floor((managed * blastRadius.guestsPercent) / 100);
    const most = Math.max(blastRadius.actions, share);
    if (destructive.length <= most || isSetApproved(action, destructive, input)) return null;
    const without = `at most ${most} go without approval of the set`;
    const set = short(setFingerprint ?? '');
    return `the plan has ${destructive.length} destructive actions, ${without} ${set}`;
  },
  remedy: (action, {plan}) => {
    const digits = [action.fingerprint, plan.setFingerprint ?? '']
      .filter(Boolean)
      .map(short)
      .join(' ');
    return `Split the change, or approve this and the set: pvegit apply --approve ${digits}`;
  },
};
