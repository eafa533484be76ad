// Why this exists: schedules of faults by seed, as many as one has time for. Usage:
// node run-faults.ts [--seeds N] [--from N], or --seed N to replay one with what happened; with
// --shrink, events that a failing schedule does not need are left out.
import {parseArgs} from 'node:util';
import {isMainThread} from 'node:worker_threads';
import {serve, spread} from '../crash/spread.ts';
import {playSeed, type SeedResult} from './play-seed.ts';
import {shrink} from './shrink.ts';

if (isMainThread) await main();
else await serve((seed: number) => playSeed(seed));

async function main(): Promise<void> {
  const {values} = parseArgs({
    options: {
      seeds: {type: 'string'},
      from: {type: 'string'},
      seed: {type: 'string'},
      shrink: {type: 'boolean'},
      only: {type: 'string'},
    },
  });
  if (values.seed !== undefined) {
    const only =
      values.only === undefined ? undefined : new Set(values.only.split(',').map(Number));
    const seed = Number(values.seed);
    const result = await playSeed(seed, only);
    return end([values.shrink === true ? await shrink(result) : result], true);
  }
  const from = Number(values.from ?? 1);
  const seeds = Array.from({length: Number(values.seeds ?? 1000)}, (_, index) => from + index);
  end(await spread<number, SeedResult>(import.meta.url, seeds), false);
}

/** Prints what was violated and how to see it again; the last line is the sum. */
function end(results: readonly SeedResult[], telling: boolean): void {
  const bad = results.filter(({violations}) => violations.length > 0);
  for (const {seed, violations} of bad.toSorted((a, b) => a.seed - b.seed)) {
    console.log(`replay with: npm run test:faults -- --seed ${seed} (and --shrink)`);
    for (const violation of violations) console.log(`  ${violation}`);
  }
  for (const {log} of telling ? results : []) for (const line of log) console.log(`    ${line}`);
  const steps = results.reduce((sum, result) => sum + result.steps, 0);
  const violations = bad.reduce((sum, result) => sum + result.violations.length, 0);
  console.log(`seeds: ${results.length}, steps: ${steps}, violations: ${violations}`);
  process.exitCode = violations === 0 && results.length > 0 ? 0 : 1;
}
