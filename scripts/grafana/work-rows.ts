// Why this exists: what the dashboard asks, as data, in the order in which an operator reads it:
// what is done: actions, tasks, passes, the Proxmox API, Git and the controller itself. It is
// drawn by `generate-grafana.ts`; a system test runs every query on a real Prometheus.
import {CLUSTER, quantile, query, RESULTS, type RowData} from './panel.ts';

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
      width: 6,
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
      width: 6,
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
      width: 6,
      unit: 's',
      queries: [query(quantile(0.95, 'pvegit_pass_duration_seconds', 'stage'), '{{stage}}')],
    },
    {
      view: 'lines',
      title: 'Drift stood unseen (95 %)',
      says: 'At most: from the last whole look at the cluster before it was found.',
      width: 6,
      unit: 's',
      queries: [
        query(
          'histogram_quantile(0.95, sum by (le)' +
            ' (rate(pvegit_drift_detection_lag_seconds_bucket[$__rate_interval])))',
          'at most',
        ),
      ],
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

/** The lower half of the dashboard. */
export const WORK_ROWS: readonly RowData[] = [WORK, PASSES, PROXMOX, CONTROLLER];
