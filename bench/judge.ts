// Why this exists: what a measurement must keep, and in which words it is said that it does not.
import type {Measurement} from './scenarios.ts';

/** Besides one read a guest: the list, the cluster's status, the version, the nodes' clocks. */
const EXTRA_REQUESTS = 10;
const MOST_RATIO = 1.5;
const MOST_GROWTH = 1.5;
const MOST_RSS_MIB = 256;
const MOST_BLOCK_MS = 200;

/** A small fleet hides behind the start of connections: its ratio says nothing. */
const LEAST_GUESTS_FOR_RATIO = 200;

/** What is not kept, one sentence each. */
export function misses(measurements: readonly Measurement[]): readonly string[] {
  const times = measurements.flatMap((one) => [missedRatio(one), missedTurn(one)]);
  return [...missedCounts(measurements), ...times.filter(isMissed), ...growth(measurements)];
}

/** Of that, what a busy or slow machine does not change: requests and memory. */
export function missedCounts(measurements: readonly Measurement[]): readonly string[] {
  return measurements.flatMap(missesOf);
}

function missedRatio(one: Measurement): string | null {
  const {scenario, guests, ratio} = one;
  if (!isPass(one) || guests < LEAST_GUESTS_FOR_RATIO || ratio <= MOST_RATIO) return null;
  return `${scenario} of ${guests} guests: ${ratio} times the bare loop, at most ${MOST_RATIO}`;
}

function missesOf(one: Measurement): readonly string[] {
  const {scenario, guests, requests, rss_mib} = one;
  const name = `${scenario} of ${guests} guests`;
  const found: string[] = [];
  if (requests > guests + EXTRA_REQUESTS) {
    found.push(`${name}: ${requests} requests, at most ${guests + EXTRA_REQUESTS}`);
  }
  if (rss_mib >= MOST_RSS_MIB) found.push(`${name}: ${rss_mib} MiB, less than ${MOST_RSS_MIB}`);
  return found;
}

function missedTurn({scenario, guests, max_block_cpu_ms}: Measurement): string | null {
  if (max_block_cpu_ms <= MOST_BLOCK_MS) return null;
  return `${scenario} of ${guests} guests: the event loop was held up for ${max_block_cpu_ms} ms`;
}

function isMissed(sentence: string | null): sentence is string {
  return sentence !== null;
}

/** A start loads the program, reads the journal and parses everything: no loop does the like. */
function isPass({scenario}: Measurement): boolean {
  return scenario !== 'first-start' && scenario !== 'cold-start';
}

/** Per guest, a large fleet may cost half as much again as a small one. */
function growth(measurements: readonly Measurement[]): readonly string[] {
  const sizes = [...new Set(measurements.map(({guests}) => guests))].sort((a, b) => a - b);
  const [small, large] = [sizes.at(0), sizes.at(-1)];
  if (small === undefined || large === undefined || small === large) return [];
  return measurements
    .filter(({guests}) => guests === large)
    .flatMap((one) => {
      const before = measurements.find(
        ({guests, scenario}) => guests === small && scenario === one.scenario,
      );
      if (before === undefined) return [];
      return (['wall_ms', 'cpu_ms'] as const).flatMap((field) => {
        const times = one[field] / large / (before[field] / small);
        if (times <= MOST_GROWTH) return [];
        const said = `${field} per guest is ${times.toFixed(2)} times that of ${small} guests`;
        return [`${one.scenario} of ${large} guests: ${said}, at most ${MOST_GROWTH}`];
      });
    });
}
