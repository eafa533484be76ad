// Why this exists: suites that catch nothing prove nothing. Each sabotage is applied to a copy of
// the program, and the watchmen run on the copy: the one who stands for it must see it by a claim
// that fails (no crash, no time-out), and none may cry on a copy that nobody touched. Small slips
// besides must fail the suite beside them. Usage: node run-sabotage.ts [--only WORDS]
import {execFile} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs, promisify} from 'node:util';
import {MUTATIONS, type Mutation} from './mutations.ts';
import {type Edit, SABOTAGES, type Sabotage} from './sabotages.ts';
import type {Broken} from './watchmen.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
/** A sabotaged program may hang; that is not the way in which it is to be caught. */
const LIMIT_MS = 300_000;

const {values} = parseArgs({options: {only: {type: 'string'}}});
const only = values.only ?? '';
const untouched = await onCopy([], watch);
for (const {title, because} of untouched) {
  console.log(`the program as it is breaks: ${title}: ${because}`);
}
const slips = MUTATIONS.filter(({what}) => what.includes(only));
let noticed = 0;
for (const slip of slips) noticed += (await isNoticed(slip)) ? 1 : 0;
console.log(`small slips noticed: ${noticed}/${slips.length}`);
const chosen = SABOTAGES.filter(({what}) => what.includes(only));
let caught = 0;
for (const sabotage of chosen) caught += (await isCaught(sabotage)) ? 1 : 0;
console.log(`caught: ${untouched.length > 0 ? 0 : caught}/${chosen.length}`);
const isWhole = caught === chosen.length && noticed === slips.length;
process.exitCode = isWhole && untouched.length === 0 ? 0 : 1;

/** Whether the watchman who stands for it sees it, for the right reason. */
async function isCaught({what, by, edits}: Sabotage): Promise<boolean> {
  const broken = await onCopy(edits, watch);
  const seen = broken.find(({title}) => title === by);
  const how = seen?.isJudged === true ? 'caught by' : 'NOT CAUGHT as it should be';
  const others = broken.filter(({title}) => title !== by).map(({title}) => title);
  console.log(`${what}: ${how}: ${by}: ${seen?.because ?? 'it holds'}`);
  if (others.length > 0) console.log(`  also broken: ${others.join('; ')}`);
  return seen?.isJudged === true;
}

/** Whether a claim of the suite fails. */
async function isNoticed({what, edit, suite}: Mutation): Promise<boolean> {
  const failed = await onCopy([edit], (folder) => failedClaims(folder, suite));
  console.log(`${what}: ${failed[0] === undefined ? 'SURVIVES' : `noticed by: ${failed[0]}`}`);
  return failed.length > 0;
}

/** Copies the program, edits the copy, looks at it. */
async function onCopy<T>(edits: readonly Edit[], look: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'pvegit-sabotage-'));
  try {
    for (const part of ['src', 'test', 'package.json', 'vitest.config.ts']) {
      cpSync(join(root, part), join(folder, part), {recursive: true});
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of edits) apply(folder, edit);
    return await look(folder);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

function apply(folder: string, {file, from, to}: Edit): void {
  const path = join(folder, file);
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
  writeFileSync(path, parts.join(to));
}

async function watch(folder: string): Promise<readonly Broken[]> {
  const program = join(folder, 'test/sabotage/run-watchmen.ts');
  const {stdout} = await run(process.execPath, [program], {cwd: folder, timeout: LIMIT_MS});
  // Safe: run-watchmen.ts prints exactly this as its last line.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly Broken[];
}

/** Titles of the claims that fail; a suite that cannot be read has none and is our mistake. */
async function failedClaims(folder: string, suite: string): Promise<readonly string[]> {
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const report = join(folder, 'report.json');
  const args = [vitest, 'run', '--reporter=json', `--outputFile=${report}`, suite];
  // It ends with an error where claims fail; what it found is in its report either way.
  await run(process.execPath, args, {cwd: folder, timeout: LIMIT_MS}).catch(() => {});
  // Safe: the shape of vitest's JSON reporter, as far as it is used.
  const {testResults} = JSON.parse(readFileSync(report, 'utf8')) as {
    readonly testResults: readonly {
      readonly assertionResults: readonly {readonly status: string; readonly fullName: string}[];
    }[];
  };
  const claims = testResults.flatMap(({assertionResults}) => assertionResults);
  if (claims.length === 0) throw new Error(`${suite} has no claims`);
  return claims.filter(({status}) => status === 'failed').map(({fullName}) => fullName);
}
