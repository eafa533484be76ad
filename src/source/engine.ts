// Why this exists: the two ways to a repository (in process over HTTPS, and the git program) answer
// the same questions, so that what is read, refused and verified does not depend on the way.
import type {SourceError} from '../core/ports.ts';
import type {Result} from '../core/result.ts';

/** An object as it stands in the repository, without its header. */
export interface RawObject {
  readonly id: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** A mirror of one branch of one remote. Nothing throws but for our own mistakes. */
export interface Engine {
  /** The branch's commit at the remote, null when it has none. One light request. */
  tip(signal: AbortSignal): Promise<Result<string | null, SourceError>>;
  /** Brings the branch's whole history here and gives its commit. */
  fetch(signal: AbortSignal): Promise<Result<string, SourceError>>;
  /** Those of the objects that the mirror has and that are no larger than `maxBytes` each. */
  objects(
    ids: readonly string[],
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Result<Objects, SourceError>>;
  /** Null when it cannot be told (a history longer than is walked, a shallow remote). */
  isAncestor(
    older: string,
    newer: string,
    signal: AbortSignal,
  ): Promise<Result<boolean | null, SourceError>>;
  /** Commits that `newer` has and `older` has not; null when more than `limit`. */
  commitsBetween(
    older: string,
    newer: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<Result<readonly string[] | null, SourceError>>;
  /** Forgets what it holds in memory; called when a revision has been read. */
  rest(): void;
  /** Throws the mirror away; the next fetch begins anew. */
  reset(): Promise<void>;
}

/** Objects that were found, and the ids of those that are too large. */
export interface Objects {
  readonly found: ReadonlyMap<string, RawObject>;
  readonly tooLarge: ReadonlySet<string>;
}
