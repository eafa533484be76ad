// Why this exists: a lock says that something works on the guest right now.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Holds what Proxmox has locked. */
export const locked: ReasonRule = {
  reason: 'locked',
  applies: foundByPlan,
  remedy: ({vmid, node}) => {
    const unlock = `"qm unlock ${vmid ?? 'VMID'}" on ${node ?? 'its node'}`;
    return `Wait for its task; if none runs, ${unlock} takes a stale lock off.`;
  },
};
