// Why this exists: the demo's user: a work tree with the example cluster, and the bare repository
// that the controller follows. Git runs with nobody's configuration.
import {cp, mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {runProgram} from '../../programs/run-program.ts';
import {CommandError} from '../io.ts';

/** A repository to edit, commit and push in. */
export interface DemoRepository {
  /** Where people edit. */
  readonly workTree: string;
  /** What the controller follows. */
  readonly url: string;
  /** Replaces text in a manifest; a text that is not there is a mistake of the demo. */
  edit(file: string, from: string, to: string): Promise<void>;
  remove(file: string): Promise<void>;
  /** Commits everything and pushes; the commit id. */
  commit(message: string): Promise<string>;
  /** Commits everything in place of the last commit and pushes by force; the commit id. */
  rewrite(message: string): Promise<string>;
}

/** With these, `git commit` and `git push` work in the work tree as they are typed. */
const OWN_SETTINGS = {
  'user.name': 'Demo',
  'user.email': 'demo@example.invalid',
  'commit.gpgsign': 'false',
  'push.default': 'current',
} as const;
const GIT_TIMEOUT_MS = 30_000;
const MOST_OUTPUT = 1024 * 1024;

/** Makes both repositories in `folder` from the example cluster in `example`. */
export async function createRepository(folder: string, example: string): Promise<DemoRepository> {
  const bare = join(folder, 'infra.git');
  const workTree = join(folder, 'infra');
  const manifests = join(workTree, 'clusters', 'harness');
  await mkdir(manifests, {recursive: true});
  await cp(example, manifests, {recursive: true});
  await git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  await git(workTree, ['init', '--quiet', '--initial-branch=main']);
  await git(workTree, ['remote', 'add', 'origin', bare]);
  // Whoever tries it may have no configuration of git's, or one that signs commits.
  for (const [name, value] of Object.entries(OWN_SETTINGS)) {
    await git(workTree, ['config', name, value]);
  }
  const repository: DemoRepository = {
    workTree,
    url: `file://${bare}`,
    edit: async (file, from, to) => {
      const path = join(manifests, file);
      const text = await readFile(path, 'utf8');
      if (!text.includes(from)) {
        throw new CommandError(`the demo expects "${from}" in ${file}`, 'This is our mistake.');
      }
      await writeFile(path, text.replace(from, to));
    },
    remove: async (file) => {
      await git(workTree, ['rm', '--quiet', '--', join('clusters', 'harness', file)]);
    },
    commit: async (message) => {
      await git(workTree, ['add', '--all']);
      await git(workTree, ['commit', '--quiet', '--message', message]);
      await git(workTree, ['push', '--quiet', 'origin', 'main']);
      return (await git(workTree, ['rev-parse', 'HEAD'])).trim();
    },
    rewrite: async (message) => {
      await git(workTree, ['commit', '--quiet', '--all', '--amend', '--message', message]);
      await git(workTree, ['push', '--quiet', '--force', 'origin', 'main']);
      return (await git(workTree, ['rev-parse', 'HEAD'])).trim();
    },
  };
  await repository.commit('The harness: a graph database, a project server, two machines');
  return repository;
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  const ran = await runProgram({
    file: 'git',
    args,
    cwd,
    env: environment(cwd),
    timeoutMs: GIT_TIMEOUT_MS,
    maxBytes: MOST_OUTPUT,
  });
  if (!ran.ok) throw new CommandError(ran.error.message, 'The demo needs the git program.');
  if (ran.value.exitCode !== 0) {
    throw new CommandError(`git ${args[0] ?? ''} failed: ${ran.value.stderr.trim()}`, '');
  }
  return new TextDecoder().decode(ran.value.stdout);
}

function environment(home: string): {readonly [name: string]: string} {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Demo',
    GIT_AUTHOR_EMAIL: 'demo@example.invalid',
    GIT_COMMITTER_NAME: 'Demo',
    GIT_COMMITTER_EMAIL: 'demo@example.invalid',
  };
}
