// Why this exists: stories commit by hand: a source whose history is a list of commits in memory,
// and which fails, hangs or rewrites its history when the story says so.
import type {Revision} from '../../src/core/model.ts';
import type {Source, SourceError} from '../../src/core/ports.ts';
import {err, ok, type Result} from '../../src/core/result.ts';
import {revisionOf} from '../builders/revision.ts';

/** Files of a commit by path. */
export type Files = {readonly [path: string]: string};

/** One repository with one branch, shared by every process that follows it. */
export class StoryRepository {
  readonly name: string;
  /** Null: the next fetches fail with this. */
  failure: SourceError | null = null;
  #history: {readonly commit: string; readonly files: Files}[] = [];
  #serial = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Adds a commit on top; returns its id. */
  commit(files: Files): string {
    const commit = this.#nextId();
    this.#history.push({commit, files});
    return commit;
  }

  /** Replaces the whole history by one unrelated commit. */
  rewrite(files: Files): string {
    this.#history = [];
    return this.commit(files);
  }

  /** The branch points at an older commit again. */
  rewind(): void {
    if (this.#history.length > 1) this.#history.pop();
  }

  /** Keeps the newest commits only, as a store that packs does. */
  forget(): void {
    this.#history = this.#history.slice(-2);
  }

  /** Whether a commit that is still known holds a file. */
  speaksOf(commit: string, path: string): boolean {
    const known = this.#history.find((one) => one.commit === commit);
    return known !== undefined && path in known.files;
  }

  /** What the newest commits say of a file, newest first. */
  lately(path: string, commits: number): readonly string[] {
    const newest = this.#history.slice(-commits).toReversed();
    return newest.flatMap(({files}) => files[path] ?? []);
  }

  /** What is on the branch. */
  head(): {readonly commit: string; readonly files: Files} | null {
    return this.#history.at(-1) ?? null;
  }

  /** A follower of this repository. */
  source(): Source {
    return {
      name: this.name,
      fetch: async (last) => this.#fetch(last),
      watch: () => () => {},
      close: async () => {},
    };
  }

  #fetch(last: string | null): Result<Revision, SourceError> {
    if (this.failure !== null) return err(this.failure);
    const head = this.head();
    if (head === null) {
      return err({kind: 'branch-missing', message: 'no commit yet', remedy: 'Push one.'});
    }
    const ancestry = this.#ancestry(last, head.commit);
    const more = {source: this.name, commit: head.commit, ancestry, author: 'ann', subject: 'a'};
    return ok(revisionOf(head.files, more));
  }

  #ancestry(last: string | null, head: string): Revision['ancestry'] {
    if (last === null) return 'first';
    if (last === head) return 'same';
    return this.#history.some(({commit}) => commit === last) ? 'descendant' : 'rewritten';
  }

  #nextId(): string {
    this.#serial += 1;
    return this.#serial.toString(16).padStart(40, 'c');
  }
}
