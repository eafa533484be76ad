// Why this exists: suites that catch nothing prove nothing. Each sabotage is applied to a copy of
// the program, and the watchmen run on the copy: at least one of them must see it, and none may
// cry on a copy that nobody touched. Usage: node run-sabotage.ts [--only WORDS]
import {execFile} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs, promisify} from 'node:util';
import {type Edit, SABOTAGES, type Sabotage} from './sabotages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
/** A sabotaged program may hang; a story that takes this long is one that was caught. */
const LIMIT_MS = 120_000;

const {values} = parseArgs({options: {only: {type: 'string'}}});
const chosen = SABOTAGES.filter(({what}) => what.includes(values.only ?? ''));
const untouched = await broken({what: 'nothing', edits: []});
if (untouched.length > 0) console.log(`the program as it is breaks: ${untouched.join('; ')}`);
let caught = 0;
for (const sabotage of chosen) {
  const titles = await broken(sabotage);
  if (titles.length > 0) caught += 1;
  const by = titles.length > 0 ? `caught by: ${titles.join('; ')}` : 'NOT CAUGHT';
  console.log(`${sabotage.what}: ${by}`);
}
console.log(`caught: ${untouched.length > 0 ? 0 : caught}/${chosen.length}`);
process.exitCode = caught === chosen.length && untouched.length === 0 ? 0 : 1;

/** Titles of the promises that a sabotaged copy breaks. */
async function broken({edits}: Sabotage): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pvegit-sabotage-'));
  try {
    for (const part of ['src', 'test', 'package.json']) {
      cpSync(join(root, part), join(folder, part), {recursive: true});
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of edits) apply(folder, edit);
    return await watch(folder);
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

async function watch(folder: string): Promise<readonly string[]> {
  const program = join(folder, 'test/sabotage/run-watchmen.ts');
  try {
    const {stdout} = await run(process.execPath, [program], {cwd: folder, timeout: LIMIT_MS});
    // Safe: run-watchmen.ts prints a list of titles as its last line.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly string[];
  } catch (error) {
    // Safe: what execFile rejects with has these when the program was started.
    const {killed, stderr} = error as {readonly killed?: boolean; readonly stderr?: string};
    if (killed === true) return ['the stories come to no end'];
    const isOurs = /InvariantError|AssertionError/.test(stderr ?? '');
    if (isOurs) return ['the program stops itself'];
    throw error;
  }
}
