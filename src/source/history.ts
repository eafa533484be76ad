// Why this exists: the in-process engine has to tell by itself whether one commit follows from
// another, and which commits are new, reading as few of them as possible.

import type {SourceError} from '../core/ports.ts';
import {ok, type Result} from '../core/result.ts';
import type {Commit} from './commit.ts';
import {fail} from './failure.ts';

/** Reads one commit; null when the mirror lacks it. */
export type ReadCommit = (id: string) => Promise<Result<Commit | null, SourceError>>;

/** Whether `newer` has `older` in its history; null when more than `limit` commits were read. */
export async function hasAncestor(
  read: ReadCommit,
  {older, newer, limit}: {readonly older: string; readonly newer: string; readonly limit: number},
): Promise<Result<boolean | null, SourceError>> {
  const seen = new Set([newer]);
  for (const id of seen) {
    if (id === older) return ok(true);
    if (seen.size > limit) return ok(null);
    const commit = await read(id);
    if (!commit.ok) return commit;
    if (commit.value === null) return ok(null);
    for (const parent of commit.value.parents) seen.add(parent);
  }
  return ok(false);
}

/**
 * Commits that `newer` has and `older` has not, or null when more than `limit`. Newest first by
 * date; with clocks that were wrong it may name too many commits, never too few.
 */
export async function newCommits(
  read: ReadCommit,
  {older, newer, limit}: {readonly older: string; readonly newer: string; readonly limit: number},
): Promise<Result<readonly string[] | null, SourceError>> {
  const queue: {readonly id: string; readonly commit: Commit}[] = [];
  const seen = new Set<string>();
  const old = new Set<string>([older]);
  const fresh: string[] = [];
  const push = async (id: string): Promise<Result<null, SourceError>> => {
    if (seen.has(id)) return ok(null);
    seen.add(id);
    const commit = await read(id);
    if (!commit.ok) return commit;
    if (commit.value === null) return fail('corrupt', 'a commit of the history is missing');
    insert(queue, {id, commit: commit.value});
    return ok(null);
  };
  for (const id of [newer, older]) {
    const pushed = await push(id);
    if (!pushed.ok) return pushed;
  }
  while (queue.some(({id}) => !old.has(id))) {
    const head = queue.shift();
    if (head === undefined) break;
    const isOld = old.has(head.id);
    if (!isOld) fresh.push(head.id);
    if (fresh.length > limit) return ok(null);
    for (const parent of head.commit.parents) {
      if (isOld) old.add(parent);
      const pushed = await push(parent);
      if (!pushed.ok) return pushed;
    }
  }
  return ok(fresh.filter((id) => !old.has(id)));
}

function insert(
  queue: {readonly id: string; readonly commit: Commit}[],
  item: {readonly id: string; readonly commit: Commit},
): void {
  const at = queue.findIndex(({commit}) => commit.committedAt < item.commit.committedAt);
  queue.splice(at < 0 ? queue.length : at, 0, item);
}
