// Why this exists: our marker alone does not tell what we wrote or who was first.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Holds a marked guest that the journal does not know. */
export const noRecord: ReasonRule = {
  reason: 'no-record',
  applies: foundByPlan,
  remedy: (action) =>
    `Make the manifest of ${action.name} match what is live; the journal then takes it up again.`,
};
