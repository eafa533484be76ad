// Why this exists: adoption changes nothing, ever.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Holds an adoption whose plan is not empty. */
export const adoptionDiffers: ReasonRule = {
  reason: 'adoption-differs',
  applies: foundByPlan,
  remedy: (action) =>
    `Make the manifest of ${action.name} match what is live: "pvegit import" writes it.`,
};
