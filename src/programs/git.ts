// Why this exists: git is run in one way only: on a bare mirror of ours, without hooks, templates,
// helpers, prompts or anybody's configuration, over exactly one protocol, with `--` before whatever
// came from a configuration file. Credentials travel in the environment, never in arguments.
import {err, ok, type Result} from '../core/result.ts';
import {type ProgramExit, type ProgramFailure, runProgram} from './run-program.ts';
import {type SshSettings, sshCommand} from './ssh.ts';

/** One mirror and the one branch of the one remote that it follows. */
export interface GitSettings {
  /** Absolute path of the bare repository. */
  readonly gitDir: string;
  readonly url: string;
  readonly protocol: 'https' | 'http' | 'ssh' | 'file';
  readonly branch: string;
  /** What git may see of our environment, from `scrubbedEnvironment`. */
  readonly env: {readonly [name: string]: string};
  readonly ssh: SshSettings | null;
  /** Whole value of the Authorization header, sent to the origin of `url` only; null for none. */
  readonly authorization: string | null;
  /** PEM file of the authorities for https; null for the system's. */
  readonly caFile: string | null;
  /** For what talks to the remote. */
  readonly timeoutMs: number;
}

/** Why git gave nothing. `stderr` may repeat the URL; only its classification may be shown. */
export type GitFailure =
  | {readonly kind: 'program'; readonly failure: ProgramFailure}
  | {readonly kind: 'exit'; readonly exitCode: number; readonly stderr: string}
  | {readonly kind: 'output'; readonly message: string};

/** An object as git stores it, without its header. */
export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** What can be asked of a mirror. Every answer is a Result; nothing throws. */
export interface Git {
  init(signal?: AbortSignal): Promise<Result<null, GitFailure>>;
  /** The branch's commit at the remote, null when it has no such branch. One light request. */
  remoteTip(signal?: AbortSignal): Promise<Result<string | null, GitFailure>>;
  /** Brings the branch's history into the mirror and gives its tip. */
  fetch(signal?: AbortSignal): Promise<Result<string, GitFailure>>;
  /** Size in bytes by id; an id that the mirror lacks is left out. */
  sizes(
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<Result<ReadonlyMap<string, number>, GitFailure>>;
  /** Objects by id; an id that the mirror lacks is left out. */
  objects(
    ids: readonly string[],
    limit: {readonly maxBytes: number},
    signal?: AbortSignal,
  ): Promise<Result<ReadonlyMap<string, GitObject>, GitFailure>>;
  isAncestor(
    older: string,
    newer: string,
    signal?: AbortSignal,
  ): Promise<Result<boolean, GitFailure>>;
  /** Ids of the commits that `newer` has and `older` has not, newest first, at most `limit`. */
  commitsBetween(
    older: string,
    newer: string,
    limit: number,
    signal?: AbortSignal,
  ): Promise<Result<readonly string[], GitFailure>>;
  /** One pack out of many, without what no ref reaches. */
  compact(signal?: AbortSignal): Promise<Result<null, GitFailure>>;
}

/** Where the followed branch lies: outside refs/heads, so that nothing else moves it. */
const HEAD_REF = 'refs/pvegit/head';
/** For what reads the mirror only: git with a warm or cold disk, never the network. */
const LOCAL_TIMEOUT_MS = 60_000;
/** Bound on the listing of refs and of commits. */
const LIST_BYTES = 16 * 1024 * 1024;

/** Git on one mirror. Starts nothing by itself. */
export function createGit(settings: GitSettings): Git {
  const {gitDir, url, branch} = settings;
  const env = gitEnvironment(settings);
  if (!env.ok) return refusingGit(env.error);
  const run = runner(gitDir, env.value);
  const remote = (args: readonly string[], signal: AbortSignal | undefined) =>
    run(args, {signal, timeoutMs: settings.timeoutMs});
  const local = (args: readonly string[], signal?: AbortSignal, input?: string) =>
    run(args, {signal, timeoutMs: LOCAL_TIMEOUT_MS, input});
  return {
    async init(signal) {
      const args = ['init', '--bare', '--quiet', '--template=', '--', gitDir];
      return done(await local(args, signal));
    },
    async remoteTip(signal) {
      const ref = `refs/heads/${branch}`;
      const out = await remote(['ls-remote', '--heads', '--', url, ref], signal);
      return out.ok ? ok(tipOf(text(out.value.stdout), ref)) : out;
    },
    async fetch(signal) {
      const out = await remote([...FETCH, '--', url, `+refs/heads/${branch}:${HEAD_REF}`], signal);
      if (!out.ok) return out;
      const head = await local(
        ['rev-parse', '--verify', '--quiet', `${HEAD_REF}^{commit}`],
        signal,
      );
      return head.ok ? ok(text(head.value.stdout).trim()) : head;
    },
    async sizes(ids, signal) {
      if (ids.length === 0) return ok(new Map());
      const out = await local(['cat-file', '--batch-check'], signal, lines(ids));
      return out.ok ? ok(parseSizes(text(out.value.stdout))) : out;
    },
    async objects(ids, {maxBytes}, signal) {
      if (ids.length === 0) return ok(new Map());
      const bound = {signal, timeoutMs: LOCAL_TIMEOUT_MS, input: lines(ids)};
      const out = await run(['cat-file', '--batch'], {...bound, maxBytes: maxBytes + LIST_BYTES});
      return out.ok ? parseObjects(out.value.stdout) : out;
    },
    async isAncestor(older, newer, signal) {
      const out = await local(['merge-base', '--is-ancestor', older, newer], signal);
      if (out.ok) return ok(true);
      return out.error.kind === 'exit' && out.error.exitCode === 1 ? ok(false) : out;
    },
    async commitsBetween(older, newer, limit, signal) {
      const args = ['rev-list', `--max-count=${limit}`, newer, `^${older}`, '--'];
      const out = await local(args, signal);
      return out.ok ? ok(text(out.value.stdout).split('\n').filter(Boolean)) : out;
    },
    async compact(signal) {
      const packed = await local(['repack', '-a', '-d', '-q'], signal);
      return packed.ok ? done(await local(['prune', '--expire=now'], signal)) : packed;
    },
  };
}

const FETCH = [
  'fetch',
  '--quiet',
  '--force',
  '--no-tags',
  '--no-recurse-submodules',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
] as const;

interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly input?: string | undefined;
  readonly maxBytes?: number;
}

type Run = (
  args: readonly string[],
  options: RunOptions,
) => Promise<Result<ProgramExit, GitFailure>>;

function runner(gitDir: string, env: {readonly [name: string]: string}): Run {
  return async (args, {signal, timeoutMs, input, maxBytes = LIST_BYTES}) => {
    const exit = await runProgram({
      file: 'git',
      args,
      cwd: gitDir,
      env,
      timeoutMs,
      maxBytes,
      ...(input === undefined ? {} : {input}),
      ...(signal === undefined ? {} : {signal}),
    });
    if (!exit.ok) return err({kind: 'program', failure: exit.error});
    const {exitCode, stderr} = exit.value;
    return exitCode === 0 ? ok(exit.value) : err({kind: 'exit', exitCode, stderr});
  };
}

/** The whole environment of git, its configuration included: nothing of it stands in arguments. */
function gitEnvironment(settings: GitSettings): Result<{readonly [name: string]: string}, string> {
  const ssh = settings.ssh === null ? ok('false') : sshCommand(settings.ssh);
  if (!ssh.ok) return ssh;
  const options = gitOptions(settings);
  const config = options.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return ok({
    ...settings.env,
    HOME: '/nonexistent',
    GIT_DIR: settings.gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: settings.protocol,
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'false',
    SSH_ASKPASS: 'false',
    GIT_SSH_COMMAND: ssh.value,
    GIT_SSH_VARIANT: 'ssh',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_COUNT: String(options.length),
    ...Object.fromEntries(config),
  });
}

function gitOptions(settings: GitSettings): readonly (readonly [string, string])[] {
  const options: [string, string][] = [
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['credential.helper', ''],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['fetch.fsckObjects', 'true'],
    ['fetch.unpackLimit', '1'],
    ['http.followRedirects', 'false'],
    ['http.proxy', ''],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '30'],
  ];
  if (settings.caFile !== null) options.push(['http.sslCAInfo', settings.caFile]);
  if (settings.authorization !== null && URL.canParse(settings.url)) {
    const {origin} = new URL(settings.url);
    options.push([`http.${origin}/.extraHeader`, `Authorization: ${settings.authorization}`]);
  }
  return options;
}

function refusingGit(message: string): Git {
  const refuse = async (): Promise<Result<never, GitFailure>> => err({kind: 'output', message});
  return {
    init: refuse,
    remoteTip: refuse,
    fetch: refuse,
    sizes: refuse,
    objects: refuse,
    isAncestor: refuse,
    commitsBetween: refuse,
    compact: refuse,
  };
}

function done(result: Result<ProgramExit, GitFailure>): Result<null, GitFailure> {
  return result.ok ? ok(null) : result;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const lines = (ids: readonly string[]): string => `${ids.join('\n')}\n`;

function tipOf(listing: string, ref: string): string | null {
  for (const line of listing.split('\n')) {
    const [id, name] = line.split('\t');
    if (name === ref && id !== undefined) return id;
  }
  return null;
}

function parseSizes(listing: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const line of listing.split('\n')) {
    const [id, , size] = line.split(' ');
    if (id !== undefined && size !== undefined) sizes.set(id, Number(size));
  }
  return sizes;
}

/** Reads `<id> <type> <size>\n<bytes>\n` and `<id> missing\n`, as `cat-file --batch` writes. */
function parseObjects(bytes: Uint8Array): Result<ReadonlyMap<string, GitObject>, GitFailure> {
  const objects = new Map<string, GitObject>();
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    const [id, type, size] = text(bytes.subarray(at, end < 0 ? bytes.length : end)).split(' ');
    if (end < 0 || id === undefined || type === undefined) return cutShort();
    at = end + 1;
    if (size === undefined) continue;
    const stop = at + Number(size);
    if (!(stop < bytes.length)) return cutShort();
    // Not copied: ten thousand small pieces of memory cost twice of what they hold.
    objects.set(id, {id, type, bytes: bytes.subarray(at, stop)});
    at = stop + 1;
  }
  return ok(objects);
}

function cutShort(): Result<never, GitFailure> {
  return err({kind: 'output', message: 'git ended in the middle of an object'});
}
