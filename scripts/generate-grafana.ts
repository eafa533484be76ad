// Why this exists: a dashboard is thousands of lines of JSON that nobody can review; it is drawn
// from a list of questions by typed builders. Registered in generate.ts.
import * as bar from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import {DataqueryBuilder, PromQueryFormat} from '@grafana/grafana-foundation-sdk/prometheus';
import {PanelBuilder as StatBuilder} from '@grafana/grafana-foundation-sdk/stat';
import {PanelBuilder as TableBuilder} from '@grafana/grafana-foundation-sdk/table';
import {PanelBuilder as TimeBuilder} from '@grafana/grafana-foundation-sdk/timeseries';
import {METRICS} from '../src/status/metric-table.ts';
import {type Generated, renderJson, replaceBlock} from './generated.ts';
import type {Colours, PanelData, PanelQuery} from './grafana/panel.ts';
import {STATE_ROWS} from './grafana/state-rows.ts';
import {WORK_ROWS} from './grafana/work-rows.ts';

/** All rows of `grafana/drift.json`. */
export const DRIFT_ROWS = [...STATE_ROWS, ...WORK_ROWS];

/** The dashboard, and the table of metrics in the room's README. */
export const GRAFANA: readonly Generated[] = [
  {path: 'grafana/drift.json', render: () => renderJson(driftDashboard())},
  {
    path: 'src/status/README.md',
    render: (present) => replaceBlock(present, 'metrics', metricsTable()),
  },
];

const DATASOURCE = {type: 'prometheus', uid: '${datasource}'};
/** Height of a panel in Grafana's grid; a number needs half. */
const HEIGHT = 8;

/** The dashboard as Grafana imports it. */
export function driftDashboard(): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder('pvegit: drift and what needs a person')
    .uid('pvegit-drift')
    .description('What the controller does and what it waits for. Generated; see scripts/.')
    .tags(['pvegit', 'proxmox', 'gitops'])
    .timezone('browser')
    .refresh('30s')
    .time({from: 'now-6h', to: 'now'})
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(datasourceVariable())
    .withVariable(clusterVariable());
  for (const {title, panels} of DRIFT_ROWS) {
    builder.withRow(new dashboard.RowBuilder(title));
    for (const panel of panels) builder.withPanel(drawn(panel));
  }
  return builder.build();
}

function datasourceVariable() {
  return new dashboard.DatasourceVariableBuilder('datasource')
    .label('Prometheus')
    .type('prometheus');
}

function clusterVariable() {
  return new dashboard.QueryVariableBuilder('cluster')
    .label('cluster')
    .datasource(DATASOURCE)
    .query('label_values(pvegit_last_success_timestamp_seconds, cluster)')
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({text: 'All', value: '$__all', selected: true});
}

function drawn(panel: PanelData) {
  switch (panel.view) {
    case 'number':
      return numberPanel(panel);
    case 'table':
      return tablePanel(panel);
    case 'lines':
    case 'stack':
    case 'bars':
      return timePanel(panel);
  }
}

function numberPanel({title, says, width, unit, queries, steps}: PanelData) {
  const builder = new StatBuilder()
    .title(title)
    .description(says)
    .datasource(DATASOURCE)
    .span(width)
    .height(HEIGHT / 2)
    .unit(unit ?? 'short')
    .noValue('none')
    .reduceOptions(new bar.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .colorMode(bar.BigValueColorMode.Background)
    .graphMode(bar.BigValueGraphMode.Area)
    .thresholds(thresholds(steps ?? [1, 1]));
  for (const target of targets(queries)) builder.withTarget(target);
  return builder;
}

function thresholds([yellow, red]: readonly [number, number | null]) {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([
      {value: null, color: 'green'},
      ...(red === null || yellow < red ? [{value: yellow, color: 'yellow'}] : []),
      ...(red === null ? [] : [{value: red, color: 'red'}]),
    ]);
}

function timePanel({view, title, says, width, unit, queries, colours}: PanelData) {
  const isBars = view === 'bars';
  const builder = new TimeBuilder()
    .title(title)
    .description(says)
    .datasource(DATASOURCE)
    .span(width)
    .height(HEIGHT)
    .unit(unit ?? 'short')
    .min(0)
    .drawStyle(isBars ? bar.GraphDrawStyle.Bars : bar.GraphDrawStyle.Line)
    .lineWidth(isBars ? 0 : 2)
    .fillOpacity(isBars ? 80 : view === 'stack' ? 25 : 5)
    .showPoints(bar.VisibilityMode.Never)
    .noValue('none')
    .legend(
      new bar.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(bar.LegendDisplayMode.List)
        .placement(bar.LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(
      new bar.VizTooltipOptionsBuilder()
        .mode(bar.TooltipDisplayMode.Multi)
        .sort(bar.SortOrder.Descending),
    );
  if (view !== 'lines') {
    builder.stacking(new bar.StackingConfigBuilder().mode(bar.StackingMode.Normal).group('A'));
  }
  for (const [series, properties] of overrides(colours ?? {})) {
    builder.overrideByName(series, properties);
  }
  for (const target of targets(queries)) builder.withTarget(target);
  return builder;
}

function overrides(
  colours: Colours,
): readonly (readonly [string, dashboard.DynamicConfigValue[]])[] {
  return Object.entries(colours).map(([series, fixedColor]) => [
    series,
    [{id: 'color', value: {mode: 'fixed', fixedColor}}],
  ]);
}

function tablePanel({title, says, width, unit, queries, columns}: PanelData) {
  const named = columns ?? {};
  const shown = [...Object.keys(named), 'Value'];
  const builder = new TableBuilder()
    .title(title)
    .description(says)
    .datasource(DATASOURCE)
    .span(width)
    .height(HEIGHT)
    .noValue('none')
    .withTransformation({
      id: 'filterFieldsByName',
      options: {include: {names: unit === undefined ? Object.keys(named) : shown}},
    })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(shown.map((name, at) => [name, at])),
        renameByName: {...named, Value: 'age'},
      },
    });
  if (unit !== undefined) builder.overrideByName('age', [{id: 'unit', value: unit}]);
  for (const {expr} of queries) {
    builder.withTarget(
      new DataqueryBuilder().refId('A').expr(expr).instant().format(PromQueryFormat.Table),
    );
  }
  return builder;
}

function targets(queries: readonly PanelQuery[]): readonly DataqueryBuilder[] {
  return queries.map(({expr, legend}, at) =>
    new DataqueryBuilder()
      .refId(String.fromCharCode(65 + at))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend === '' ? '__auto' : legend)
      .range(),
  );
}

/** A Markdown table of every metric. */
export function metricsTable(): string {
  const rows = Object.entries(METRICS).map(([name, {type, labels, help}]) => {
    const shown = labels.length === 0 ? '–' : labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
  });
  return ['| metric | type | labels | says |', '|---|---|---|---|', ...rows].join('\n');
}
