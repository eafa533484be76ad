// Why this exists: whatever goes wrong between us and a repository becomes one of a closed set of
// reasons with a remedy, and none of them can repeat a credential: messages are ours, never a
// program's or a server's text.
import type {SourceError} from '../core/ports.ts';
import {err, type Result} from '../core/result.ts';

const REMEDIES: {readonly [kind in SourceError['kind']]: string} = {
  unreachable: 'Check the URL, the network and the remote; until then nothing newer is followed.',
  timeout: 'Check the remote and the network; until then nothing newer is followed.',
  unauthorised: 'Check the token, key or known hosts of this source and what they may read.',
  'branch-missing': 'Restore the branch, or change `branch:` of this source.',
  'path-missing':
    'Restore the path, or change `path:` of this source. Nothing is deleted meanwhile.',
  rewritten: 'Look at the new history, then run `pvegit source accept`.',
  signature: 'Sign the commits with a key that the allowed signers file names.',
  'too-large': 'Narrow `path:`, take big files out of the repository, or use `engine: program`.',
  refused: 'Correct this source in the configuration.',
  corrupt: 'The mirror is fetched anew by itself; if it stays, check the remote with `git fsck`.',
  cancelled: 'Nothing to do.',
};

/** A reason with its standing remedy, or with a nearer one. */
export function failure(
  kind: SourceError['kind'],
  message: string,
  remedy: string = REMEDIES[kind],
): SourceError {
  return {kind, message, remedy};
}

/** The same as a Result. */
export function fail(
  kind: SourceError['kind'],
  message: string,
  remedy?: string,
): Result<never, SourceError> {
  return err(failure(kind, message, remedy));
}

/**
 * What the system refused (a full disk, a folder that may not be written), by its code such as
 * `ENOSPC`; null: it was no such thing, but a mistake of ours.
 */
export function systemCode(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null;
}

/** Why a signal ended something: its deadline, or somebody who wanted it to end. */
export function aborted(signal: AbortSignal): SourceError {
  const {reason} = signal;
  const late = reason instanceof DOMException && reason.name === 'TimeoutError';
  return late
    ? failure('timeout', 'the remote did not finish in time')
    : failure('cancelled', 'the fetch was cancelled');
}
