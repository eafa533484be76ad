// Why this exists: ssh and file remotes, and repositories too big to hold in memory, are mirrored
// by the git program. Its words are sorted into our reasons here and never shown: they may repeat
// what it was told.
import {mkdir, readdir, rm} from 'node:fs/promises';
import type {SourceError} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {createGit, type Git, type GitFailure, type GitSettings} from '../programs/git.ts';
import type {Engine, Objects} from './engine.ts';
import {aborted, fail, failure} from './failure.ts';
import {gitReason} from './git-words.ts';
import {countPacks, isShallow} from './mirror.ts';

/** What the git program's engine needs; the authorization is asked for before each request. */
export interface ProgramSettings {
  readonly git: Omit<GitSettings, 'authorization'>;
  readonly authorization: () => Promise<Result<string | null, SourceError>>;
  readonly maxTotalBytes: number;
  /** From this many packs on the mirror is repacked. */
  readonly maxPacks: number;
}

/** An engine for every protocol that the git program speaks and we allow. */
export function createProgramEngine(settings: ProgramSettings): Engine {
  const {gitDir, branch} = settings.git;
  const offline = createGit({...settings.git, authorization: null});
  const online = async <T>(
    signal: AbortSignal,
    run: (git: Git) => Promise<Result<T, GitFailure>>,
  ): Promise<Result<T, SourceError>> => {
    const authorization = await settings.authorization();
    if (!authorization.ok) return authorization;
    const ready = await ensureMirror(offline, gitDir, signal);
    if (!ready.ok) return ready;
    const git = createGit({...settings.git, authorization: authorization.value});
    return toSource(await run(git), signal, branch);
  };
  return {
    tip: (signal) => online(signal, (git) => git.remoteTip(signal)),
    async fetch(signal) {
      const fetched = await online(signal, (git) => git.fetch(signal));
      if (fetched.ok && (await countPacks(gitDir)) >= settings.maxPacks) {
        const compacted = fromMirror(await offline.compact(signal), signal);
        if (!compacted.ok) return compacted;
      }
      return fetched;
    },
    async objects(ids, maxBytes, signal) {
      const few = await readFew(offline, ids, maxBytes, signal);
      if (few !== null) return ok(few);
      const sizes = fromMirror(await offline.sizes(ids, signal), signal);
      if (!sizes.ok) return sizes;
      const {wanted, tooLarge, total} = sortBySize(sizes.value, maxBytes);
      if (total > settings.maxTotalBytes) {
        return fail(
          'too-large',
          `the files hold more than ${settings.maxTotalBytes} bytes together`,
        );
      }
      const read = toSource(
        await offline.objects(wanted, {maxBytes: total}, signal),
        signal,
        branch,
      );
      return read.ok ? ok({found: read.value, tooLarge} satisfies Objects) : read;
    },
    async isAncestor(older, newer, signal) {
      const known = fromMirror(await offline.sizes([older], signal), signal);
      if (!known.ok) return known;
      if (!known.value.has(older)) return ok((await isShallow(gitDir)) ? null : false);
      const answer = fromMirror(await offline.isAncestor(older, newer, signal), signal);
      if (!answer.ok || answer.value) return answer;
      return ok((await isShallow(gitDir)) ? null : false);
    },
    async commitsBetween(older, newer, limit, signal) {
      const listed = await offline.commitsBetween(older, newer, limit + 1, signal);
      const ids = fromMirror(listed, signal);
      return ids.ok && ids.value.length > limit ? ok(null) : ids;
    },
    rest() {},
    reset: () => rm(gitDir, {recursive: true, force: true}),
  };
}

/** Beyond this, starting one program less is no gain. */
const FEW_OBJECTS = 500;
const FEW_BYTES = 8 * 1024 * 1024;

/**
 * A few objects without asking for their sizes first, which is another program to start; null when
 * they are many, or too much together: then sizes come first, and reasons from there.
 */
async function readFew(
  git: Git,
  ids: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<Objects | null> {
  if (ids.length > FEW_OBJECTS) return null;
  const read = await git.objects(ids, {maxBytes: FEW_BYTES}, signal);
  if (!read.ok) return null;
  const all = [...read.value];
  return {
    found: new Map(all.filter(([, {bytes}]) => bytes.length <= maxBytes)),
    tooLarge: new Set(all.flatMap(([id, {bytes}]) => (bytes.length > maxBytes ? [id] : []))),
  };
}

async function ensureMirror(
  git: Git,
  gitDir: string,
  signal: AbortSignal,
): Promise<Result<null, SourceError>> {
  const names: readonly string[] = await readdir(gitDir).catch(() => []);
  if (['HEAD', 'config', 'objects', 'refs'].every((name) => names.includes(name))) return ok(null);
  await rm(gitDir, {recursive: true, force: true});
  await mkdir(gitDir, {recursive: true, mode: 0o700});
  return fromMirror(await git.init(signal), signal);
}

function sortBySize(
  sizes: ReadonlyMap<string, number>,
  maxBytes: number,
): {readonly wanted: string[]; readonly tooLarge: ReadonlySet<string>; readonly total: number} {
  const wanted: string[] = [];
  const tooLarge = new Set<string>();
  let total = 0;
  for (const [id, size] of sizes) {
    if (size > maxBytes) tooLarge.add(id);
    else {
      wanted.push(id);
      total += size + 100;
    }
  }
  return {wanted, tooLarge, total};
}

function toSource<T>(
  result: Result<T, GitFailure>,
  signal: AbortSignal,
  branch: string,
): Result<T, SourceError> {
  return result.ok ? result : err(reasonOf(result.error, signal, branch));
}

/** A mirror of ours that git cannot read is damaged, whatever its words. */
function fromMirror<T>(result: Result<T, GitFailure>, signal: AbortSignal): Result<T, SourceError> {
  const damaged = !result.ok && result.error.kind === 'exit' && !signal.aborted;
  return damaged ? fail('corrupt', 'the mirror is damaged') : toSource(result, signal, '');
}

function reasonOf(cause: GitFailure, signal: AbortSignal, branch: string): SourceError {
  if (signal.aborted) return aborted(signal);
  switch (cause.kind) {
    case 'output':
      return failure('refused', cause.message);
    case 'exit':
      return gitReason(cause.stderr, branch) ?? failure('unreachable', exitMessage(cause.exitCode));
    case 'program':
      return programReason(cause.failure);
  }
}

function exitMessage(exitCode: number): string {
  return `git ended with exit code ${exitCode}`;
}

function programReason(cause: {readonly kind: string; readonly message: string}): SourceError {
  if (cause.kind === 'timeout') return failure('timeout', 'the remote did not finish in time');
  if (cause.kind === 'cancelled') return failure('cancelled', 'the fetch was cancelled');
  if (cause.kind === 'too-much-output') return failure('too-large', 'git listed too much');
  if (cause.kind === 'missing') {
    return failure('refused', 'this source needs the git program, which is not installed');
  }
  return failure('unreachable', cause.message);
}
