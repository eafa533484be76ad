// Why this exists: who changed what, by whose leave, and how it ended (safety.md 3.10).
import type {Action, Approval, Outcome} from '../core/action.ts';
import type {AuditEntry} from '../core/ports.ts';
import type {ApplyContext} from './context.ts';

/** One audit line for an action that ended. Values are the shown ones: never a secret. */
export function auditEntry(
  context: ApplyContext,
  action: Action,
  approval: Approval | null,
  outcome: Outcome,
): AuditEntry {
  const shown = (side: 'from' | 'to') =>
    Object.fromEntries(action.changes.map((change) => [change.field, change.shown[side]]));
  return {
    at: outcome.endedAt,
    cluster: context.cluster,
    key: action.key,
    what: action.verb,
    commit: action.record?.commit ?? null,
    author: context.authorOf(action.source),
    approver: approval === null ? null : approversOf(approval),
    fingerprint: action.fingerprint,
    upid: outcome.steps.findLast((step) => step.upid !== null)?.upid ?? null,
    result: outcome.result,
    before: {...action.facts, ...shown('from')},
    after: shown('to'),
  };
}

function approversOf(approval: Approval): string {
  const all = [approval, ...(approval.beside ?? [])];
  return all.map(({principal, via}) => `${principal} (${via})`).join(', ');
}
