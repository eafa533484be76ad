// Why this exists: schedules of faults by seed, as many as one has time for. Usage:
// node run-faults.ts [--seeds N] [--from N], or --seed N to replay one with what happened.
import {parseArgs} from 'node:util';
import {isMainThread} from 'node:worker_threads';
import {serve, spread} from '../crash/spread.ts';
import {playSeed, type SeedResult} from './play-seed.ts';

if (isMainThread) await main();
else await serve(playSeed);

async function main(): Promise<void> {
  const {values} = parseArgs({
    options: {seeds: {type: 'string'}, from: {type: 'string'}, seed: {type: 'string'}},
  });
  const from = Number(values.seed ?? values.from ?? 1);
  const count = values.seed === undefined ? Number(values.seeds ?? 1000) : 1;
  const seeds = Array.from({length: count}, (_, index) => from + index);
  const results =
    values.seed === undefined
      ? await spread<number, SeedResult>(import.meta.url, seeds)
      : [await playSeed(from)];
  const bad = results.filter(({violations}) => violations.length > 0);
  for (const {seed, violations, log} of bad.toSorted((a, b) => a.seed - b.seed)) {
    console.log(`replay with --seed ${seed}`);
    for (const violation of violations) console.log(`  ${violation}`);
    if (values.seed !== undefined) for (const line of log) console.log(`    ${line}`);
  }
  const steps = results.reduce((sum, result) => sum + result.steps, 0);
  const violations = bad.reduce((sum, result) => sum + result.violations.length, 0);
  console.log(`seeds: ${results.length}, steps: ${steps}, violations: ${violations}`);
  process.exitCode = violations === 0 && results.length > 0 ? 0 : 1;
}
