// Why this exists: what every part of carrying out an action needs, handed down as one value.

import type {JsonObject} from '../core/json.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Clock, Journal, Log, Pve, Secrets} from '../core/ports.ts';
import type {Result} from '../core/result.ts';

/** Where forensics go before a step that interrupts or destroys (safety.md 3.9). */
export interface EvidenceStore {
  /** Writes one bundle durably; the value is where it lies. */
  save(name: string, content: JsonObject): Promise<Result<string, {readonly message: string}>>;
}

/** Everything that carrying out actions of one cluster touches. */
export interface ApplyContext {
  readonly cluster: string;
  readonly installation: string;
  readonly kinds: readonly ResourceKind[];
  readonly pve: Pve;
  /** Who we are to Proxmox: `user@realm!token`; tasks of others are not ours. */
  readonly user: string;
  readonly journal: Journal;
  readonly secrets: Secrets;
  readonly evidence: EvidenceStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Commit author and subject by source, for the audit. */
  readonly authorOf: (source: string) => string | null;
}

/** The kind's engine part by name. */
export function kindOf(context: ApplyContext, name: string): ResourceKind | null {
  return context.kinds.find((kind) => kind.name === name) ?? null;
}
