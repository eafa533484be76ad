// Why this exists: a controller runs for months; whether its heap and handles stay flat is seen on
// virtual time. Usage: node run-soak.ts [--days N], and with --leak KiB a pass that keeps so much
// for ever, to see that the check can fail.
import {parseArgs} from 'node:util';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {playHours, type Sample} from './play-days.ts';

/** Growth from the first quarter to the last that is still noise, after a collection. */
const MOST_GROWTH_MIB = 8;
const MOST_HANDLES = 4;

const {values} = parseArgs({
  options: {days: {type: 'string'}, leak: {type: 'string'}},
});
const hours = 24 * Number(values.days ?? 7);
setFlagsFromString('--expose-gc');
// Safe: with the flag above, `gc` is a function of a new context.
const collect = runInNewContext('gc') as () => void;

const everyHours = Math.max(1, Math.round(hours / 28));
const leakBytes = 1024 * Number(values.leak ?? 0);
const samples = await playHours({hours, everyHours, collect, leakBytes});
const highest = Math.max(...samples.map(({heapMiB}) => heapMiB));
for (const {hour, heapMiB, handles, passes} of samples) {
  const bar = '#'.repeat(Math.round((heapMiB / highest) * 50));
  const [day, heap] = [(hour / 24).toFixed(2).padStart(6), heapMiB.toFixed(1).padStart(6)];
  console.log(`day ${day} ${heap} MiB ${String(handles).padStart(3)} handles ${bar} ${passes}`);
}
const growth = average(samples.slice(-quarter())) - average(samples.slice(1, 1 + quarter()));
const handles = (samples.at(-1)?.handles ?? 0) - (samples[1]?.handles ?? 0);
const isFlat = growth <= MOST_GROWTH_MIB && handles <= MOST_HANDLES;
const says = `heap ${growth.toFixed(1)} MiB, handles ${handles}`;
const last = samples.at(-1);
const lived = Object.entries(last?.events ?? {}).map(([what, times]) => `${what} ${times}`);
console.log(`lived through: ${lived.join(', ')}`);
console.log(`days: ${hours / 24}, growth: ${says}: ${isFlat ? 'flat' : 'GROWS'}`);
process.exitCode = isFlat ? 0 : 1;

function quarter(): number {
  return Math.max(1, Math.floor((samples.length - 1) / 4));
}

function average(some: readonly Sample[]): number {
  return some.reduce((sum, {heapMiB}) => sum + heapMiB, 0) / Math.max(1, some.length);
}
