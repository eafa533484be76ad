// Why this exists: what a pass adds to counters, alone and compared with the pass before it.
import type {Reason} from '../core/action.ts';
import {RISKS} from '../core/model.ts';
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
export function countPass(events: EventMetrics, report: Report): void {
  const {cluster, result, stages, sources, endedAt} = report;
  beginSeries(events, report);
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

/**
 * Prometheus does not see the increase of a series that begins with 1, so the series of what may
 * happen next exist with 0 before it does.
 */
function beginSeries(events: EventMetrics, {cluster, plan, resources, sources}: Report): void {
  for (const result of ['ok', 'degraded', 'failed']) {
    events.add('pvegit_passes_total', {cluster, result}, 0);
  }
  for (const guard of GUARDS) events.add('pvegit_guard_trips_total', {cluster, guard}, 0);
  for (const {name: repository} of sources) {
    for (const result of ['changed', 'unchanged', 'failed']) {
      events.add('pvegit_git_fetch_total', {repository, result}, 0);
    }
  }
  for (const kind of new Set(resources.map((resource) => resource.kind))) {
    for (const cause of ['drift', 'conflict']) {
      events.add('pvegit_drift_detected_total', {cluster, kind, cause}, 0);
    }
    for (const risk of RISKS) {
      events.add('pvegit_drift_corrected_total', {cluster, kind, class: risk}, 0);
    }
  }
  const work = plan?.actions.filter(({verb}) => verb !== 'none') ?? [];
  const sorts = new Map(
    work.map((action) => [`${action.kind} ${action.verb} ${action.risk}`, action]),
  );
  for (const {kind, verb, risk} of sorts.values()) {
    for (const result of ['done', 'failed']) {
      events.add('pvegit_actions_total', {cluster, kind, verb, class: risk, result}, 0);
    }
  }
  events.begin('pvegit_commit_to_applied_seconds', {cluster});
}

/**
 * Counts what is in this pass and was not in the one before. `lookedAt`: when the last pass that
 * saw everything began, ms since the epoch.
 */
export function comparePasses(
  events: EventMetrics,
  report: Report,
  {before, lookedAt}: {readonly before: Report | null; readonly lookedAt: number | null},
): void {
  const {cluster} = report;
  const known = new Set(before === null ? [] : drifts(before).map(({id}) => id));
  for (const {id, kind, cause, since} of drifts(report)) {
    // After a start there is no pass before: what was known then has an older time in the journal.
    const isNew = before === null ? since >= report.startedAt : !known.has(id);
    if (!isNew) continue;
    events.add('pvegit_drift_detected_total', {cluster, kind, cause});
    if (cause !== 'drift' || lookedAt === null) continue;
    const lag = Math.max(0, since - lookedAt) / 1000;
    events.observe('pvegit_drift_detection_lag_seconds', {}, lag);
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
