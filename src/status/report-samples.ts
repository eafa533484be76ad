// Why this exists: gauges that describe a cluster are made anew from each report, so a series goes
// with its object. Ten thousand guests are some 80,000 series: they are made lazily, piece by
// piece.
import type {Verdict} from '../core/action.ts';
import {RISKS} from '../core/model.ts';
import {RESOURCE_STATES, type Report, type ResourceReport} from '../core/report.ts';
import type {LabelsOf, MetricsOf} from './metric-table.ts';

/** Names of the gauges that come from reports. */
export type ReportGauge = MetricsOf<'gauge', 'report'>;

/** One value of one series. */
export interface Sample {
  readonly name: ReportGauge;
  readonly labels: {readonly [label: string]: string};
  readonly value: number;
}

/** All gauges of one report, grouped by nothing in particular. */
export function* reportSamples(report: Report): Generator<Sample> {
  yield* clusterSamples(report);
  yield* planSamples(report);
  yield* gateSamples(report);
  for (const source of report.sources) yield* sourceSamples(report.cluster, source);
  for (const resource of report.resources) yield* resourceSamples(report.cluster, resource);
}

function sample<N extends ReportGauge>(name: N, labels: LabelsOf<N>, value: number): Sample {
  return {name, labels, value};
}

function* clusterSamples(report: Report): Generator<Sample> {
  const {cluster} = report;
  for (const risk of RISKS) {
    const open = Number(report.windows[risk]);
    yield sample('pvegit_window_open', {cluster, class: risk}, open);
  }
  yield sample('pvegit_pass_api_requests', {cluster}, report.requests);
  yield sample('pvegit_open_intents', {cluster}, report.openIntents);
  yield sample('pvegit_journal_new', {cluster}, Number(report.journalIsNew));
  if (report.quorate !== null) {
    yield sample('pvegit_pve_quorate', {cluster}, Number(report.quorate));
  }
  for (const {url, up} of report.endpoints) {
    yield sample('pvegit_pve_endpoint_up', {cluster, endpoint: url}, Number(up));
  }
  for (const [verb, count] of tally(report.applying.map((one) => one.verb))) {
    yield sample('pvegit_actions_running', {cluster, verb}, count);
  }
  const byKind = Map.groupBy(report.resources, ({kind}) => kind);
  for (const [kind, resources] of byKind) {
    const counts = tally(resources.map(({state}) => state));
    for (const state of RESOURCE_STATES) {
      yield sample('pvegit_resources', {cluster, kind, state}, counts.get(state) ?? 0);
    }
  }
}

function* planSamples({cluster, plan}: Report): Generator<Sample> {
  if (plan === null) return;
  yield sample('pvegit_unmanaged_guests', {cluster}, plan.unmanaged.length);
  const kindOf = new Map(plan.actions.map(({key, kind}) => [key, kind]));
  const candidates = plan.pruneCandidates.map((key) => kindOf.get(key) ?? 'unknown');
  for (const [kind, count] of tally(candidates)) {
    yield sample('pvegit_prune_candidates', {cluster, kind}, count);
  }
  const work = plan.actions.filter(({verb}) => verb !== 'none');
  for (const risk of RISKS) {
    const verbs = tally(work.filter((action) => action.risk === risk).map(({verb}) => verb));
    if (verbs.size === 0)
      yield sample('pvegit_plan_actions', {cluster, class: risk, verb: 'update'}, 0);
    for (const [verb, count] of verbs) {
      yield sample('pvegit_plan_actions', {cluster, class: risk, verb}, count);
    }
  }
}

function* gateSamples({cluster, plan, verdicts}: Report): Generator<Sample> {
  const stopped = verdicts.filter(({verdict}) => verdict !== 'allow');
  const needs = stopped.filter(waitsForApproval);
  yield sample('pvegit_approvals_pending', {cluster}, needs.length);
  const riskOf = new Map(plan?.actions.map(({fingerprint, risk}) => [fingerprint, risk]));
  const held = stopped.flatMap(({fingerprint, reasons}) => {
    const [shown] = reasons;
    const risk = riskOf.get(fingerprint);
    return shown === undefined || risk === undefined ? [] : [`${risk} ${shown.reason}`];
  });
  for (const [pair, count] of tally(held)) {
    const [risk = '', reason = ''] = pair.split(' ');
    yield sample('pvegit_held_actions', {cluster, class: risk, reason}, count);
  }
}

/** Whether nothing but a person's word is missing: an approval of the action or of the set. */
export function waitsForApproval({verdict, reasons}: Verdict): boolean {
  if (verdict !== 'hold' || reasons.length === 0) return false;
  return reasons.every(({reason}) => reason === 'approval' || reason === 'blast-radius');
}

function* sourceSamples(
  cluster: string,
  {name, committedAt, error, documents, diagnostics}: Report['sources'][number],
): Generator<Sample> {
  const labels = {cluster, repository: name};
  if (committedAt !== null) {
    yield sample('pvegit_git_head_timestamp_seconds', labels, committedAt / 1000);
  }
  if (error !== null) yield sample('pvegit_source_error', {...labels, error: error.kind}, 1);
  yield sample('pvegit_source_documents', labels, documents);
  const counts = tally(diagnostics.map(({severity}) => severity));
  for (const severity of ['error', 'warning'] as const) {
    const count = counts.get(severity) ?? 0;
    yield sample('pvegit_source_diagnostics', {...labels, severity}, count);
  }
}

function* resourceSamples(cluster: string, resource: ResourceReport): Generator<Sample> {
  const {kind, name, id, node, mode} = resource;
  const labels = {cluster, kind, name, id};
  yield sample('pvegit_resource_info', {...labels, node: node ?? '', mode}, 1);
  for (const state of RESOURCE_STATES) {
    yield sample('pvegit_resource_state', {...labels, state}, Number(state === resource.state));
  }
  for (const {risk, cause, fields, since} of resource.drift) {
    const drift = {...labels, class: risk, cause};
    yield sample('pvegit_drift', drift, 1);
    yield sample('pvegit_drift_fields', drift, fields);
    yield sample('pvegit_drift_since_timestamp_seconds', drift, since / 1000);
  }
}

function tally<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
