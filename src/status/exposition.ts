// Why this exists: the gauges of a report are written once per report, in pieces that leave the
// event loop free, and kept as text: a scrape of ten thousand guests costs no more than sending it.
import {setImmediate as otherWork} from 'node:timers/promises';
import type {Report} from '../core/report.ts';
import {escapeLabel} from './escape.ts';
import {METRICS, type MetricName} from './metric-table.ts';
import {type ReportGauge, reportSamples} from './report-samples.ts';

/** Series that are written before other work gets its turn: a few milliseconds. */
const AT_ONCE = 2_000;

/** Lines of the Prometheus text format by metric, without their head. */
export type GaugeTexts = ReadonlyMap<ReportGauge, string>;

/** Writes all gauges of one report. */
export async function gaugeTexts(report: Report): Promise<GaugeTexts> {
  const lines = new Map<ReportGauge, string[]>();
  let written = 0;
  for (const {name, labels, value} of reportSamples(report)) {
    const so = lines.get(name) ?? [];
    if (so.length === 0) lines.set(name, so);
    so.push(line(name, labels, value));
    written += 1;
    if (written % AT_ONCE === 0) await otherWork();
  }
  return new Map([...lines].map(([name, so]) => [name, so.join('')]));
}

/** The gauges of several clusters, each metric under one head. */
export function joinGauges(clusters: readonly GaugeTexts[]): string {
  return REPORT_GAUGES.flatMap((name) => {
    const texts = clusters.flatMap((texts) => texts.get(name) ?? []);
    return texts.length === 0 ? [] : [head(name), ...texts];
  }).join('');
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

function line(name: string, labels: {readonly [label: string]: string}, value: number): string {
  const pairs: string[] = [];
  for (const label in labels) pairs.push(`${label}="${escapeLabel(labels[label] ?? '')}"`);
  return `${name}{${pairs.join(',')}} ${value}\n`;
}
