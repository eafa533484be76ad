// Why this exists: HA would undo what we do to power, place or existence.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses power, migration and deletion of what HA manages. */
export const haManaged: ReasonRule = {
  reason: 'ha-managed',
  applies: foundByPlan,
  remedy: (action) => `Take ${action.key} out of HA first, or let HA do it.`,
};
