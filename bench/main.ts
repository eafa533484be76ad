// Why this exists: one command says how fast a pass is, and fails when it is not fast enough.
import {parseArgs} from 'node:util';
import {build} from './build.ts';
import {missedCounts, misses} from './judge.ts';
import {type Measurement, measureFleet} from './scenarios.ts';

const SMALL = 1_000;
const LARGE = 10_000;
/** Each is measured several times, because other programs run too; a large fleet takes a while. */
const REPEATS = {small: 5, large: 3};

const {values} = parseArgs({
  options: {
    guests: {type: 'string', default: String(SMALL)},
    json: {type: 'boolean', default: false},
    profile: {type: 'string'},
    only: {type: 'boolean', default: false},
    counts: {type: 'boolean', default: false},
  },
});
const guests = Number(values.guests);
if (!Number.isInteger(guests) || guests < 1 || guests > 50_000) {
  console.error('--guests takes a number from 1 to 50000');
  process.exit(2);
}
const sizes = guests >= LARGE && !values.only ? [SMALL, guests] : [guests];
const measurements: Measurement[] = [];
if (!values.json) console.log(heading());
const built = await build();
try {
  for (const size of sizes) await measure(size);
} finally {
  await built.remove();
}
const missed = values.counts ? missedCounts(measurements) : misses(measurements);
for (const sentence of missed) console.error(`not kept: ${sentence}`);
process.exitCode = missed.length === 0 ? 0 : 1;

async function measure(size: number): Promise<void> {
  const repeats = size > 5 * SMALL ? REPEATS.large : REPEATS.small;
  const profile = values.profile ?? null;
  const onMeasured = (one: Measurement): void => {
    measurements.push(one);
    console.log(values.json ? JSON.stringify(one) : row(one));
  };
  await measureFleet(size, {repeats, built: built.folder, profile, onMeasured});
}

function heading(): string {
  return [
    'scenario'.padEnd(16),
    ...[
      'guests',
      'requests',
      'wall ms',
      'bare ms',
      'ratio',
      'cpu ms',
      'rss MiB',
      'block ms',
      'own',
    ].map((name) => name.padStart(9)),
    '  stages, ms',
  ].join('');
}

function row(one: Measurement): string {
  const {scenario, wall_ms, bare_ms, ratio, cpu_ms, rss_mib, max_block_ms, write_ms} = one;
  const numbers = [one.guests, one.requests, wall_ms, bare_ms, ratio, cpu_ms, rss_mib];
  const stages = Object.entries(one.stages).map(([stage, ms]) => `${stage} ${Math.round(ms)}`);
  const write = write_ms === undefined ? '' : `; commit to first write ${Math.round(write_ms)}`;
  return [
    scenario.padEnd(16),
    ...[...numbers, max_block_ms, one.max_block_cpu_ms].map((value) => String(value).padStart(9)),
    `  ${stages.join(', ')}${write}`,
  ].join('');
}
