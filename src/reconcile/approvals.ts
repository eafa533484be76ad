// Why this exists: an approval that a person handed over must survive the death of the controller
// that took it up, until it is used or has run out.
import type {Approval} from '../core/action.ts';
import type {Journal} from '../core/ports.ts';
import type {ClusterParts} from './parts.ts';

/** Keeps an approval durably; keeping it again changes nothing. */
export function keepApproval(journal: Journal, cluster: string, approval: Approval): void {
  journal.setValue(`${prefix(cluster)}${approval.id}`, JSON.stringify(approval));
}

/** Approvals that were handed over and have not run out; forgets those that have. */
export function keptApprovals(
  {journal, cluster, metrics}: Pick<ClusterParts, 'journal' | 'cluster' | 'metrics'>,
  now: number,
): readonly Approval[] {
  return journal.valuesWith(prefix(cluster)).flatMap(({name, value}) => {
    // Safe: only keepApproval writes under this name.
    const approval = JSON.parse(value) as Approval;
    if (approval.expiresAt > now) return [approval];
    journal.setValue(name, null);
    if (!journal.isSpent(approval.id)) metrics.emit({kind: 'approval', result: 'expired'});
    return [];
  });
}

function prefix(cluster: string): string {
  return `approval/${cluster}/`;
}
