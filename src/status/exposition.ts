// Why this exists: the gauges of a report are written once per report, in pieces that leave the
// event loop free, and kept as text: a scrape of ten thousand guests costs no more than sending it.
import {setImmediate as otherWork} from 'node:timers/promises';
import type {Report} from '../core/report.ts';
import {escapeLabel} from './escape.ts';
import {METRICS, type MetricName} from './metric-table.ts';
import {type ReportGauge, reportSamples} from './report-samples.ts';

/** Series that are written before other work gets its turn: a few milliseconds. */
const AT_ONCE = 2_000;

/** Lines of the Prometheus text format by metric, without their head, in pieces. */
export type GaugeTexts = ReadonlyMap<ReportGauge, readonly string[]>;

interface Written {
  readonly pieces: string[];
  lines: string[];
}

/** Writes all gauges of one report. */
export async function gaugeTexts(report: Report): Promise<GaugeTexts> {
  const metrics = new Map<ReportGauge, Written>();
  let count = 0;
  for (const {name, labels, value} of reportSamples(report)) {
    const written = metrics.get(name) ?? {pieces: [], lines: []};
    metrics.set(name, written);
    written.lines.push(line(name, labels, value));
    count += 1;
    if (count % AT_ONCE !== 0) continue;
    joinLines(metrics);
    await otherWork();
  }
  joinLines(metrics);
  return new Map([...metrics].map(([name, {pieces}]) => [name, pieces]));
}

/** Eighty thousand single lines take five times the memory of their text. */
function joinLines(metrics: ReadonlyMap<ReportGauge, Written>): void {
  for (const written of metrics.values()) {
    if (written.lines.length > 0) written.pieces.push(written.lines.join(''));
    written.lines = [];
  }
}

/** The gauges of several clusters, each metric under one head, in pieces. */
export function joinGauges(clusters: readonly GaugeTexts[]): readonly string[] {
  return REPORT_GAUGES.flatMap((name) => {
    const pieces = clusters.flatMap((texts) => texts.get(name) ?? []);
    return pieces.length === 0 ? [] : [head(name), ...pieces];
  });
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
