// Why this exists: the controller is killed before and after every API call, between the server's
// effect and its answer, and before and after every journal commit; afterwards it must converge
// with nothing done twice. Usage: node run-crash.ts [--every N] [--point N]
import {availableParallelism} from 'node:os';
import {parseArgs} from 'node:util';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';
import {type CrashPoint, crashAt, listPoints} from './crash-points.ts';

/** What one worker reports of one point. */
interface Verdict {
  readonly point: CrashPoint;
  readonly violations: readonly string[];
}

if (isMainThread) await main();
else await work();

async function main(): Promise<void> {
  const {values} = parseArgs({options: {every: {type: 'string'}, point: {type: 'string'}}});
  const all = await listPoints();
  const every = Number(values.every ?? 1);
  const one = values.point;
  const chosen =
    one === undefined
      ? all.points.filter((_, index) => index % every === 0)
      : all.points.filter(({index}) => index === Number(one));
  const verdicts = one === undefined ? await spread(chosen) : await inTurn(chosen);
  const bad = verdicts.filter(({violations}) => violations.length > 0);
  for (const {point, violations} of bad) {
    console.log(`\n--point ${point.index}: ${point.moment} ${point.what} ${point.name}`);
    for (const violation of violations) console.log(`  ${violation}`);
  }
  console.log(`crash points: ${verdicts.length}, violations: ${bad.length}`);
  process.exitCode = bad.length === 0 && verdicts.length > 0 ? 0 : 1;
}

/** Each worker takes every nth point. */
async function spread(points: readonly CrashPoint[]): Promise<readonly Verdict[]> {
  const workers = Math.min(availableParallelism(), 8);
  const shares = Array.from({length: workers}, (_, at) =>
    points.filter((_point, index) => index % workers === at),
  );
  const done = await Promise.all(shares.map((share) => runWorker(share)));
  return done.flat().toSorted((a, b) => a.point.index - b.point.index);
}

function runWorker(points: readonly CrashPoint[]): Promise<readonly Verdict[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {workerData: points});
    // Safe: work() below posts exactly this.
    worker.once('message', (verdicts) => resolve(verdicts as readonly Verdict[]));
    worker.once('error', reject);
  });
}

async function work(): Promise<void> {
  // Safe: runWorker above hands over exactly this.
  parentPort?.postMessage(await inTurn(workerData as readonly CrashPoint[]));
}

async function inTurn(points: readonly CrashPoint[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const point of points) verdicts.push({point, violations: await crashAt(point)});
  return verdicts;
}
