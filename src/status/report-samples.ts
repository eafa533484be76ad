// Why this exists: gauges that describe a cluster are made anew from each report, so a series goes
// with its object. Ten thousand guests are some 80,000 series: they are made while they are
// written.
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

/** The gauges of one report that no single resource has, grouped by nothing in particular. */
export function* clusterSamples(report: Report): Generator<Sample> {
  yield* passSamples(report);
  yield* planSamples(report);
  yield* gateSamples(report);
  for (const source of report.sources) yield* sourceSamples(report.cluster, source);
}

function sample<N extends ReportGauge>(name: N, labels: LabelsOf<N>, value: number): Sample {
  return {name, labels, value};
}

function* passSamples(report: Report): Generator<Sample> {
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
  if (plan.unmanaged !== null) {
    yield sample('pvegit_unmanaged_guests', {cluster}, plan.unmanaged.length);
  }
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

type SamplesOf = (cluster: string, resource: ResourceReport) => readonly Sample[];

/** The gauges that each resource has: one at a time, as the text of all metrics is written. */
export const RESOURCE_GAUGES: ReadonlyMap<ReportGauge, SamplesOf> = new Map([
  [
    'pvegit_resource_info',
    (cluster, one) => {
      const labels = {...guest(cluster, one), node: one.node ?? '', mode: one.mode};
      return [sample('pvegit_resource_info', labels, 1)];
    },
  ],
  [
    'pvegit_resource_state',
    (cluster, one) =>
      RESOURCE_STATES.map((state) => {
        const labels = {...guest(cluster, one), state};
        return sample('pvegit_resource_state', labels, Number(state === one.state));
      }),
  ],
  ['pvegit_drift', (cluster, one) => drifts('pvegit_drift', [cluster, one], () => 1)],
  [
    'pvegit_drift_fields',
    (cluster, one) => drifts('pvegit_drift_fields', [cluster, one], ({fields}) => fields),
  ],
  [
    'pvegit_drift_since_timestamp_seconds',
    (cluster, one) => {
      const name = 'pvegit_drift_since_timestamp_seconds';
      return drifts(name, [cluster, one], ({since}) => since / 1000);
    },
  ],
] satisfies readonly (readonly [ReportGauge, SamplesOf])[]);

function guest(cluster: string, {kind, name, id}: ResourceReport) {
  return {cluster, kind, name, id};
}

function drifts(
  name: 'pvegit_drift' | 'pvegit_drift_fields' | 'pvegit_drift_since_timestamp_seconds',
  [cluster, resource]: readonly [string, ResourceReport],
  value: (drift: ResourceReport['drift'][number]) => number,
): readonly Sample[] {
  return resource.drift.map((drift) => {
    const labels = {...guest(cluster, resource), class: drift.risk, cause: drift.cause};
    return sample(name, labels, value(drift));
  });
}

function tally<T>(values: readonly T[]): ReadonlyMap<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
