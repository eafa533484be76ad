// Why this exists: what is measured is the program as it is shipped, built, and not the reading of
// its TypeScript.
import {execFileSync} from 'node:child_process';
import {copyFile, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/** The program and the bench's processes as JavaScript. */
export interface Built {
  /** Folder of the bench's processes. */
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

const TOP = fileURLToPath(new URL('..', import.meta.url));

/** Builds into a temporary folder; the compiler's words go to stderr. */
export async function build(): Promise<Built> {
  const folder = await mkdtemp(join(tmpdir(), 'pvegit-bench-built-'));
  const config = {
    extends: join(TOP, 'tsconfig.json'),
    compilerOptions: {noEmit: false, outDir: folder, rootDir: TOP, types: ['node']},
    include: [join(TOP, 'src'), join(TOP, 'bench')],
    exclude: [join(TOP, 'src/**/*.test.ts')],
  };
  const file = join(folder, 'tsconfig.json');
  await writeFile(file, JSON.stringify(config));
  await copyFile(join(TOP, 'package.json'), join(folder, 'package.json'));
  await symlink(join(TOP, 'node_modules'), join(folder, 'node_modules'));
  const compiler = join(TOP, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', file], {stdio: ['ignore', 2, 2]});
  return {
    folder: join(folder, 'bench'),
    remove: () => rm(folder, {recursive: true, force: true}),
  };
}
