// Why this exists: the controller is killed before and after every API call, between the server's
// effect and its answer, and before and after every journal commit; afterwards it must converge
// with nothing done twice. Usage: node run-crash.ts [--every N] [--tale NAME] [--point N]
import {parseArgs} from 'node:util';
import {isMainThread} from 'node:worker_threads';
import {type CrashPoint, crashAt, listPoints, TALES} from './crash-points.ts';
import {serve, spread} from './spread.ts';

interface Verdict {
  readonly point: CrashPoint;
  readonly violations: readonly string[];
}

const judge = async (point: CrashPoint): Promise<Verdict> => {
  return {point, violations: await crashAt(point)};
};

if (isMainThread) await main();
else await serve(judge);

async function main(): Promise<void> {
  const {values} = parseArgs({
    options: {every: {type: 'string'}, point: {type: 'string'}, tale: {type: 'string'}},
  });
  const told = await Promise.all(TALES.map((tale) => listPoints(tale)));
  const points = told
    .flatMap((one) => one.points)
    .filter(({tale}) => values.tale === undefined || tale === values.tale);
  const every = Number(values.every ?? 1);
  const only = values.point === undefined ? null : Number(values.point);
  const chosen = points.filter(({index}) => (only === null ? index % every === 0 : index === only));
  const verdicts = await spread<CrashPoint, Verdict>(import.meta.url, chosen);
  const bad = verdicts.filter(({violations}) => violations.length > 0);
  for (const {point, violations} of bad.toSorted((a, b) => a.point.index - b.point.index)) {
    console.log(
      `--tale ${point.tale} --point ${point.index}: ${point.moment} ${point.what} ${point.name}`,
    );
    for (const violation of violations) console.log(`  ${violation}`);
  }
  console.log(`crash points: ${verdicts.length}, violations: ${bad.length}`);
  process.exitCode = bad.length === 0 && verdicts.length > 0 ? 0 : 1;
}
