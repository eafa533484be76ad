// Why this exists: a panel as data, and the few ways in which its queries are put together.

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
  /** Where a number turns yellow and red (null: never); green below. */
  readonly steps?: readonly [number, number | null];
  readonly colours?: Colours;
  /** Columns of a table in order, with their titles. */
  readonly columns?: {readonly [label: string]: string};
}

/** A group of panels under one title. */
export interface RowData {
  readonly title: string;
  readonly panels: readonly PanelData[];
}

/** The selector that every query of a cluster's metric carries. */
export const CLUSTER = 'cluster=~"$cluster"';
/** States of resources. */
export const STATES: Colours = {
  in_sync: 'green',
  out_of_sync: 'blue',
  applying: 'light-blue',
  held: 'yellow',
  suspended: 'purple',
  undetermined: 'orange',
  failed: 'red',
};
/** Results of actions, tasks, passes and fetches. */
export const RESULTS: Colours = {
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

/** A query with its legend; without one Grafana names the series. */
export function query(expr: string, legend = ''): PanelQuery {
  return {expr, legend};
}

/** A panel with one number that a person takes in at a glance. */
export function number(
  title: string,
  expr: string,
  says: string,
  more: Pick<PanelData, 'unit' | 'steps'> = {},
): PanelData {
  return {view: 'number', title, says, width: 4, queries: [query(expr)], steps: [1, null], ...more};
}

/** Where something that may not exist is 0 rather than nothing. */
export function orZero(expr: string): string {
  return `(${expr}) or vector(0)`;
}

/** A quantile of a histogram by one label. */
export function quantile(q: number, name: string, by: string, selector = CLUSTER): string {
  const rate = `rate(${name}_bucket{${selector}}[$__rate_interval])`;
  return `histogram_quantile(${q}, sum by (le, ${by}) (${rate}))`;
}
