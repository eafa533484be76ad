// Why this exists: what the dashboard asks, as data, in the order in which an operator reads it:
// what needs a person, drift, resources, work, passes, Proxmox, Git and the controller itself.
// `generate-grafana.ts` draws it; a system test runs every query on a real Prometheus.

/** One query of a panel; `legend` is a Grafana template such as `{{reason}}`. */
export interface PanelQuery {
  readonly expr: string;
  readonly legend: string;
}

/** How a state, result or class is coloured wherever it appears as a series. */
export type Colours = {readonly [series: string]: string};

/** One panel. Width of 24; `unit` is one of Grafana's units. */
export interface PanelData {
  readonly view: 'number' | 'lines' | 'stack' | 'bars' | 'table';
  readonly title: string;
  readonly says: string;
  readonly width: number;
  readonly unit?: string;
  readonly queries: readonly PanelQuery[];
  /** Where a number turns yellow and red; green below. */
  readonly steps?: readonly [number, number];
  readonly colours?: Colours;
  /** Columns of a table in order, with their titles. */
  readonly columns?: {readonly [label: string]: string};
}

/** A group of panels under one title. */
export interface RowData {
  readonly title: string;
  readonly panels: readonly PanelData[];
}

const CLUSTER = 'cluster=~"$cluster"';
const STATES: Colours = {
  in_sync: 'green',
  out_of_sync: 'blue',
  applying: 'light-blue',
  held: 'yellow',
  suspended: 'purple',
  undetermined: 'orange',
  failed: 'red',
};
const RESULTS: Colours = {
  ok: 'green',
  done: 'green',
  warnings: 'yellow',
  skipped: 'blue',
  interrupted: 'orange',
  degraded: 'orange',
  unknown: 'purple',
  failed: 'red',
  changed: 'blue',
  unchanged: 'green',
};

function query(expr: string, legend = ''): PanelQuery {
  return {expr, legend};
}

function number(
  title: string,
  expr: string,
  says: string,
  more: Pick<PanelData, 'unit' | 'steps'> = {},
): PanelData {
  return {view: 'number', title, says, width: 4, queries: [query(expr)], steps: [1, 1e9], ...more};
}

/** Where something that may not exist is 0 rather than nothing. */
function orZero(expr: string): string {
  return `(${expr}) or vector(0)`;
}

function quantile(q: number, name: string, by: string, selector = CLUSTER): string {
  const rate = `rate(${name}_bucket{${selector}}[$__rate_interval])`;
  return `histogram_quantile(${q}, sum by (le, ${by}) (${rate}))`;
}

const PERSON: RowData = {
  title: 'What needs a person',
  panels: [
    number(
      'Approvals wanted',
      `sum(pvegit_approvals_pending{${CLUSTER}})`,
      'Actions for which nothing is missing but a person’s word: pvegit why RESOURCE.',
    ),
    number(
      'Failed or unknown',
      `sum(pvegit_resources{${CLUSTER},state=~"failed|undetermined"})`,
      'Resources whose last action failed, or whose state could not be read.',
      {steps: [1, 1]},
    ),
    number(
      'Guests that drifted',
      orZero(`count(count by (cluster, id) (pvegit_drift{${CLUSTER}}))`),
      'Somebody else changed them, and the change still stands.',
    ),
    number(
      'Oldest drift',
      orZero(`max(time() - pvegit_drift_since_timestamp_seconds{${CLUSTER}})`),
      'For how long the oldest change by somebody else has stood.',
      {unit: 's', steps: [1, 3_600]},
    ),
    number(
      'Since all stages worked',
      `time() - min(pvegit_last_success_timestamp_seconds{${CLUSTER}})`,
      'Of every stage of every cluster, the one that last did all its work longest ago.',
      {unit: 's', steps: [300, 900]},
    ),
    number(
      'Sources not followed',
      orZero(`count(pvegit_source_error{${CLUSTER}})`),
      'Repositories whose newest state is not in force; the last good one still is.',
      {steps: [1, 1]},
    ),
  ],
};

const DRIFT: RowData = {
  title: 'Drift: what somebody else changed',
  panels: [
    {
      view: 'stack',
      title: 'Drift by cause',
      says: 'drift: live moved. conflict: Git and live both moved, differently.',
      width: 8,
      queries: [query(`sum by (cause) (pvegit_drift{${CLUSTER}})`, '{{cause}}')],
      colours: {drift: 'yellow', conflict: 'red'},
    },
    {
      view: 'bars',
      title: 'Drift found and put right',
      says: 'Drifts that began, and actions that corrected one.',
      width: 8,
      queries: [
        query(
          `sum by (cause) (increase(pvegit_drift_detected_total{${CLUSTER}}[$__rate_interval]))`,
          'found: {{cause}}',
        ),
        query(
          orZero(`sum(increase(pvegit_drift_corrected_total{${CLUSTER}}[$__rate_interval]))`),
          'put right',
        ),
      ],
    },
    {
      view: 'table',
      title: 'Drift by age',
      says: 'Every drift that stands now, the oldest first.',
      width: 8,
      unit: 's',
      queries: [query(`sort_desc(time() - pvegit_drift_since_timestamp_seconds{${CLUSTER}})`)],
      columns: {cluster: 'cluster', id: 'id', name: 'name', class: 'class', cause: 'cause'},
    },
  ],
};

const RESOURCES: RowData = {
  title: 'Resources and the gate',
  panels: [
    {
      view: 'stack',
      title: 'Resources by state',
      says: 'Each resource is in exactly one state.',
      width: 8,
      queries: [query(`sum by (state) (pvegit_resources{${CLUSTER}})`, '{{state}}')],
      colours: STATES,
    },
    {
      view: 'stack',
      title: 'Held, by reason',
      says: 'Actions that the gate holds or refuses. pvegit why prints the way on for each.',
      width: 8,
      queries: [query(`sum by (reason) (pvegit_held_actions{${CLUSTER}})`, '{{reason}}')],
    },
    {
      view: 'table',
      title: 'Not in sync',
      says: 'Which resources, and in which state.',
      width: 8,
      queries: [query(`pvegit_resource_state{${CLUSTER},state!="in_sync"} == 1`)],
      columns: {cluster: 'cluster', id: 'id', name: 'name', state: 'state'},
    },
    {
      view: 'stack',
      title: 'Planned actions by class',
      says: 'What the newest plan would do, held or not.',
      width: 8,
      queries: [query(`sum by (class) (pvegit_plan_actions{${CLUSTER}})`, '{{class}}')],
      colours: {benign: 'blue', disruptive: 'yellow', destructive: 'red'},
    },
    {
      view: 'bars',
      title: 'Guards that stopped something',
      says: 'Actions newly stopped because a machine was at risk.',
      width: 8,
      queries: [
        query(
          `sum by (guard) (increase(pvegit_guard_trips_total{${CLUSTER}}[$__rate_interval]))`,
          '{{guard}}',
        ),
      ],
    },
    {
      view: 'lines',
      title: 'Nobody’s guests',
      says: 'Live guests without a manifest, and resources that are to go.',
      width: 8,
      queries: [
        query(`sum by (cluster) (pvegit_unmanaged_guests{${CLUSTER}})`, '{{cluster}}: unmanaged'),
        query(
          `sum by (cluster) (pvegit_prune_candidates{${CLUSTER}})`,
          '{{cluster}}: manifest is gone',
        ),
      ],
    },
  ],
};

const WORK: RowData = {
  title: 'Actions and tasks',
  panels: [
    {
      view: 'bars',
      title: 'Actions by result',
      says: 'What was carried out, and how it ended.',
      width: 8,
      queries: [
        query(
          `sum by (result) (increase(pvegit_actions_total{${CLUSTER}}[$__rate_interval]))`,
          '{{result}}',
        ),
      ],
      colours: RESULTS,
    },
    {
      view: 'bars',
      title: 'Proxmox tasks by result',
      says: 'Judged by their exit status; warnings are a success that is shown.',
      width: 8,
      queries: [
        query(
          `sum by (result) (increase(pvegit_tasks_total{${CLUSTER}}[$__rate_interval]))`,
          '{{result}}',
        ),
      ],
      colours: RESULTS,
    },
    {
      view: 'lines',
      title: 'Under way',
      says: 'Tasks that are waited for, by node, and calls whose outcome is not known yet.',
      width: 8,
      queries: [
        query(`sum by (node) (pvegit_tasks_running{${CLUSTER}})`, 'tasks on {{node}}'),
        query(`sum(pvegit_open_intents{${CLUSTER}})`, 'open intents'),
      ],
    },
    {
      view: 'lines',
      title: 'Task duration (95 %)',
      says: 'How long nearly all tasks of a type took.',
      width: 12,
      unit: 's',
      queries: [query(quantile(0.95, 'pvegit_task_duration_seconds', 'type', ''), '{{type}}')],
    },
    {
      view: 'lines',
      title: 'From commit to done',
      says: 'Half of all actions were done within the lower line, nearly all within the upper.',
      width: 12,
      unit: 's',
      queries: [
        query(quantile(0.5, 'pvegit_commit_to_applied_seconds', 'cluster'), '{{cluster}} 50 %'),
        query(quantile(0.95, 'pvegit_commit_to_applied_seconds', 'cluster'), '{{cluster}} 95 %'),
      ],
    },
  ],
};

const PASSES: RowData = {
  title: 'Passes',
  panels: [
    {
      view: 'lines',
      title: 'Since the last success, by stage',
      says: 'A stage whose line climbs does not do its work.',
      width: 8,
      unit: 's',
      queries: [
        query(
          'time() - max by (cluster, stage)' +
            ` (pvegit_last_success_timestamp_seconds{${CLUSTER}})`,
          '{{cluster}} {{stage}}',
        ),
      ],
    },
    {
      view: 'bars',
      title: 'Passes by result',
      says: 'degraded: something could not be read. failed: no plan was made.',
      width: 8,
      queries: [
        query(
          `sum by (result) (increase(pvegit_passes_total{${CLUSTER}}[$__rate_interval]))`,
          '{{result}}',
        ),
      ],
      colours: RESULTS,
    },
    {
      view: 'lines',
      title: 'Stage duration (95 %)',
      says: 'Where the time of a pass goes.',
      width: 8,
      unit: 's',
      queries: [query(quantile(0.95, 'pvegit_pass_duration_seconds', 'stage'), '{{stage}}')],
    },
  ],
};

const PROXMOX: RowData = {
  title: 'Proxmox API',
  panels: [
    {
      view: 'stack',
      title: 'Requests by answer',
      says: 'By HTTP status, or by how the exchange failed.',
      width: 8,
      unit: 'reqps',
      queries: [
        query(
          `sum by (code) (rate(pvegit_pve_requests_total{${CLUSTER}}[$__rate_interval]))`,
          '{{code}}',
        ),
      ],
    },
    {
      view: 'lines',
      title: 'Errors by operation',
      says: 'Everything but a 2xx answer.',
      width: 8,
      unit: 'reqps',
      queries: [
        query(
          'topk(10, sum by (operation, code)' +
            ` (rate(pvegit_pve_requests_total{${CLUSTER},code!~"2.."}[$__rate_interval])))`,
          '{{code}} {{operation}}',
        ),
      ],
    },
    {
      view: 'lines',
      title: 'Slowest operations (95 %)',
      says: 'pveproxy gives up after 30 s.',
      width: 8,
      unit: 's',
      queries: [
        query(
          `topk(10, ${quantile(0.95, 'pvegit_pve_request_duration_seconds', 'operation')})`,
          '{{operation}}',
        ),
      ],
    },
    {
      view: 'lines',
      title: 'Endpoints and quorum',
      says: '1 is up, or has quorum.',
      width: 12,
      queries: [
        query(`pvegit_pve_endpoint_up{${CLUSTER}}`, '{{endpoint}}'),
        query(`pvegit_pve_quorate{${CLUSTER}}`, '{{cluster}} has quorum'),
      ],
    },
    {
      view: 'lines',
      title: 'Requests per pass',
      says: 'In sync it is one for the listing and one for each managed guest.',
      width: 12,
      queries: [query(`pvegit_pass_api_requests{${CLUSTER}}`, '{{cluster}}')],
    },
  ],
};

const CONTROLLER: RowData = {
  title: 'Git and the controller',
  panels: [
    {
      view: 'lines',
      title: 'Age of commits',
      says: 'The commit in force, and the newest one after which everything was in sync.',
      width: 8,
      unit: 's',
      queries: [
        query(`time() - pvegit_git_head_timestamp_seconds{${CLUSTER}}`, '{{repository}}: in force'),
        query(
          `time() - pvegit_git_applied_timestamp_seconds{${CLUSTER}}`,
          '{{repository}}: applied',
        ),
      ],
    },
    {
      view: 'bars',
      title: 'Fetches by result',
      says: 'An unchanged remote costs one light request.',
      width: 8,
      queries: [
        query('sum by (result) (increase(pvegit_git_fetch_total[$__rate_interval]))', '{{result}}'),
      ],
      colours: RESULTS,
    },
    {
      view: 'lines',
      title: 'Mistakes in manifests',
      says: 'pvegit validate prints each with its line.',
      width: 8,
      queries: [
        query(
          `sum by (repository, severity) (pvegit_source_diagnostics{${CLUSTER}})`,
          '{{repository}} {{severity}}',
        ),
      ],
    },
    {
      view: 'lines',
      title: 'Event loop and journal (99 %)',
      says: 'How long the process was deaf, and how long a durable write took.',
      width: 8,
      unit: 's',
      queries: [
        query('nodejs_eventloop_lag_p99_seconds', 'event loop'),
        query(
          'histogram_quantile(0.99, sum by (le)' +
            ' (rate(pvegit_journal_write_duration_seconds_bucket[$__rate_interval])))',
          'journal write',
        ),
      ],
    },
    {
      view: 'lines',
      title: 'Memory',
      says: 'Resident memory of the controller.',
      width: 8,
      unit: 'bytes',
      queries: [query('process_resident_memory_bytes', '{{instance}}')],
    },
    {
      view: 'table',
      title: 'Who leads',
      says: 'Which controller holds the lease of which cluster, and its version.',
      width: 8,
      queries: [
        query(`pvegit_leader{${CLUSTER}} * on (instance) group_left (version) pvegit_build_info`),
      ],
      columns: {cluster: 'cluster', instance: 'controller', version: 'version'},
    },
  ],
};

/** All rows of `grafana/drift.json`. */
export const DRIFT_ROWS: readonly RowData[] = [
  PERSON,
  DRIFT,
  RESOURCES,
  WORK,
  PASSES,
  PROXMOX,
  CONTROLLER,
];
