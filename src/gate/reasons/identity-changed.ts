// Why this exists: the VMID is the same, the guest behind it is not.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses a guest whose witness is not the recorded one. */
export const identityChanged: ReasonRule = {
  reason: 'identity-changed',
  applies: foundByPlan,
  remedy: (action) =>
    `If it shall be managed, run "pvegit release ${action.key}", then adopt it by its witness.`,
};
