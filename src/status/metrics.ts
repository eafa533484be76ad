// Why this exists: the one sink of metric events and the one text of all metrics.
import {collectDefaultMetrics, Registry} from 'prom-client';
import type {Journal} from '../core/ports.ts';
import type {MetricEvent, Metrics, Report} from '../core/report.ts';
import {EventMetrics} from './event-metrics.ts';
import {gaugePieces} from './exposition.ts';
import {countOutcome} from './outcome-metrics.ts';
import {comparePasses, countPass} from './pass-metrics.ts';

/** What the metrics know beside events. */
export interface MetricsOptions {
  readonly version: string;
  /** Where pauses are looked up at each scrape. */
  readonly journal?: Pick<Journal, 'suspensions'>;
  /** Wall clock, ms since the epoch. */
  readonly now?: () => number;
}

/** The sink, and what `/metrics` answers. */
export interface MetricsText {
  readonly metrics: Metrics;
  /** The whole text as of now, written while it is read: of ten thousand guests some 10 MB. */
  pieces(): AsyncIterable<string>;
  readonly contentType: string;
}

interface Newest {
  readonly report: Report;
  /** When the last pass that saw everything began; null before the first. */
  readonly lookedAt: number | null;
}

/** Metrics of one process. */
export function createMetrics(options: MetricsOptions): MetricsText {
  const registry = new Registry();
  collectDefaultMetrics({register: registry});
  const events = new EventMetrics(registry);
  const newest = new Map<string, Newest>();
  events.set('pvegit_build_info', {version: options.version, nodejs: process.version}, 1);
  events.set('pvegit_config_reload_success', {}, 1);
  for (const result of ['good', 'bad']) events.add('pvegit_git_verifications_total', {result}, 0);
  for (const result of ['given', 'used', 'expired']) {
    events.add('pvegit_approvals_total', {result}, 0);
  }
  events.begin('pvegit_drift_detection_lag_seconds', {});
  return {
    metrics: {emit: (event) => take(events, newest, event)},
    pieces: async function* () {
      readSuspensions(events, newest.keys(), options);
      const reports = [...newest.values()].map(({report}) => report);
      yield await registry.metrics();
      yield* gaugePieces(reports);
    },
    contentType: registry.contentType,
  };
}

function take(events: EventMetrics, newest: Map<string, Newest>, event: MetricEvent): void {
  switch (event.kind) {
    case 'pass':
      return takePass(events, newest, event.report);
    case 'outcome':
      return countOutcome(events, event, newest.get(event.outcome.cluster)?.report ?? null);
    case 'pve-request':
      return countRequest(events, event);
    case 'task-started': {
      const {cluster, node, type} = event;
      for (const result of ['ok', 'failed']) {
        events.add('pvegit_tasks_total', {cluster, node, type, result}, 0);
      }
      events.begin('pvegit_task_duration_seconds', {type});
      return events.shift('pvegit_tasks_running', {cluster, node, type}, 1);
    }
    case 'task':
      return countTask(events, event);
    case 'journal-write':
      return events.observe('pvegit_journal_write_duration_seconds', {}, event.seconds);
    case 'git-fetch': {
      const {repository, result, seconds} = event;
      events.add('pvegit_git_fetch_total', {repository, result});
      return events.observe('pvegit_git_fetch_duration_seconds', {repository}, seconds);
    }
    case 'git-verification':
      return events.add('pvegit_git_verifications_total', {result: event.result});
    case 'approval':
      return events.add('pvegit_approvals_total', {result: event.result});
    case 'config-reload':
      return events.set('pvegit_config_reload_success', {}, Number(event.ok));
    case 'leader':
      return events.set('pvegit_leader', {cluster: event.cluster}, Number(event.held));
    case 'forget-cluster': {
      const gone = newest.get(event.cluster);
      newest.delete(event.cluster);
      events.forget('cluster', event.cluster);
      for (const {name} of gone?.report.sources ?? []) events.forget('repository', name);
    }
  }
}

function takePass(events: EventMetrics, newest: Map<string, Newest>, report: Report): void {
  const last = newest.get(report.cluster);
  const former = last?.lookedAt ?? null;
  countPass(events, report);
  comparePasses(events, report, {before: last?.report ?? null, lookedAt: former});
  const lookedAt = sawAll(report) ? report.startedAt : former;
  newest.set(report.cluster, {report, lookedAt});
}

function sawAll({stages}: Report): boolean {
  return stages.some(({stage, ok}) => stage === 'observe' && ok);
}

function countRequest(
  events: EventMetrics,
  {cluster, operation, code, seconds}: Extract<MetricEvent, {readonly kind: 'pve-request'}>,
): void {
  events.add('pvegit_pve_requests_total', {cluster, operation, code});
  events.observe('pvegit_pve_request_duration_seconds', {cluster, operation}, seconds);
}

function countTask(
  events: EventMetrics,
  {cluster, node, type, result, seconds}: Extract<MetricEvent, {readonly kind: 'task'}>,
): void {
  events.shift('pvegit_tasks_running', {cluster, node, type}, -1);
  events.add('pvegit_tasks_total', {cluster, node, type, result});
  events.observe('pvegit_task_duration_seconds', {type}, seconds);
}

function readSuspensions(
  events: EventMetrics,
  clusters: Iterable<string>,
  {journal, now = Date.now}: MetricsOptions,
): void {
  if (journal === undefined) return;
  events.clear('pvegit_suspended');
  for (const cluster of clusters) {
    const inForce = journal
      .suspensions(cluster)
      .filter(({expiresAt}) => expiresAt === null || expiresAt > now());
    const whole = inForce.filter(({key}) => key === '*').length;
    events.set('pvegit_suspended', {cluster, scope: 'cluster'}, whole);
    const resources = inForce.length - whole;
    events.set('pvegit_suspended', {cluster, scope: 'resource'}, resources);
  }
}
