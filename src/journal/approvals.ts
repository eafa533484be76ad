// Why this exists: an approval counts once. It is spent in the same transaction as the first intent
// of its action, and covers that action until its outcome; whoever tries again made a mistake.
import type {Approval, Intent, Outcome} from '../core/action.ts';
import {assert} from '../core/assert.ts';
import type {Store} from './store.ts';

/**
 * Spends an approval on an action, inside the caller's transaction. An approval of one action is
 * spent once, with those beside it; one of a set (its fingerprint is the set's) once for each
 * action.
 */
export function spendApproval(
  store: Store,
  intent: Pick<Intent, 'cluster' | 'fingerprint'>,
  approval: Approval,
): void {
  for (const one of [approval, ...(approval.beside ?? [])]) spendOne(store, intent, one);
}

function spendOne(
  store: Store,
  intent: Pick<Intent, 'cluster' | 'fingerprint'>,
  approval: Approval,
): void {
  const isSet = approval.fingerprint !== intent.fingerprint;
  const spent = isSet
    ? store.get(
        'SELECT 1 FROM approvals WHERE id = ? AND cluster = ? AND fingerprint = ?',
        ...[approval.id, intent.cluster, intent.fingerprint],
      )
    : store.get('SELECT 1 FROM approvals WHERE id = ?', approval.id);
  assert(spent === null, `approval ${approval.id} is spent`);
  store.run(
    'INSERT INTO approvals (id, cluster, fingerprint, ended, body) VALUES (?, ?, ?, 0, ?)',
    ...[approval.id, intent.cluster, intent.fingerprint, JSON.stringify(approval)],
  );
}

/** With the outcome of its action an approval covers nothing more; `unknown` is not an end. */
export function endApprovals(store: Store, outcome: Outcome): void {
  if (outcome.result === 'unknown') return;
  const sql = 'UPDATE approvals SET ended = 1 WHERE cluster = ? AND fingerprint = ? AND ended = 0';
  store.run(sql, outcome.cluster, outcome.fingerprint);
}
