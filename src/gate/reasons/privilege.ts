// Why this exists: without the privilege the call would fail half-way.
import {foundByPlan, type ReasonRule} from '../judged.ts';

/** Refuses what the token may not do. */
export const privilege: ReasonRule = {
  reason: 'privilege',
  applies: foundByPlan,
  remedy: () =>
    'Grant the named privilege to the user and to the token; "pvegit doctor" prints the commands.',
};
