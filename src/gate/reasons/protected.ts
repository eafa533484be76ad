// Why this exists: Proxmox protects the guest; the way to take that off is a commit.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses to destroy what has protection on. */
export const protectedGuest: ReasonRule = {
  reason: 'protected',
  applies: foundByPlan,
  remedy: (action) =>
    `First commit protection: false for ${action.name}, have that approved, then delete it.`,
};
