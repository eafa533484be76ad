// Why this exists: a VMID that somebody uses is never taken over.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses to create where something unmanaged has the VMID. */
export const vmidTaken: ReasonRule = {
  reason: 'vmid-taken',
  applies: foundByPlan,
  remedy: () =>
    'Choose a free VMID, or adopt the guest with the annotation pvegit/adopt and its witness.',
};
