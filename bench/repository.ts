// Why this exists: a repository with thousands of manifests, made in one go by git's own importer.
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';

/** A bare repository that commits are poured into. */
export interface BenchRepository {
  readonly url: string;
  /** Adds a commit with these files to `main`. */
  commit(subject: string, files: {readonly [path: string]: string}): void;
}

/** Makes an empty one in a folder. */
export function createRepository(folder: string): BenchRepository {
  const bare = join(folder, 'fleet.git');
  let commits = 0;
  git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', bare], '');
  return {
    url: `file://${bare}`,
    commit: (subject, files) => {
      const from = commits === 0 ? '' : 'from refs/heads/main^0\n';
      commits += 1;
      const changes = Object.entries(files).map(
        ([path, text]) => `M 100644 inline ${path}\n${data(text)}`,
      );
      const who = `Bench <bench@example.invalid> ${1_767_600_000 + commits} +0000`;
      const head = `commit refs/heads/main\ncommitter ${who}\n${data(subject)}${from}`;
      git(bare, ['fast-import', '--quiet'], `${head}${changes.join('')}\ndone\n`);
    },
  };
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function git(cwd: string, args: readonly string[], input: string): void {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  execFileSync('git', [...args], {cwd, env, input, stdio: ['pipe', 'ignore', 'inherit']});
}
