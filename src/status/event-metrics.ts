// Why this exists: counters and histograms live in prom-client, which cannot drop the series of one
// cluster; this remembers which there are, so that a forgotten cluster leaves nothing behind.
import {Counter, Gauge, Histogram, type Registry} from 'prom-client';
import {type LabelsOf, METRICS, type MetricName, type MetricsOf} from './metric-table.ts';

type Labels = {readonly [label: string]: string};
type Kept = Counter | Gauge | Histogram;

/** The metrics that events change. */
export class EventMetrics {
  readonly #metrics = new Map<MetricName, Kept>();
  readonly #series = new Map<MetricName, Map<string, Labels>>();
  readonly #levels = new Map<string, number>();

  constructor(registry: Registry) {
    for (const name of EVENT_METRICS) {
      this.#metrics.set(name, create(name, registry));
      this.#series.set(name, new Map());
    }
  }

  /** Adds to a counter; 0 makes the series exist, so that its first increase is seen. */
  add<N extends MetricsOf<'counter', 'event'>>(name: N, labels: LabelsOf<N>, by = 1): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Counter) metric.inc(this.#known(name, labels), by);
  }

  /** Makes the series of a histogram exist, so that its first value is seen. */
  begin<N extends MetricsOf<'histogram', 'event'>>(name: N, labels: LabelsOf<N>): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram && !this.#isKnown(name, labels)) {
      metric.zero(this.#known(name, labels));
    }
  }

  /** Sets a gauge. */
  set<N extends MetricsOf<'gauge', 'event'>>(name: N, labels: LabelsOf<N>, value: number): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Gauge) metric.set(this.#known(name, labels), value);
  }

  /** Moves a gauge up or down; it never falls below zero. */
  shift<N extends MetricsOf<'gauge', 'event'>>(name: N, labels: LabelsOf<N>, by: number): void {
    const id = `${name} ${idOf(labels)}`;
    const value = Math.max(0, (this.#levels.get(id) ?? 0) + by);
    this.#levels.set(id, value);
    this.set(name, labels, value);
  }

  /** Adds a value to a histogram. */
  observe<N extends MetricsOf<'histogram', 'event'>>(
    name: N,
    labels: LabelsOf<N>,
    value: number,
  ): void {
    const metric = this.#metrics.get(name);
    if (metric instanceof Histogram) metric.observe(this.#known(name, labels), value);
  }

  /** Removes every series that carries this label value. */
  forget(label: 'cluster' | 'repository', value: string): void {
    for (const name of EVENT_METRICS) this.#drop(name, (labels) => labels[label] === value);
  }

  /** Removes all series of one metric. */
  clear(name: MetricsOf<'gauge', 'event'>): void {
    this.#drop(name, () => true);
  }

  #drop(name: MetricName, isGone: (labels: Labels) => boolean): void {
    const series = this.#series.get(name);
    for (const [key, labels] of series ?? []) {
      if (!isGone(labels)) continue;
      this.#metrics.get(name)?.remove(labels);
      series?.delete(key);
      this.#levels.delete(`${name} ${key}`);
    }
  }

  #isKnown(name: MetricName, labels: Labels): boolean {
    return this.#series.get(name)?.has(idOf(labels)) ?? false;
  }

  #known(name: MetricName, labels: Labels): Labels {
    this.#series.get(name)?.set(idOf(labels), labels);
    return labels;
  }
}

/** Series of one metric differ in values alone; it is made for each call to a cluster. */
function idOf(labels: Labels): string {
  return Object.values(labels).join('\n');
}

// Safe: the keys of the table are the names.
const EVENT_METRICS = (Object.keys(METRICS) as MetricName[]).filter(
  (name) => METRICS[name].from === 'event',
);

function create(name: MetricName, registry: Registry): Kept {
  const shape = METRICS[name];
  const {help, labels} = shape;
  const common = {name, help, labelNames: [...labels], registers: [registry]};
  switch (shape.type) {
    case 'counter':
      return new Counter(common);
    case 'gauge':
      return new Gauge(common);
    case 'histogram':
      return new Histogram({...common, buckets: [...shape.buckets]});
  }
}
