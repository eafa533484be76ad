// Why this exists: all that one cluster's loop is made of, composed by cli/world.ts or by a test.
import type {Applier} from '../apply/applier.ts';
import type {Approval} from '../core/action.ts';
import type {Kind} from '../core/kind.ts';
import type {Limits, Policy, Scope} from '../core/policy.ts';
import type {Clock, Journal, Log, Pve, Random, Secrets, Source} from '../core/ports.ts';
import type {Metrics} from '../core/report.ts';
import type {Unwritable} from './unwritable.ts';

/** A source as the loop follows it. */
export interface SourceParts {
  readonly source: Source;
  /** For people: URL without credentials, or the folder. */
  readonly repository: string;
  readonly scope: Scope;
  readonly intervalMs: number;
}

/** One cluster's world. */
export interface ClusterParts {
  readonly cluster: string;
  readonly installation: string;
  readonly kinds: readonly Kind[];
  readonly sources: readonly SourceParts[];
  readonly pve: Pve;
  readonly journal: Journal;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly policy: Policy;
  readonly limits: Limits;
  /** VMID of the guest that the controller runs in, on this cluster. */
  readonly selfVmid: number | null;
  /** DMI product UUID of the machine that the controller runs on, lower case. */
  readonly selfUuid: string | null;
  /** Who we are to Proxmox: `user@realm!token`. */
  readonly user: string;
  readonly approvals: () => readonly Approval[];
  /** Null for a pass that only looks. */
  readonly applier: Applier | null;
  /** Why everything waits although nobody forbids it; such a pass has no applier. */
  readonly unwritable?: Unwritable;
}
