// Why this exists: a source that asks for signed commits follows a branch only when every commit
// since the last followed one was signed by somebody whom the operator allowed.
import {readFile} from 'node:fs/promises';
import type {SignatureResult} from '../core/model.ts';
import type {SourceError} from '../core/ports.ts';
import {ok, type Result} from '../core/result.ts';
import {type AllowedSigner, parseAllowedSigners, principalOf} from './allowed-signers.ts';
import {parseCommit} from './commit.ts';
import type {Engine} from './engine.ts';
import {checkSshSignature} from './ssh-signature.ts';
import {isGenuine} from './tree.ts';

/** The namespace of git's own signatures. */
const NAMESPACE = 'git';
/** Commits since the last followed one; more come only from a repository that was replaced. */
const MAX_COMMITS = 5000;
const BATCH = 500;
const COMMIT_BYTES = 4 * 1024 * 1024;

/** What to verify: the head, and from where on. */
export interface Range {
  readonly head: string;
  /** Last followed commit, when the head descends from it; null: the head alone. */
  readonly since: string | null;
  /** Absolute path of the allowed signers file. */
  readonly allowedSigners: string;
}

/** Verifies every new commit. The principal is that of the head. */
export async function verifyCommits(
  engine: Engine,
  range: Range,
  signal: AbortSignal,
): Promise<Result<SignatureResult, SourceError>> {
  const signers = await readSigners(range.allowedSigners);
  if (typeof signers === 'string') return ok({kind: 'bad', because: signers});
  const ids = await commitsOf(engine, range, signal);
  if (!ids.ok) return ids;
  if (ids.value === null) {
    return ok({kind: 'bad', because: `there are more than ${MAX_COMMITS} new commits`});
  }
  let principal = '';
  for (let at = 0; at < ids.value.length; at += BATCH) {
    const batch = ids.value.slice(at, at + BATCH);
    const answer = await engine.objects(batch, COMMIT_BYTES, signal);
    if (!answer.ok) return answer;
    for (const id of batch) {
      const object = answer.value.found.get(id);
      const verdict =
        object?.type === 'commit' && isGenuine(object)
          ? verifyCommit(object.bytes, signers)
          : ({kind: 'bad', because: 'it is missing or damaged'} as const);
      if (verdict.kind === 'bad') {
        return ok({kind: 'bad', because: `commit ${id.slice(0, 12)}: ${verdict.because}`});
      }
      if (id === range.head) ({principal} = verdict);
    }
  }
  return ok({kind: 'good', principal});
}

async function commitsOf(
  engine: Engine,
  {head, since}: Range,
  signal: AbortSignal,
): Promise<Result<readonly string[] | null, SourceError>> {
  if (since === null || since === head) return ok([head]);
  const listed = await engine.commitsBetween(since, head, MAX_COMMITS, signal);
  if (!listed.ok || listed.value === null) return listed;
  return ok([...new Set([head, ...listed.value])]);
}

async function readSigners(file: string): Promise<readonly AllowedSigner[] | string> {
  try {
    const {signers, bad} = parseAllowedSigners(await readFile(file, 'utf8'));
    if (signers.length > 0) return signers;
    const line = bad[0] === undefined ? '' : ` (line ${bad[0]} is not understood)`;
    return `the allowed signers file allows nobody${line}`;
  } catch {
    return 'the allowed signers file cannot be read';
  }
}

type Verdict =
  | {readonly kind: 'good'; readonly principal: string}
  | {readonly kind: 'bad'; readonly because: string};

/** One commit's raw bytes against the allowed signers, as `git verify-commit` judges them. */
export function verifyCommit(bytes: Uint8Array, signers: readonly AllowedSigner[]): Verdict {
  const commit = parseCommit(bytes);
  if (commit === null) return {kind: 'bad', because: 'it is damaged'};
  if (commit.signature === null) return {kind: 'bad', because: 'it is not signed'};
  const checked = checkSshSignature(commit.signature, commit.payload, NAMESPACE);
  if (!checked.ok) return {kind: 'bad', because: checked.error};
  const at = {namespace: NAMESPACE, time: commit.committedAt};
  const principal = principalOf(signers, checked.value.key, at);
  if (principal !== null) return {kind: 'good', principal};
  return {kind: 'bad', because: 'its key is not among the allowed signers at that time'};
}
