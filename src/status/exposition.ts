// Why this exists: the gauges of the newest reports are written while they are sent, in pieces that
// leave the event loop free. The text of ten thousand guests is some 10 MB: held whole, it cost
// more memory than the pass that it tells of.
import {setImmediate as otherWork} from 'node:timers/promises';
import type {Report} from '../core/report.ts';
import {escapeLabel} from './escape.ts';
import {METRICS, type MetricName} from './metric-table.ts';
import {clusterSamples, RESOURCE_GAUGES, type ReportGauge, type Sample} from './report-samples.ts';

/** Resources that are written before other work gets its turn: a millisecond. */
const AT_ONCE = 200;

/** All gauges of these reports in the Prometheus text format, each metric under one head. */
export async function* gaugePieces(reports: readonly Report[]): AsyncGenerator<string> {
  const samples = reports.flatMap((report) => [...clusterSamples(report)]);
  const small = Map.groupBy(samples, ({name}) => name);
  for (const name of REPORT_GAUGES) {
    const ofResource = RESOURCE_GAUGES.get(name);
    const found = small.get(name) ?? [];
    if (ofResource === undefined && found.length > 0) yield head(name) + found.map(line).join('');
    if (ofResource === undefined) continue;
    let isFirst = true;
    for (const [cluster, resources] of slices(reports)) {
      await otherWork();
      const lines = resources.flatMap((one) => ofResource(cluster, one).map(line));
      if (lines.length === 0) continue;
      yield (isFirst ? head(name) : '') + lines.join('');
      isFirst = false;
    }
  }
}

function* slices(reports: readonly Report[]): Generator<readonly [string, Report['resources']]> {
  for (const {cluster, resources} of reports) {
    for (let at = 0; at < resources.length; at += AT_ONCE) {
      yield [cluster, resources.slice(at, at + AT_ONCE)];
    }
  }
}

// Safe: the keys of the table are the names.
const REPORT_GAUGES = (Object.keys(METRICS) as MetricName[]).filter(isReportGauge);

function isReportGauge(name: MetricName): name is ReportGauge {
  return METRICS[name].from === 'report';
}

function head(name: MetricName): string {
  const {help, type} = METRICS[name];
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function line({name, labels, value}: Sample): string {
  let pairs = '';
  for (const label in labels) {
    pairs += `${pairs === '' ? '' : ','}${label}="${escapeLabel(labels[label] ?? '')}"`;
  }
  return `${name}{${pairs}} ${value}\n`;
}
