// Why this exists: what is decided and done: changes, steps, actions, the plan, the gate's
// verdicts, approvals, outcomes and intents. Readonly, plain, JSON.
import type {JsonObject} from './json.ts';
import type {
  ApiCall,
  Body,
  Claim,
  Diagnostic,
  Directives,
  FieldValue,
  KindName,
  ResourceKey,
  Retention,
  Risk,
  SourceRange,
} from './model.ts';

/** Why a field differs (safety.md 1 and 7). */
export type Cause = 'pending' | 'drift' | 'conflict' | 'unmanaged' | 'undetermined';

/** One field of one resource. `from`/`to` undefined in JSON terms is null with `fromAbsent`. */
export interface Change {
  readonly field: string;
  readonly from: FieldValue | undefined;
  readonly to: FieldValue | undefined;
  readonly risk: Risk;
  /** Why it has that risk, as a sentence for people. */
  readonly because: string;
  readonly cause: Cause;
  /** How a person reads from and to; secrets show as `(secret)`. */
  readonly shown: {readonly from: string; readonly to: string};
}

/** What happens to one resource. */
export type Verb =
  | 'none'
  | 'adopt'
  | 'release'
  | 'create'
  | 'update'
  | 'replace'
  | 'delete'
  | 'run';

/** The kinds of call that section 8 of safety.md knows how to find out about. */
export type Operation =
  | 'create'
  | 'clone'
  | 'config'
  | 'allocate'
  | 'resize'
  | 'start'
  | 'stop'
  | 'shutdown'
  | 'reboot'
  | 'reset'
  | 'destroy'
  | 'snapshot'
  | 'delete-snapshot'
  | 'rollback'
  | 'migrate'
  | 'move-disk'
  | 'reassign'
  | 'template'
  | 'cloud-init'
  | 'pool';

/** What must hold right before a step leaves; checked by a fresh read. */
export interface Guard {
  /** VMID the step acts on (a clone: the new one). */
  readonly vmid: number;
  readonly node: string;
  /** absent: nothing has this VMID; ours: marker and witness match; unmarked: adoption. */
  readonly state: 'absent' | 'ours' | 'unmarked';
  /** Null where none is known yet (a guest that this action creates). */
  readonly witness: string | null;
  /** Literal: the plan's digest. chain: that of this action's last read. null: not checked. */
  readonly digest: string | 'chain' | null;
  readonly power: 'running' | 'stopped' | null;
  /** Another resource of the same kind that the call writes to: ours too, and not locked. */
  readonly other?: {
    readonly key: ResourceKey;
    readonly vmid: number;
    readonly node: string;
    readonly witness: string | null;
  };
}

/** One API call as data; a `task` answers with a UPID (or null when it was done at once). */
export interface CallStep {
  readonly kind: 'call' | 'task';
  readonly operation: Operation;
  readonly says: string;
  readonly call: ApiCall;
  readonly guard: Guard;
  /** Fields that this step is about; nothing else may change by it. */
  readonly fields: readonly string[];
  /** What the fields must read afterwards in `/pending`; undefined fields are not checked. */
  readonly expect: Body;
  /** How long to wait for the task; ends the waiting only, never the task. */
  readonly timeoutMs: number;
  /** Parameters for the search of unknown outcomes (safety.md 8), such as {snapname}. */
  readonly target: JsonObject;
}

/** One call or wait, part of an action. */
export type Step =
  | CallStep
  | {
      readonly kind: 'until';
      readonly says: string;
      readonly guard: Guard;
      readonly power: 'running' | 'stopped';
      readonly timeoutMs: number;
    };

/** Closed set of why not, in the order in which the first is shown (safety.md 4). */
export const REFUSALS = [
  'not-ours',
  'identity-changed',
  'vmid-taken',
  'self',
  'protected',
  'out-of-scope',
  'root-only',
  'privilege',
  'ha-managed',
  'shrink',
  'in-use',
] as const;

/** Reasons to wait, in the order in which the first is shown (safety.md section 4). */
export const HOLDS = [
  'incomplete',
  'unknown',
  'clock',
  'no-record',
  'marker-missing',
  'adoption-differs',
  'suspended',
  'breakglass',
  'locked',
  'applying',
  'conflict',
  'contested',
  'blast-radius',
  'approval',
  'window',
  'evidence',
  'limit',
  'cool-down',
  'waiting',
  'observe',
] as const;

/** Why an action is never taken as things stand. */
export type RefuseReason = (typeof REFUSALS)[number];

/** What an action waits for. */
export type HoldReason = (typeof HOLDS)[number];

/** The closed set of reasons not to act. */
export type Reason = RefuseReason | HoldReason;

const PASSING: ReadonlySet<Reason> = new Set(['waiting', 'limit', 'applying']);

/** Whether all pass by themselves within the controller's own work: that is no hold for people. */
export function isPassing(reasons: readonly {readonly reason: Reason}[]): boolean {
  return reasons.every(({reason}) => PASSING.has(reason));
}

/** A reason that the planner already sees (not-ours, shrink, locked …) with its particulars. */
export interface Finding {
  readonly reason: Reason;
  readonly detail: string;
  /** The fields that it is about; left out, it is about the whole action. */
  readonly fields?: readonly string[];
  /** It ends by itself, with another action of the plan. */
  readonly passes?: true;
}

/** Whether it waits for a person: what its kind found wrong ends with no other action. */
export function isStuck({findings}: Pick<Action, 'findings'>): boolean {
  return findings.some(({reason, passes}) => reason === 'waiting' && passes !== true);
}

/** What happens to one resource, complete and final. */
export interface Action {
  /** SHA-256 hex over the canonical content (safety.md 4); shown as its first 16 digits. */
  readonly fingerprint: string;
  readonly key: ResourceKey;
  readonly kind: KindName;
  readonly name: string;
  readonly source: string;
  readonly vmid: number | null;
  readonly node: string | null;
  readonly verb: Verb;
  readonly risk: Risk;
  readonly cause: Cause | null;
  readonly changes: readonly Change[];
  readonly steps: readonly Step[];
  readonly findings: readonly Finding[];
  /** Keys that must be done first. */
  readonly after: readonly ResourceKey[];
  readonly witness: string | null;
  /** What would be lost or interrupted; part of the fingerprint. */
  readonly facts: JsonObject;
  /** Storages and nodes it loads, for limits: `clone:local-lvm`, `task:pve1`. */
  readonly loads: readonly string[];
  readonly claims: readonly Claim[];
  /** The document that asked, when there is one. */
  readonly range: SourceRange | null;
  readonly mode: Directives['mode'];
  /** It only pays what an earlier action, which was allowed, left open: the guest's start. */
  readonly owed?: true;
  /** What the journal shall hold once every step is verified. */
  readonly record: RecordDraft | null;
}

/** Every resource that the calls of an action write to: its own, and who takes a volume over. */
export function touchedKeys({key, steps}: Pick<Action, 'key' | 'steps'>): readonly ResourceKey[] {
  const others = steps.flatMap(({guard}) => guard.other?.key ?? []);
  return [...new Set([key, ...others])];
}

/**
 * The record as it shall be once every step is verified. Final: apply adds only witness and time
 * (`core/record.ts`), because only the planner knows which differences an action leaves alone.
 */
export interface RecordDraft {
  readonly kind: 'keep' | 'forget';
  readonly name: string;
  readonly source: string;
  readonly path: string;
  /** Declared fields. */
  readonly declared: readonly string[];
  /** Fields this action writes; they are ours from the moment the first call leaves. */
  readonly writes: readonly string[];
  /** The record's `wrote` afterwards: what was removed or released is no longer in it. */
  readonly wrote: readonly string[];
  readonly onDelete: 'destroy' | 'retain';
  readonly replaceToken: string | null;
  readonly secretHashes: {readonly [path: string]: string};
  readonly commit: string;
  /**
   * The record's `body` afterwards: Git's value for each declared field that is then as declared,
   * the former base for each difference that this action does not touch (else drift would turn
   * into pending).
   */
  readonly body: Body;
  readonly dependsOn: readonly ResourceKey[];
  /** The record's `detached` afterwards. */
  readonly detached?: {readonly [field: string]: string};
  /** The record's `unfinished` afterwards. */
  readonly unfinished?: true;
  /** The record's `mode` afterwards. */
  readonly mode?: Exclude<Directives['mode'], 'enforce'>;
  /** The record's `owesStart` afterwards. */
  readonly owesStart?: true;
  /** The record's `quarantined` afterwards; null: from the moment of the record. */
  readonly quarantined?: {readonly [volume: string]: number | null};
  /** The record's `retain` afterwards. */
  readonly retain?: Retention;
  /** `wantedHash` of what Git wants of the resource: another one stops the action between steps. */
  readonly wanted: string | null;
}

/** A resource that cannot be acted on yet and why. */
export interface Waiting {
  readonly key: ResourceKey;
  readonly name: string;
  readonly kind: KindName;
  readonly reason: HoldReason;
  readonly detail: string;
}

/** A live guest that nobody manages; its id is such as `qemu/100`. */
export interface Unmanaged {
  readonly id: string;
  readonly name: string | null;
  readonly node: string;
}

/** f(Desired, Inventory, Record[]). Immutable; no choice is left at execution. */
export interface Plan {
  readonly cluster: string;
  readonly installation: string;
  /** Commit by source. */
  readonly revisions: {readonly [source: string]: string};
  readonly takenAt: number;
  /** In order; includes verb none. */
  readonly actions: readonly Action[];
  readonly waiting: readonly Waiting[];
  readonly diagnostics: readonly Diagnostic[];
  /** Live guests that nobody manages, in order; null: the list of guests could not be read. */
  readonly unmanaged: readonly Unmanaged[] | null;
  /** Guests with our marker and record. */
  readonly managed: number;
  readonly pruneCandidates: readonly ResourceKey[];
  /** Hash of the sorted fingerprints of the destructive actions. */
  readonly setFingerprint: string | null;
}

/** The gate's word on one action. `reasons` is empty for allow; the first is the one shown. */
export interface Verdict {
  readonly fingerprint: string;
  readonly key: ResourceKey;
  readonly verdict: 'allow' | 'hold' | 'refuse';
  readonly reasons: readonly {
    readonly reason: Reason;
    readonly detail: string;
    readonly remedy: string;
  }[];
  /** The approval that this rests on, spent when the first intent is journalled. */
  readonly approval: Approval | null;
}

/** Permission for one action fingerprint (or, for blast radius, for the set). */
export interface Approval {
  /** Unique; spent approvals are known by it. */
  readonly id: string;
  /** Whole fingerprint, 64 hex digits. */
  readonly fingerprint: string;
  readonly principal: string;
  readonly via: 'terminal' | 'signature' | 'git';
  /** ms since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly reason: string;
  /** Those of other people that are spent with it, where a quorum asks for several. */
  readonly beside?: readonly Approval[];
}

/** How one action ended. */
export interface Outcome {
  readonly cluster: string;
  readonly key: ResourceKey;
  readonly name: string;
  readonly fingerprint: string;
  readonly verb: Verb;
  readonly risk: Risk;
  readonly result: 'done' | 'failed' | 'skipped' | 'interrupted' | 'unknown';
  readonly because: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly steps: readonly StepOutcome[];
  /** Fields whose drift it put right, if it did; absent in older journals. */
  readonly corrected?: readonly string[];
}

/** How one step ended, with its task if it had one. */
export interface StepOutcome {
  readonly index: number;
  readonly says: string;
  readonly upid: string | null;
  readonly exitStatus: string | null;
  readonly result: 'done' | 'failed' | 'interrupted' | 'unknown';
  readonly because: string;
}

/** What of an open intent may be changed by a person or by resolution. */
export interface Intent {
  readonly id: number;
  readonly cluster: string;
  readonly key: ResourceKey;
  readonly vmid: number | null;
  readonly node: string | null;
  readonly fingerprint: string;
  readonly verb: Verb;
  readonly stepIndex: number;
  readonly step: CallStep;
  /** The guest's digest right before the call left; null where nothing was there. */
  readonly sentDigest: string | null;
  /**
   * Configuration keys that had pending work right before the call left: not ours to revert.
   * Absent in older journals and for calls that write no configuration.
   */
  readonly pendingBefore?: readonly string[];
  readonly action: Action;
  readonly upid: string | null;
  /** ms since the epoch, controller's clock, before the call left. */
  readonly openedAt: number;
  readonly state: 'open' | 'done' | 'failed' | 'interrupted' | 'unknown';
  readonly because: string;
  /** Digest of the object as it was read when the intent was closed; absent when it was not. */
  readonly leftDigest?: string;
}
