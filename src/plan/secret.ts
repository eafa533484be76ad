// Why this exists: a secret cannot be read back, so whether it changed is told by keyed hashes.
import type {Cause} from '../core/action.ts';
import type {FieldValue, Observed, ResourceRecord} from '../core/model.ts';

/** What is known of one declared secret. */
export interface SecretInput {
  readonly path: string;
  readonly observed: Observed;
  readonly record: ResourceRecord | null;
  /** Hash of the declared value; undefined when it could not be read. */
  readonly hash: string | undefined;
  readonly rewrite: boolean;
}

/** The cause of a difference of a secret, or null where it is taken as unchanged (config.md). */
export function secretCause(input: SecretInput): Cause | null {
  const {path, observed, record, hash} = input;
  const recorded = record?.secretHashes[path];
  if (!isSet(observed, path)) return recorded === undefined ? unsetCause(record) : 'drift';
  if (hash === undefined) return null;
  if (recorded === undefined) return input.rewrite ? 'pending' : null;
  return recorded === hash ? null : 'pending';
}

/** Whether the live object has any value there. */
export function isSet(observed: Observed, path: string): boolean {
  return liveValue(observed, path) !== undefined || observed.unreadable.includes(path);
}

/** What is configured there; null and no key both mean nothing. */
export function liveValue(observed: Observed, path: string): FieldValue | undefined {
  return observed.body[path] ?? undefined;
}

function unsetCause(record: ResourceRecord | null): Cause {
  return record ? 'pending' : 'conflict';
}
