// Why this exists: a new journal beside guests that are already ours means that memory was lost,
// and a person must say that it is meant (safety.md 4). At the very first start there is nothing
// to lose.
import type {Action, Plan} from '../core/action.ts';
import type {ClusterParts} from './parts.ts';

/** Accepts a new journal by itself where no guest of this cluster was ever managed. */
export function acceptFirstStart(parts: ClusterParts, plan: Plan): void {
  const {journal, cluster} = parts;
  if (journal.accepted() || journal.records(cluster).length > 0) return;
  if (plan.actions.length > 0 && plan.actions.every(isNew)) journal.accept();
}

/** What is created, adopted, or somebody else's was not ours before. */
function isNew({verb, findings}: Action): boolean {
  if (verb === 'create' || verb === 'adopt') return true;
  return findings.some(({reason}) => reason === 'not-ours' || reason === 'adoption-differs');
}
