// Why this exists: one fetch of a repository, whatever the way to it: a light question first, then
// the history, then the files that changed, and how all that relates to what was followed before.
// What cannot be read is an error and never an empty revision: nothing may be deleted for it.
import type {Revision, SignatureResult} from '../core/model.ts';
import type {Source, SourceError} from '../core/ports.ts';
import {ok, type Result} from '../core/result.ts';
import {BlobCache} from './blob-cache.ts';
import {type Commit, OBJECT_ID, parseCommit} from './commit.ts';
import type {Engine} from './engine.ts';
import {aborted, fail, systemCode} from './failure.ts';
import {isGenuine, noFile, readTree, type TreeLimits} from './tree.ts';
import {verifyCommits} from './verify-commits.ts';

/** What is followed, and how much of it is taken. */
export interface GitSourceSettings {
  readonly branch: string;
  readonly path: readonly string[];
  readonly timeoutMs: number;
  readonly allowedSigners: string | null;
  readonly bounds: TreeLimits & {readonly cacheBytes: number};
  /** Done once, before the first fetch. */
  readonly prepare: () => Promise<void>;
  /** A signal that aborts, with a TimeoutError, once so many ms are over; by default real ones. */
  readonly deadline?: ((ms: number) => AbortSignal) | undefined;
}

/** The part of a revision that depends on its commit alone. */
type Snapshot = Omit<Revision, 'ancestry' | 'signature'>;

/** A source on top of an engine. Fetches run one after another. */
export function createGitSource(name: string, engine: Engine, settings: GitSourceSettings): Source {
  const cache = new BlobCache(settings.bounds.cacheBytes);
  const follower = {name, engine, settings, cache};
  let current: Snapshot | null = null;
  let queue: Promise<unknown> | null = null;
  const closing = new AbortController();
  const deadlineIn = settings.deadline ?? ((ms) => AbortSignal.timeout(ms));
  const fetchOnce = async (last: string | null, signal: AbortSignal) => {
    const snapshot = await follow(follower, current, signal);
    if (snapshot.ok) current = snapshot.value;
    const revision = snapshot.ok ? await relate(follower, snapshot.value, last, signal) : snapshot;
    engine.rest();
    return revision;
  };
  return {
    name,
    fetch(last, outer) {
      const begun = (queue ?? settings.prepare()).then(() => {
        const deadline = deadlineIn(settings.timeoutMs);
        const signals = [closing.signal, deadline, ...(outer === undefined ? [] : [outer])];
        const signal = AbortSignal.any(signals);
        if (signal.aborted) return fail('cancelled', aborted(signal).message);
        return fetchOnce(last, signal);
      });
      const turn = begun.catch(refusedBySystem);
      queue = turn.catch(() => {});
      return turn;
    },
    watch: () => () => {},
    async close() {
      closing.abort();
      await queue;
    },
  };
}

/** The disk of the mirror may be full or read-only for a while: the world's failure, not ours. */
function refusedBySystem(error: unknown): Result<never, SourceError> {
  const code = systemCode(error);
  if (code === null) throw error;
  const remedy = 'Look at the data folder: room, rights, and the file system it is on.';
  return fail('unreachable', `the mirror cannot be used (${code})`, remedy);
}

interface Follower {
  readonly name: string;
  readonly engine: Engine;
  readonly settings: GitSourceSettings;
  readonly cache: BlobCache;
}

async function follow(
  follower: Follower,
  current: Snapshot | null,
  signal: AbortSignal,
): Promise<Result<Snapshot, SourceError>> {
  const {engine, settings} = follower;
  const tip = await engine.tip(signal);
  if (!tip.ok) return tip;
  if (tip.value === null) {
    return fail('branch-missing', `the remote has no branch \`${settings.branch}\``);
  }
  if (!OBJECT_ID.test(tip.value)) return fail('corrupt', 'the remote names no commit');
  if (current?.commit === tip.value) return ok(current);
  const known = await bring(follower, tip.value, signal);
  if (known.ok || known.error.kind !== 'corrupt') return known;
  // A damaged mirror heals by being thrown away; a damaged remote says the same again.
  await engine.reset();
  return bring(follower, null, signal);
}

/** Reads a commit, fetching it first unless the mirror has it already (after a restart). */
async function bring(
  follower: Follower,
  tip: string | null,
  signal: AbortSignal,
): Promise<Result<Snapshot, SourceError>> {
  const {engine} = follower;
  if (tip !== null) {
    const known = await readCommit(engine, tip, signal);
    if (known.ok && known.value !== null) return snapshot(follower, tip, known.value, signal);
  }
  const fetched = await engine.fetch(signal);
  if (!fetched.ok) return fetched;
  const commit = await readCommit(engine, fetched.value, signal);
  if (!commit.ok) return commit;
  if (commit.value === null) return fail('corrupt', 'the fetched commit is missing or damaged');
  return snapshot(follower, fetched.value, commit.value, signal);
}

const COMMIT_BYTES = 4 * 1024 * 1024;

async function readCommit(
  engine: Engine,
  id: string,
  signal: AbortSignal,
): Promise<Result<Commit | null, SourceError>> {
  const answer = await engine.objects([id], COMMIT_BYTES, signal);
  if (!answer.ok) return answer;
  const object = answer.value.found.get(id);
  return ok(object?.type === 'commit' && isGenuine(object) ? parseCommit(object.bytes) : null);
}

async function snapshot(
  follower: Follower,
  id: string,
  commit: Commit,
  signal: AbortSignal,
): Promise<Result<Snapshot, SourceError>> {
  const {name, engine, settings, cache} = follower;
  const reader = {engine, cache, limits: settings.bounds, signal};
  const listing = await readTree(reader, commit.tree, settings.path);
  if (!listing.ok) return listing;
  const {files, skipped} = listing.value;
  if (files.length === 0) return fail('path-missing', `the followed path ${noFile(skipped)}`);
  return ok({
    source: name,
    commit: id,
    branch: settings.branch,
    author: commit.author,
    subject: commit.subject,
    committedAt: commit.committedAt,
    files,
    skipped,
  });
}

async function relate(
  follower: Follower,
  current: Snapshot,
  last: string | null,
  signal: AbortSignal,
): Promise<Result<Revision, SourceError>> {
  const ancestry = await ancestryOf(follower.engine, current.commit, last, signal);
  if (!ancestry.ok) return ancestry;
  const {commit: head} = current;
  const since = ancestry.value === 'descendant' ? last : null;
  const signature = await signatureOf(follower, {head, since}, signal);
  if (!signature.ok) return signature;
  return ok({...current, ancestry: ancestry.value, signature: signature.value});
}

async function signatureOf(
  {engine, settings}: Follower,
  range: {readonly head: string; readonly since: string | null},
  signal: AbortSignal,
): Promise<Result<SignatureResult, SourceError>> {
  const {allowedSigners} = settings;
  if (allowedSigners === null) return ok({kind: 'unchecked'});
  return verifyCommits(engine, {...range, allowedSigners}, signal);
}

async function ancestryOf(
  engine: Engine,
  commit: string,
  last: string | null,
  signal: AbortSignal,
): Promise<Result<Revision['ancestry'], SourceError>> {
  if (last === null) return ok('first');
  if (last === commit) return ok('same');
  if (!OBJECT_ID.test(last)) return ok('unknown');
  const answer = await engine.isAncestor(last, commit, signal);
  if (!answer.ok) return answer;
  if (answer.value === null) return ok('unknown');
  return ok(answer.value ? 'descendant' : 'rewritten');
}
