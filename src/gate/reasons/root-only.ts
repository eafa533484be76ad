// Why this exists: some options no API token can ever set.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses what only root@pam may set. */
export const rootOnly: ReasonRule = {
  reason: 'root-only',
  applies: foundByPlan,
  remedy: (action) =>
    `Set it by hand as root@pam on ${action.node ?? 'the node'}, or take it out of the manifest.`,
};
