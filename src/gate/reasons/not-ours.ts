// Why this exists: a guest that carries somebody else's marker belongs to them.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses what another installation or cluster marked. */
export const notOurs: ReasonRule = {
  reason: 'not-ours',
  applies: foundByPlan,
  remedy: (action) =>
    `Take ${action.key} out of Git or let its owner release it first. If the marker is only ` +
    'a copy (clone, restore, renamed cluster), take it out of its description, then adopt it.',
};
