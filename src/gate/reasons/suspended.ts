// Why this exists: a person asked us to keep away.
import type {ReasonRule} from '../judged.ts';

/** Holds what a person has suspended. */
export const suspended: ReasonRule = {
  reason: 'suspended',
  applies: ({action, input}) => {
    const active = input.suspensions.find(
      ({cluster, key, expiresAt}) =>
        cluster === input.plan.cluster &&
        (key === '*' || key === action.key) &&
        // A clock that is off must not end somebody's pause.
        (expiresAt === null || expiresAt > input.now || input.clockOff !== null),
    );
    if (!active) return null;
    const what = active.key === '*' ? 'the whole cluster' : active.key;
    return `${what} is suspended by ${active.owner}: ${active.reason}`;
  },
  remedy: (action) =>
    `Run "pvegit resume ${action.key}" (or resume the cluster), or take the tag pvegit-hold off.`,
};
