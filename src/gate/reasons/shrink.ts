// Why this exists: Proxmox cannot shrink a disk, and pretending to would lose data.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses to make a disk smaller. */
export const shrink: ReasonRule = {
  reason: 'shrink',
  applies: foundByPlan,
  remedy: () => 'Write the size it has, or add a smaller disk and move the data.',
};
