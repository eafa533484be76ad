// Why this exists: the words of the program. Every value that flows between rooms is declared here,
// readonly, plain and JSON (but for the bytes of a revision's files).
import type {Json, JsonObject} from './json.ts';

/** How bad a change is. benign: undoable, loses nothing, interrupts nothing (safety.md 1). */
export type Risk = 'benign' | 'disruptive' | 'destructive';

/** From harmless to worst; the index is the order. */
export const RISKS = ['benign', 'disruptive', 'destructive'] as const satisfies readonly Risk[];

/** The worst of several risks; benign for none. */
export function worstRisk(risks: Iterable<Risk>): Risk {
  let worst = 0;
  for (const risk of risks) worst = Math.max(worst, RISKS.indexOf(risk));
  return RISKS[worst] ?? 'destructive';
}

/** `guest/150` for guests (VMIDs are one space for QEMU and LXC), else `Kind/name`. */
export type ResourceKey = string;

/** A manifest kind's name, as in `kind: VirtualMachine`. */
export type KindName = string;

/** A place in a text; line and column count from 1, offset is in UTF-16 units from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A stretch of a file of a revision; `file` is relative to the source's path. */
export interface SourceRange {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

/** The user's mistake, placed. Collected, never thrown. `code` is from the registry of codes. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning' | 'info';
  readonly code: string;
  /** One constant sentence: what is wrong. */
  readonly summary: string;
  /** Why it is wrong here, with the values. */
  readonly detail: string;
  /** What to do. */
  readonly remedy?: string;
  /** A likely intended spelling. */
  readonly suggestion?: string;
  readonly range?: SourceRange;
  /** The source line(s) with carets, ready to print. */
  readonly frame?: string;
  /** The resource it is about, when known. */
  readonly key?: ResourceKey;
}

/** One file of a revision. `blob` identifies the content (Git blob id or content hash). */
export interface RepositoryFile {
  readonly path: string;
  readonly blob: string;
  readonly bytes: Uint8Array;
}

/** What a signature check said of the commits since the last followed one. */
export type SignatureResult =
  | {readonly kind: 'unchecked'}
  | {readonly kind: 'good'; readonly principal: string}
  | {readonly kind: 'bad'; readonly because: string};

/** One state of a source. `commit` is 40 hex digits, or `folder-<hash>` for a watched folder. */
export interface Revision {
  readonly source: string;
  readonly commit: string;
  readonly branch: string | null;
  readonly author: string | null;
  readonly subject: string | null;
  /** Commit time, ms since the epoch; null for a folder. */
  readonly committedAt: number | null;
  readonly signature: SignatureResult;
  /** How it relates to the last followed commit. */
  readonly ancestry: 'first' | 'same' | 'descendant' | 'rewritten' | 'unknown';
  readonly files: readonly RepositoryFile[];
  /** Entries that were not read, with the reason (symlink, submodule, LFS pointer, too large …). */
  readonly skipped: readonly {readonly path: string; readonly because: string}[];
}

/** A reference to a secret value: Secret manifest name and key. Never the value. */
export type SecretRef = {
  readonly name: string;
  readonly key: string;
};

/** A leaf of a body. `undefined` (no key) = not declared / not set; null = must be absent. */
export type FieldValue =
  | null
  | string
  | number
  | boolean
  | readonly string[]
  | {readonly secretRef: SecretRef};

/**
 * The normal form of a resource: a flat map from field path as the user writes it
 * (`cpu.cores`, `disks.scsi0.size`, `config.vga`) to a leaf. A slot (`disks.scsi0`,
 * `networks.net0`) has a presence leaf `true` beside its sub-keys. Units: sizes in bytes,
 * durations in seconds.
 */
export type Body = {readonly [path: string]: FieldValue};

/** What somebody may hold only once per cluster; checked generically (uniqueness, scope). */
export interface Claim {
  readonly space:
    | 'vmid'
    | 'name'
    | 'address'
    | 'mac'
    | 'volume'
    | 'node'
    | 'storage'
    | 'bridge'
    | 'pool'
    | 'device';
  readonly value: string;
  /** Only exclusive claims may not be made twice; the others are for scope checks. */
  readonly exclusive: boolean;
  readonly path: string;
}

/** Annotations of a manifest that the engine knows (manifests.md). */
export interface Directives {
  readonly mode: 'enforce' | 'create-only' | 'observe';
  readonly onDelete: 'destroy' | 'retain';
  /** Witness that adoption is asked for (`pvegit/adopt`). */
  readonly adopt: string | null;
  /** Any text; a new one asks once for a replace. */
  readonly replace: string | null;
}

/** What outlives the deletion of a resource, and who takes it over. */
export interface Retention {
  readonly to: ResourceKey;
  /** Such as `disks.scsi1`; sorted. */
  readonly fields: readonly string[];
}

/** What Git says of one resource. */
export interface Desired {
  readonly key: ResourceKey;
  readonly kind: KindName;
  /** metadata.name */
  readonly name: string;
  readonly source: string;
  readonly body: Body;
  /** Create-only instructions (clone, image …), never compared; kind-specific plain data. */
  readonly creation: JsonObject;
  readonly directives: Directives;
  readonly labels: {readonly [key: string]: string};
  readonly dependsOn: readonly ResourceKey[];
  /** Absent: all of it goes with it. */
  readonly retain?: Retention;
  readonly protection: boolean;
  readonly claims: readonly Claim[];
  /** Where the document begins. */
  readonly range: SourceRange;
  /** Where each field of the body was written (a Defaults file, a set's template …). */
  readonly ranges: {readonly [path: string]: SourceRange};
}

/** One call of the Proxmox API as data. Path begins with `/` (under `/api2/json`). */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly params: {readonly [key: string]: ApiParam};
}

/** A parameter's value; a secret is filled in by apply at the last moment. */
export type ApiParam =
  | string
  | number
  | {readonly secretRef: SecretRef}
  /** The digest of the last read of this action. */
  | {readonly from: 'digest'}
  /** The digest of the other resource that the step's guard names, as read right before. */
  | {readonly from: 'other-digest'};

/** A world's failure when talking to Proxmox; see pve/README.md for what maps to which. */
export interface PveError {
  readonly kind:
    | 'unauthorised'
    | 'forbidden'
    | 'parameter'
    | 'missing'
    | 'exists'
    | 'locked'
    | 'lock-timeout'
    | 'digest'
    | 'protected'
    | 'running'
    | 'not-running'
    | 'in-use'
    | 'no-quorum'
    | 'node-unreachable'
    | 'no-answer'
    | 'connection'
    | 'tls'
    | 'not-implemented'
    | 'storage'
    | 'bad-answer'
    | 'cancelled'
    | 'server';
  readonly status: number | null;
  readonly message: string;
  readonly errors: {readonly [parameter: string]: string};
  /** Whether Proxmox may have carried the request out: decides if the outcome is unknown. */
  readonly sent: 'no' | 'maybe' | 'answered';
}

/** One GET of a pass as data. */
export interface Read {
  readonly path: string;
  readonly outcome:
    | {readonly ok: true; readonly data: Json}
    | {readonly ok: false; readonly error: PveError};
}

/** All answers of one pass over one cluster. The plan's "now" is `takenAt`. */
export interface Inventory {
  readonly cluster: string;
  /** ms since the epoch, of the controller's clock when the pass began. */
  readonly takenAt: number;
  /** By path, with query string if any. */
  readonly reads: {readonly [path: string]: Read};
  /** release of `GET /version`, such as `8.4`; null when not read. */
  readonly release: string | null;
  /** Node clock minus controller clock, ms, by node; only for nodes that were asked. */
  readonly clockOffsetMs: {readonly [node: string]: number};
}

/** Durable memory of one resource: what makes it ours besides the marker. */
export interface ResourceRecord {
  readonly cluster: string;
  readonly key: ResourceKey;
  readonly kind: KindName;
  readonly name: string;
  readonly source: string;
  readonly path: string;
  /** Last verified body, restricted to declared fields. */
  readonly body: Body;
  /** Fields that we ever wrote (a field that leaves the manifest is removed only if listed). */
  readonly wrote: readonly string[];
  readonly witness: string | null;
  readonly onDelete: 'destroy' | 'retain';
  readonly replaceToken: string | null;
  /** Keyed hash of each secret field's last written value. */
  readonly secretHashes: {readonly [path: string]: string};
  readonly commit: string;
  /** ms since the epoch. */
  readonly verifiedAt: number;
  /** What it depended on, so that deletes run in reverse; absent in older records. */
  readonly dependsOn?: readonly ResourceKey[];
  /**
   * What we detached and did not delete, by the field it left (`disks.scsi1`), as the kind spells
   * it, so that a revert attaches it again; absent where there is none.
   */
  readonly detached?: {readonly [field: string]: string};
  /** Created, and not once complete since; absent when it was. */
  readonly unfinished?: true;
  /** How Git wanted it treated when it last spoke of it; absent for `enforce`. */
  readonly mode?: Exclude<Directives['mode'], 'enforce'>;
  /** We stopped it while it ran, and it was not seen to run since. */
  readonly owesStart?: true;
  /** When (ms since the epoch) we set aside which volume; those that stand aside still. */
  readonly quarantined?: {readonly [volume: string]: number};
  /** What of it another takes over before it is deleted, and has not yet. */
  readonly retain?: Retention;
}

/** Whose a live object is, from its marker alone (safety.md 6). */
export type Ownership =
  | {readonly kind: 'ours'}
  | {readonly kind: 'unmarked'}
  | {readonly kind: 'foreign'; readonly marker: string};

/** A live resource in the same normal form as Desired. */
export interface Observed {
  readonly key: ResourceKey;
  readonly kind: KindName;
  readonly name: string | null;
  readonly node: string;
  /** What the configuration says (pending merged in). */
  readonly body: Body;
  /** Fields whose value in force differs from `body` (pending): that value, null = none. */
  readonly active: Body;
  /** Fields that cannot be read back (masked secrets). */
  readonly unreadable: readonly string[];
  readonly ownership: Ownership;
  readonly witness: string | null;
  readonly lock: string | null;
  readonly digest: string | null;
  readonly power: 'running' | 'stopped' | 'paused' | 'unknown';
  readonly protection: boolean;
  /** HA state if HA manages it. */
  readonly ha: string | null;
  /** Raw configuration in force and pending, as Proxmox spells it, for the kind's own steps. */
  readonly raw: JsonObject;
}

/** What the inventory says of a key. Unknown is not the same as absent, ever. */
export type Observation =
  | {readonly kind: 'present'; readonly observed: Observed}
  | {readonly kind: 'absent'}
  | {readonly kind: 'undetermined'; readonly because: string}
  /** The key is taken by an object of another kind (a container under our VMID). */
  | {readonly kind: 'other'; readonly because: string};
