// Why this exists: what a pass adds to counters, alone and compared with the pass before it.
import type {Reason} from '../core/action.ts';
import type {Report} from '../core/report.ts';
import type {EventMetrics} from './event-metrics.ts';

/** Reasons that mean "somebody's machine was at risk", not "it is not its turn". */
const GUARDS: ReadonlySet<Reason> = new Set([
  'not-ours',
  'identity-changed',
  'vmid-taken',
  'self',
  'protected',
  'out-of-scope',
  'clock',
  'no-record',
  'marker-missing',
  'contested',
  'blast-radius',
]);

/** Counts a pass and how long its stages took. */
export function countPass(events: EventMetrics, report: Report, before: Report | null): void {
  const {cluster, result, stages, sources, endedAt} = report;
  if (before === null) {
    for (const each of ['ok', 'degraded', 'failed']) {
      events.add('pvegit_passes_total', {cluster, result: each}, 0);
    }
  }
  events.add('pvegit_passes_total', {cluster, result});
  for (const {stage, seconds, ok} of stages) {
    events.observe('pvegit_pass_duration_seconds', {cluster, stage}, seconds);
    if (!ok) continue;
    events.set('pvegit_last_success_timestamp_seconds', {cluster, stage}, endedAt / 1000);
  }
  for (const {name, committedAt} of sources) {
    const own = report.resources.filter(({source}) => source === name);
    const isApplied = report.result === 'ok' && own.every(({state}) => state === 'in_sync');
    if (committedAt === null || !isApplied) continue;
    const labels = {cluster, repository: name};
    events.set('pvegit_git_applied_timestamp_seconds', labels, committedAt / 1000);
  }
}

/** Counts what is in this pass and was not in the one before. */
export function comparePasses(events: EventMetrics, report: Report, before: Report | null): void {
  const {cluster} = report;
  const known = new Set(before === null ? [] : drifts(before).map(({id}) => id));
  for (const kind of new Set(report.resources.map((resource) => resource.kind))) {
    for (const cause of ['drift', 'conflict']) {
      events.add('pvegit_drift_detected_total', {cluster, kind, cause}, 0);
    }
  }
  for (const {id, kind, cause, since} of drifts(report)) {
    // After a start there is no pass before: what was known then has an older time in the journal.
    const isNew = before === null ? since >= report.startedAt : !known.has(id);
    if (isNew) events.add('pvegit_drift_detected_total', {cluster, kind, cause});
  }
  if (before !== null) {
    for (const {name} of before.sources) {
      if (!report.sources.some((source) => source.name === name)) events.forget('repository', name);
    }
  }
  const tripped = new Set(before === null ? [] : trips(before).map(({id}) => id));
  for (const {id, guard} of trips(report)) {
    if (!tripped.has(id)) events.add('pvegit_guard_trips_total', {cluster, guard});
  }
}

function drifts(report: Report) {
  return report.resources.flatMap(({key, kind, drift}) =>
    drift.map(({risk, cause, since}) => ({id: `${key} ${risk} ${cause}`, kind, cause, since})),
  );
}

function trips(report: Report) {
  return report.verdicts.flatMap(({key, verdict, reasons}) => {
    const guard = reasons[0]?.reason;
    if (verdict === 'allow' || guard === undefined || !GUARDS.has(guard)) return [];
    return [{id: `${key} ${guard}`, guard}];
  });
}
