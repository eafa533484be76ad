// Why this exists: the marker is half of the proof that it is ours.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Holds a recorded guest whose marker is gone. */
export const markerMissing: ReasonRule = {
  reason: 'marker-missing',
  applies: foundByPlan,
  remedy: (action) =>
    `Put the marker back into its description, or run "pvegit release ${action.key}".`,
};
