// Why this exists: a node or storage takes only so much at once.
import type {GateInput} from '../input.ts';
import type {ReasonRule} from '../judged.ts';

/** Holds what would exceed the limits of a node or storage. */
export const limit: ReasonRule = {
  reason: 'limit',
  applies: ({action, input, earlier}) => {
    const full = action.loads.filter((load) => (earlier.loads.get(load) ?? 0) >= most(load, input));
    return full.length === 0 ? null : `as much as may run at once: ${full.join(', ')}`;
  },
  remedy: () =>
    "Wait: it starts when another is done. The limits are in the cluster's concurrency.",
};

function most(load: string, {limits}: GateInput): number {
  const sort = load.slice(0, load.indexOf(':'));
  if (sort === 'clone') return limits.clonesPerStorage;
  return sort === 'task' ? limits.tasksPerNode : Number.POSITIVE_INFINITY;
}
