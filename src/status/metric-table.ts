// Why this exists: every metric's name, type, labels and help stand in one place; dashboard, alerts
// and documentation are checked against it. Labels come from closed sets: never a revision, UPID,
// error text or pull-request number. `id` joins with prometheus-pve-exporter.

/** What one metric is. `report`: made anew from each pass; `event`: counted as things happen. */
export interface MetricShape {
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly from: 'report' | 'event';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, in its unit. */
  readonly buckets?: readonly number[];
}

const GUEST = ['cluster', 'kind', 'name', 'id'] as const;
const DRIFT = [...GUEST, 'class', 'cause'] as const;
/** From a LAN round trip to the 30 s after which pveproxy gives up. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** From a power call to the clone of a large disk. */
const TASK_BUCKETS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400];
/** A stage may be a look at a cache or the reading of thousands of guests. */
const STAGE_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** Minutes for what is automatic, days for what waits for a person. */
const COMMIT_BUCKETS = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400, 604_800];
/** A pass is due each minute; a cluster that cannot be read is not looked at for longer. */
const LAG_BUCKETS = [5, 10, 30, 60, 90, 120, 300, 600, 1_800, 3_600, 14_400];
/** A durable write is a flush of the disk. */
const WRITE_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

function gauge<const L extends readonly string[]>(labels: L, help: string) {
  return {type: 'gauge', from: 'report', labels, help} as const;
}

function live<const L extends readonly string[]>(labels: L, help: string) {
  return {type: 'gauge', from: 'event', labels, help} as const;
}

function counter<const L extends readonly string[]>(labels: L, help: string) {
  return {type: 'counter', from: 'event', labels, help} as const;
}

function histogram<const L extends readonly string[]>(
  labels: L,
  help: string,
  buckets: readonly number[],
) {
  return {type: 'histogram', from: 'event', labels, help, buckets} as const;
}

/** Every metric of the program, beside those of the Node process. */
export const METRICS = {
  pvegit_resource_info: gauge([...GUEST, 'node', 'mode'], 'Always 1: a managed resource.'),
  pvegit_resource_state: gauge([...GUEST, 'state'], '1 for the state it is in, 0 for the others.'),
  pvegit_resources: gauge(['cluster', 'kind', 'state'], 'How many resources are in a state.'),
  pvegit_unmanaged_guests: gauge(['cluster'], 'Live guests that no manifest claims.'),
  pvegit_prune_candidates: gauge(
    ['cluster', 'kind'],
    'Resources whose manifest is gone and whose removal is planned.',
  ),

  pvegit_drift: gauge(DRIFT, '1 while somebody else’s change stands; no series otherwise.'),
  pvegit_drift_fields: gauge(DRIFT, 'How many fields drifted.'),
  pvegit_drift_since_timestamp_seconds: gauge(DRIFT, 'When the drift was first seen.'),
  pvegit_drift_detected_total: counter(['cluster', 'kind', 'cause'], 'Drifts that began.'),
  pvegit_drift_corrected_total: counter(
    ['cluster', 'kind', 'class'],
    'Actions that put a drift right.',
  ),
  pvegit_drift_detection_lag_seconds: histogram(
    [],
    'For how long at most a drift stood unseen: from the last whole look before it was found.',
    LAG_BUCKETS,
  ),

  pvegit_plan_actions: gauge(['cluster', 'class', 'verb'], 'Actions of the newest plan.'),
  pvegit_held_actions: gauge(
    ['cluster', 'class', 'reason'],
    'Actions that the gate holds or refuses, by the reason shown.',
  ),
  pvegit_approvals_pending: gauge(['cluster'], 'Actions that a person must approve.'),
  pvegit_guard_trips_total: counter(
    ['cluster', 'guard'],
    'Actions newly stopped by a guard against harm.',
  ),
  pvegit_approvals_total: counter(
    ['result'],
    'Approvals that people gave, that were used, and that ran out unused.',
  ),
  pvegit_window_open: gauge(
    ['cluster', 'class'],
    '1 while the calendar lets actions of a class run.',
  ),
  pvegit_suspended: live(['cluster', 'scope'], 'Pauses in force that a person asked for.'),

  pvegit_actions_total: counter(
    ['cluster', 'kind', 'verb', 'class', 'result'],
    'Actions that ended.',
  ),
  pvegit_actions_running: gauge(['cluster', 'verb'], 'Actions under way at the end of a pass.'),
  pvegit_tasks_running: live(['cluster', 'node', 'type'], 'Proxmox tasks that are waited for.'),
  pvegit_tasks_total: counter(['cluster', 'node', 'type', 'result'], 'Proxmox tasks that ended.'),
  pvegit_task_duration_seconds: histogram(
    ['type'],
    'How long tasks were waited for.',
    TASK_BUCKETS,
  ),
  pvegit_commit_to_applied_seconds: histogram(
    ['cluster'],
    'From the commit to the end of an action that carried it out.',
    COMMIT_BUCKETS,
  ),
  pvegit_open_intents: gauge(['cluster'], 'Calls whose outcome is not known yet.'),

  pvegit_pass_duration_seconds: histogram(
    ['cluster', 'stage'],
    'How long the stages of passes took.',
    STAGE_BUCKETS,
  ),
  pvegit_passes_total: counter(['cluster', 'result'], 'Passes that ended.'),
  pvegit_last_success_timestamp_seconds: live(
    ['cluster', 'stage'],
    'When a stage last did all of its work.',
  ),
  pvegit_pass_api_requests: gauge(['cluster'], 'API requests of the newest pass.'),

  pvegit_pve_requests_total: counter(
    ['cluster', 'operation', 'code'],
    'Requests to the Proxmox API, by status or way of failing.',
  ),
  pvegit_pve_request_duration_seconds: histogram(
    ['cluster', 'operation'],
    'How long the Proxmox API took.',
    REQUEST_BUCKETS,
  ),
  pvegit_pve_endpoint_up: gauge(['cluster', 'endpoint'], '1 while an endpoint answers.'),
  pvegit_pve_quorate: gauge(['cluster'], '1 while the cluster has quorum.'),

  pvegit_git_fetch_total: counter(['repository', 'result'], 'Fetches, by source.'),
  pvegit_git_fetch_duration_seconds: histogram(
    ['repository'],
    'How long fetches took.',
    REQUEST_BUCKETS,
  ),
  pvegit_git_verifications_total: counter(
    ['result'],
    'Commits whose signatures were checked, by the verdict.',
  ),
  pvegit_git_head_timestamp_seconds: gauge(
    ['cluster', 'repository'],
    'Time of the commit that is in force.',
  ),
  pvegit_git_applied_timestamp_seconds: live(
    ['cluster', 'repository'],
    'Time of the newest commit after which all of the source was in sync.',
  ),
  pvegit_source_error: gauge(
    ['cluster', 'repository', 'error'],
    '1 while the newest state of a source cannot be followed; no series otherwise.',
  ),
  pvegit_source_documents: gauge(['cluster', 'repository'], 'Manifests that were read.'),
  pvegit_source_diagnostics: gauge(
    ['cluster', 'repository', 'severity'],
    'Mistakes found in manifests.',
  ),

  pvegit_build_info: live(['version', 'nodejs'], 'Always 1.'),
  pvegit_leader: live(['cluster'], '1 while this controller holds the cluster’s lease.'),
  pvegit_journal_new: gauge(['cluster'], '1 while a new journal waits to be accepted.'),
  pvegit_journal_write_duration_seconds: histogram(
    [],
    'How long durable writes took.',
    WRITE_BUCKETS,
  ),
  pvegit_config_reload_success: live([], '1 while the configuration in force is the newest.'),
} as const satisfies {readonly [name: string]: MetricShape};

/** A metric's name. */
export type MetricName = keyof typeof METRICS;

/** The labels of a metric, all of them. */
export type LabelsOf<N extends MetricName> = {
  readonly [label in (typeof METRICS)[N]['labels'][number]]: string;
};

/** Names of the metrics that are of a type and an origin. */
export type MetricsOf<T extends MetricShape['type'], F extends MetricShape['from']> = {
  [N in MetricName]: (typeof METRICS)[N] extends {readonly type: T; readonly from: F} ? N : never;
}[MetricName];
