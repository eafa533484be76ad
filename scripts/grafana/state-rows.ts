// Why this exists: what the dashboard asks, as data, in the order in which an operator reads it:
// how things stand: what needs a person, drift, resources and what the gate says. It is
// drawn by `generate-grafana.ts`; a system test runs every query on a real Prometheus.
import {CLUSTER, number, orZero, query, type RowData, STATES} from './panel.ts';

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

const PEOPLE: RowData = {
  title: 'Approvals, windows, signatures',
  panels: [
    {
      view: 'bars',
      title: 'Approvals',
      says: 'given: a controller took it up. used: its action began. expired: it ran out unused.',
      width: 8,
      queries: [
        query('sum by (result) (increase(pvegit_approvals_total[$__rate_interval]))', '{{result}}'),
      ],
      colours: {given: 'blue', used: 'green', expired: 'yellow'},
    },
    {
      view: 'lines',
      title: 'Windows',
      says: '1 while the calendar lets actions of a class run: no deny window, and an open one.',
      width: 8,
      queries: [
        query(`min by (cluster, class) (pvegit_window_open{${CLUSTER}})`, '{{cluster}} {{class}}'),
      ],
    },
    {
      view: 'bars',
      title: 'Signatures of commits',
      says: 'Each new commit of a source that asks for signatures; a bad one is not followed.',
      width: 8,
      queries: [
        query(
          'sum by (result) (increase(pvegit_git_verifications_total[$__rate_interval]))',
          '{{result}}',
        ),
      ],
      colours: {good: 'green', bad: 'red'},
    },
  ],
};

/** The upper half of the dashboard. */
export const STATE_ROWS: readonly RowData[] = [PERSON, DRIFT, RESOURCES, PEOPLE];
