// Why this exists: pauses after failures and the count of corrections outlive the process: they are
// told from the outcomes in the journal, so that whatever is restarted in a loop tries no oftener.
import {forgetRetries, retriesOf} from '../journal/retries.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';

/** The longest pause is an hour: a day ago nothing failed that would still be waited for. */
const RECALL_MS = 24 * 3_600_000;

/** What is taken over: who types `apply` has waited long enough, but fights nobody either. */
export type Recalled = 'pauses and corrections' | 'corrections';

/** Fills the memory of a loop that has just begun; does nothing later. */
export function recallHistory(
  {journal, cluster, clock, applier}: ClusterParts,
  {history}: PassMemory,
  what: Recalled,
): void {
  if (history.isRecalled()) return;
  const now = clock.now();
  history.recall({
    outcomes: journal.outcomesOf(cluster, null, now - RECALL_MS).toReversed(),
    retried: retriesOf(journal, cluster),
    pauses: what === 'pauses and corrections',
    now,
  });
  if (applier !== null) forgetRetries(journal, cluster, now - RECALL_MS);
}
