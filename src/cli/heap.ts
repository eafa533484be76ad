// Why this exists: left to itself, V8 lets garbage pile up to twice and four times of what is in
// use before it looks, which is right for a browser and not for a daemon beside other daemons.
// Imported for its effect, before anything else grows the heap.
import {getHeapStatistics, setFlagsFromString} from 'node:v8';

/** Up to here garbage costs less than looking for it. */
const ROOMY_BYTES = 85 * 1024 * 1024;
/** Of what is in use: between how much and how much may lie beside it. */
const GROWTH_PERCENT = {least: 20, most: 100};
const LOOK_MS = 200;

// At once, a tenth of a second at 10,000 guests. Marked bit by bit while the program goes on, the
// heap grew by half of what is in use before the end was reached, and a start cost a third more.
setFlagsFromString('--no-incremental-marking');
// Unless its size was chosen (bin/lean.mjs), the nursery stays as large as it is when the program
// starts, instead of 16 MiB twice.
if (!process.execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))) {
  setFlagsFromString('--semi-space-growth-factor=1');
}
limitGrowth();
// The limit is worked out at the end of each collection, from the flag as it stands then.
setInterval(limitGrowth, LOOK_MS).unref();

function limitGrowth(): void {
  const {used_heap_size: used} = getHeapStatistics();
  const {least, most} = GROWTH_PERCENT;
  const room = Math.round((100 * (ROOMY_BYTES - used)) / used);
  setFlagsFromString(`--heap-growing-percent=${Math.min(most, Math.max(least, room))}`);
}
