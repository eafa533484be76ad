// Why this exists: something else still refers to it.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses to take away what others use. */
export const inUse: ReasonRule = {
  reason: 'in-use',
  applies: foundByPlan,
  remedy: () => 'Take it out of what uses it first.',
};
