// Why this exists: HTTPS repositories need nothing installed: a bare mirror in the data folder,
// kept by a library in this process. The library hands over the pack whole, never throws packs away
// and updates its ref before the pack is there, so all three are minded here.
import * as fs from 'node:fs';
import {mkdir, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import git from 'isomorphic-git';
import type {SourceError} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {type Commit, OBJECT_ID, parseCommit} from './commit.ts';
import type {Engine, Objects, RawObject} from './engine.ts';
import {aborted, fail, failure} from './failure.ts';
import {hasAncestor, newCommits} from './history.ts';
import {createHttp, HttpRefusal} from './http.ts';
import {countPacks, isShallow} from './mirror.ts';

/** What the in-process engine needs. */
export interface BuiltinSettings {
  readonly url: string;
  readonly branch: string;
  /** Absolute path of the mirror. */
  readonly gitDir: string;
  /** Asked before each request, so that a rotated token is taken up. */
  readonly authorization: () => Promise<Result<string | null, SourceError>>;
  readonly caFile: string | null;
  readonly idleMs: number;
  readonly maxPackBytes: number;
  /** From this many packs on the mirror is fetched anew and swapped. */
  readonly maxPacks: number;
}

const HEAD_REF = 'refs/pvegit/head';
/** A rewritten history is walked this far to tell; beyond it the answer is "unknown". */
const MAX_WALK = 20_000;

/** An engine for http and https remotes. */
export function createBuiltinEngine(settings: BuiltinSettings): Engine {
  const {gitDir, branch} = settings;
  let cache: object = {};
  const read = async (id: string): Promise<RawObject | null> => {
    try {
      const where = {fs, gitdir: gitDir, oid: id, cache, format: 'content' as const};
      const {type, object} = await git.readObject(where);
      return object instanceof Uint8Array && type !== undefined ? {id, type, bytes: object} : null;
    } catch (error) {
      if (error instanceof git.Errors.NotFoundError) return null;
      throw error;
    }
  };
  const readCommit = async (id: string) => guard(null, async () => asCommit(await read(id)));
  return {
    tip: (signal) =>
      online(settings, signal, async (http) => {
        const {url} = settings;
        const info = await git.getRemoteInfo2({http, url, protocolVersion: 1});
        // An answer that lists nothing must not be taken for a branch that is gone.
        if (info.protocolVersion !== 1) return fail('corrupt', 'the remote lists no branches');
        return info.refs?.find(({ref}) => ref === `refs/heads/${branch}`)?.oid ?? null;
      }),
    async fetch(signal) {
      cache = {};
      const anew = (await countPacks(gitDir)) >= settings.maxPacks;
      const target = anew ? `${gitDir}.new` : gitDir;
      if (anew) await rm(target, {recursive: true, force: true});
      const fetched = await online(settings, signal, (http) => fetchInto(settings, target, http));
      if (!fetched.ok) await dropHalfPacks(target);
      else if (anew) await swap(target, gitDir);
      return fetched;
    },
    objects: (ids, maxBytes, signal) => guard(signal, () => readAll(ids, maxBytes, read, signal)),
    async isAncestor(older, newer) {
      const walked = await hasAncestor(readCommit, {older, newer, limit: MAX_WALK});
      if (!walked.ok || walked.value !== false) return walked;
      return ok((await isShallow(gitDir)) ? null : false);
    },
    commitsBetween: (older, newer, limit) => newCommits(readCommit, {older, newer, limit}),
    rest() {
      cache = {};
    },
    async reset() {
      cache = {};
      await rm(gitDir, {recursive: true, force: true});
    },
  };
}

async function fetchInto(
  settings: BuiltinSettings,
  gitdir: string,
  http: ReturnType<typeof createHttp>['client'],
): Promise<Result<string, SourceError>> {
  const {url, branch} = settings;
  await mkdir(gitdir, {recursive: true, mode: 0o700});
  await git.init({fs, gitdir, bare: true, defaultBranch: 'main'});
  // The library wants a refspec, which is kept with a remote; nothing else is read from there.
  await git.addRemote({fs, gitdir, remote: 'origin', url, force: true});
  const {fetchHead} = await git.fetch({
    fs,
    http,
    gitdir,
    url,
    remote: 'origin',
    ref: HEAD_REF,
    remoteRef: `refs/heads/${branch}`,
    singleBranch: true,
    tags: false,
  });
  if (fetchHead === null || !OBJECT_ID.test(fetchHead)) {
    return fail('branch-missing', `the remote has no branch \`${branch}\``);
  }
  // Reading it back proves that the pack arrived whole before anything is said to follow it.
  const {type} = await git.readObject({fs, gitdir, oid: fetchHead, format: 'content'});
  if (type !== 'commit') return fail('corrupt', 'the branch does not name a commit');
  await git.writeRef({fs, gitdir, ref: HEAD_REF, value: fetchHead, force: true});
  return ok(fetchHead);
}

/** Runs something with a client of its own; every exception becomes a reason. */
async function online<T>(
  settings: BuiltinSettings,
  signal: AbortSignal,
  run: (http: ReturnType<typeof createHttp>['client']) => Promise<T | Result<T, SourceError>>,
): Promise<Result<T, SourceError>> {
  const authorization = await settings.authorization();
  if (!authorization.ok) return authorization;
  const ca = await readCa(settings.caFile);
  if (!ca.ok) return ca;
  const {url, maxPackBytes: maxBytes, idleMs} = settings;
  const options = {url, authorization: authorization.value, ca: ca.value, maxBytes, idleMs, signal};
  const {client, close} = createHttp(options);
  try {
    return await guard(signal, () => run(client));
  } finally {
    await close();
  }
}

async function readCa(file: string | null): Promise<Result<string | null, SourceError>> {
  if (file === null) return ok(null);
  try {
    return ok(await readFile(file, 'utf8'));
  } catch {
    return fail('refused', 'the file of certificate authorities (`caFile`) cannot be read');
  }
}

/** The library's exceptions as reasons. Also ends the waiting when the signal aborts. */
async function guard<T>(
  signal: AbortSignal | null,
  run: () => Promise<T | Result<T, SourceError>>,
): Promise<Result<T, SourceError>> {
  try {
    const value = await (signal === null ? run() : Promise.race([run(), untilAborted(signal)]));
    return isResult(value) ? value : ok(value);
  } catch (error) {
    return err(reasonOf(error, signal));
  }
}

function isResult<T>(value: T | Result<T, SourceError>): value is Result<T, SourceError> {
  return typeof value === 'object' && value !== null && 'ok' in value;
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  const {promise, reject} = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  return promise;
}

function reasonOf(error: unknown, signal: AbortSignal | null): SourceError {
  if (error instanceof HttpRefusal) return error.error;
  if (signal?.aborted) return aborted(signal);
  const name = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (name === 'NotFoundError') return failure('branch-missing', 'the remote has no such branch');
  if (name === 'ENOSPC') return failure('corrupt', 'the disk of the data folder is full');
  return failure('corrupt', `the remote’s answer could not be used (${name})`);
}

async function readAll(
  ids: readonly string[],
  maxBytes: number,
  read: (id: string) => Promise<RawObject | null>,
  signal: AbortSignal,
): Promise<Objects> {
  const found = new Map<string, RawObject>();
  const tooLarge = new Set<string>();
  for (const id of ids) {
    signal.throwIfAborted();
    const object = await read(id);
    if (object === null) continue;
    if (object.bytes.length > maxBytes) tooLarge.add(id);
    // A copy: what the library gives may be a window into the whole pack.
    else found.set(id, {...object, bytes: Uint8Array.from(object.bytes)});
  }
  return {found, tooLarge};
}

function asCommit(object: RawObject | null): Commit | null {
  return object?.type === 'commit' ? parseCommit(object.bytes) : null;
}

/** A pack without its index is what a broken fetch leaves behind. */
async function dropHalfPacks(gitDir: string): Promise<void> {
  const folder = join(gitDir, 'objects', 'pack');
  const names = new Set(await readdir(folder).catch(() => []));
  for (const name of names) {
    const isHalf = name.endsWith('.pack') && !names.has(name.replace(/pack$/, 'idx'));
    if (isHalf) await rm(join(folder, name), {force: true});
  }
}

async function swap(from: string, to: string): Promise<void> {
  const old = `${to}.old`;
  await rm(old, {recursive: true, force: true});
  await rename(to, old);
  await rename(from, to);
  await rm(old, {recursive: true, force: true});
}
