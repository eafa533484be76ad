// Why this exists: everything that a verdict depends on, as one value; the gate asks nobody.
import type {Approval, Plan} from '../core/action.ts';
import type {ResourceKey, Risk} from '../core/model.ts';
import type {Limits, Policy, Scope} from '../core/policy.ts';
import type {Suspension} from '../core/ports.ts';

/** All that the verdicts on one plan are a function of. */
export interface GateInput {
  readonly plan: Plan;
  readonly policy: Policy;
  /** By source; a source without a scope may touch nothing. */
  readonly scopes: {readonly [source: string]: Scope};
  readonly approvals: readonly Approval[];
  /** Ids of approvals that an intent was journalled under. */
  readonly spent: ReadonlySet<string>;
  /**
   * Members of sets that were shown, by set fingerprint. An approval of a set holds for what is
   * left of it, while its actions are carried out over several passes.
   */
  readonly sets: {readonly [setFingerprint: string]: readonly string[]};
  /** Who wrote what is wanted of a resource since its record; no entry: not known. */
  readonly authors: {readonly [key: ResourceKey]: readonly string[]};
  readonly suspensions: readonly Suspension[];
  /** The guest this controller runs in, as configured. */
  readonly self: {readonly cluster: string; readonly vmid: number} | null;
  /** Product UUID of the machine this controller runs in. */
  readonly selfUuid: string | null;
  /** ms since the epoch. */
  readonly now: number;
  /** Why the wall clock cannot be relied on; null: it can. */
  readonly clockOff: string | null;
  /** False: the cluster has no quorum; null: not known, as for a single node. */
  readonly quorate: boolean | null;
  /** Resources with an action in flight. */
  readonly applying: ReadonlySet<ResourceKey>;
  /** Resources with a call whose outcome is unknown, and which. */
  readonly unknown: {readonly [key: ResourceKey]: string};
  /** How often drift of a field was corrected in the last hour, by `driftId`. */
  readonly corrections: {readonly [id: string]: number};
  /** Since when a field has drifted, ms since the epoch, by `driftId`. */
  readonly driftSince: {readonly [id: string]: number};
  /** Guests whose newest stop task is another user's. */
  readonly foreignStops: ReadonlySet<ResourceKey>;
  /** What somebody else does on this cluster with our own token; null: nothing that is known. */
  readonly stranger: string | null;
  /** Guests that somebody works on through the breakglass door. */
  readonly breakglass: ReadonlySet<ResourceKey>;
  /** After failures: not before `until`, unless the fingerprint has changed. */
  readonly backoffs: {readonly [key: ResourceKey]: Backoff};
  /** Why forensics of an action failed, by fingerprint. */
  readonly evidenceMissing: {readonly [fingerprint: string]: string};
  /** What runs now, by load (`clone:local-lvm`, `task:pve1`). */
  readonly running: {readonly [load: string]: number};
  readonly limits: Limits;
  readonly windows: {readonly [risk in Risk]: WindowState};
  /** The largest of the last five durations, ms, by name of `durationNames`. */
  readonly took?: {readonly [name: string]: number};
  /** Approvals from before the journal's birth do not count (safety.md 4). */
  readonly journalBirth: number;
}

/** A pause after a failure. */
export interface Backoff {
  /** ms since the epoch. */
  readonly until: number;
  /** Whole fingerprint of the action that failed. */
  readonly fingerprint: string;
  readonly because: string;
}

/** The windows of a class at one moment. */
export interface WindowState {
  /** In an allow window. */
  readonly allowed: boolean;
  /** In a deny window, which wins. */
  readonly denied: boolean;
  /** When what holds now ends, ms since the epoch; null: never. */
  readonly closesAt: number | null;
  /** When the next allow window opens; null: never. */
  readonly opensAt: number | null;
  /** When the next deny window opens; null: never. */
  readonly deniesAt: number | null;
}

/** The name under which corrections and beginnings of drift are counted. */
export function driftId(key: ResourceKey, field: string): string {
  return `${key} ${field}`;
}
