// Why this exists: what the end of an action says to counters, beside that it ended.
import type {Action, Outcome} from '../core/action.ts';
import {worstRisk} from '../core/model.ts';
import type {Report} from '../core/report.ts';
import type {EventMetrics} from './event-metrics.ts';

/** Counts one ended action; `newest` is the cluster's last report, for the commit's time. */
export function countOutcome(
  events: EventMetrics,
  {outcome, action}: {readonly outcome: Outcome; readonly action: Action},
  newest: Report | null,
): void {
  const {cluster, result} = outcome;
  const {kind, verb, risk} = action;
  events.add('pvegit_actions_total', {cluster, kind, verb, class: risk, result});
  if (result !== 'done') return;
  const drifted = action.changes.filter(({cause}) => cause === 'drift');
  if (drifted.length > 0) {
    const worst = worstRisk(drifted.map((change) => change.risk));
    events.add('pvegit_drift_corrected_total', {cluster, kind, class: worst});
  }
  const committedAt = commitTime(action, newest);
  if (committedAt === null) return;
  const seconds = Math.max(0, outcome.endedAt - committedAt) / 1000;
  events.observe('pvegit_commit_to_applied_seconds', {cluster}, seconds);
}

/** When the commit that this action carries out was made; null for anything else. */
function commitTime({changes, source, record, verb}: Action, newest: Report | null): number | null {
  const isPending = verb === 'create' || changes.some(({cause}) => cause === 'pending');
  if (!isPending || record === null) return null;
  const from = newest?.sources.find(({name}) => name === source);
  return from?.commit === record.commit ? from.committedAt : null;
}
