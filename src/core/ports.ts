// Why this exists: the seams to the world. The program meets time, the network, Git, secrets and
// the journal only through these interfaces; `cli/world.ts` builds the real ones, tests others.

import type {Approval, Intent, Outcome} from './action.ts';
import type {Json} from './json.ts';
import type {ApiCall, PveError, ResourceKey, ResourceRecord, Revision, SecretRef} from './model.ts';
import type {Result} from './result.ts';

/** Time. Waiting uses the monotonic clock; sleep ends early (resolves) when the signal aborts. */
export interface Clock {
  /** Wall clock, ms since the epoch. */
  now(): number;
  /** Monotonic, ms. */
  monotonic(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness: a float in [0, 1) for jitter, and bytes for ids and keys. */
export interface Random {
  float(): number;
  bytes(length: number): Uint8Array;
}

/** One HTTP exchange below the Proxmox client: real TLS, or the simulator in process. */
export interface Exchange {
  request(request: ExchangeRequest): Promise<Result<ExchangeResponse, ExchangeFailure>>;
  close(): Promise<void>;
}

/** What is sent: the encoded body, and a deadline for the whole exchange in ms. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `/api2/json` and query string. */
  readonly path: string;
  readonly headers: {readonly [name: string]: string};
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What came back, whatever its status. */
export interface ExchangeResponse {
  readonly status: number;
  /** The reason phrase carries Proxmox's message. */
  readonly reason: string;
  readonly headers: {readonly [name: string]: string};
  readonly body: string;
}

/** No answer. `sent`: whether the request may have reached the server whole. */
export interface ExchangeFailure {
  readonly kind: 'connect' | 'tls' | 'cut' | 'timeout' | 'cancelled';
  readonly sent: 'no' | 'maybe';
  readonly message: string;
}

/** The Proxmox client of one cluster. */
export interface Pve {
  readonly cluster: string;
  /** A GET; retried where safe, bounded per node. */
  read(path: string, options?: CallOptions): Promise<Result<Json, PveError>>;
  /** A write, sent once. Secrets and digests are already filled in. */
  write(call: WriteCall, options?: CallOptions): Promise<Result<Json, PveError>>;
  /** Waits for a task's end; polls with back-off. */
  task(upid: string, options: TaskOptions): Promise<Result<TaskResult, PveError>>;
  /** `Date` header minus our clock at the last answer, ms; null before the first. */
  clockOffsetMs(): number | null;
  /** Health by endpoint URL. */
  endpoints(): readonly {readonly url: string; readonly up: boolean}[];
  close(): Promise<void>;
}

/** How long a call may take (ms), and what cancels it. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** A call whose parameters are final text. */
export interface WriteCall {
  readonly method: ApiCall['method'];
  readonly path: string;
  readonly params: {readonly [key: string]: string | number};
}

/** How long to wait for a task (ms); the end of the waiting never ends the task. */
export interface TaskOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs: number;
}

/** A finished task: success is `OK` or `WARNINGS: n`; anything else is a failure with that text. */
export interface TaskResult {
  readonly upid: string;
  readonly exitStatus: string;
  readonly success: boolean;
  readonly warnings: number;
}

/** A followed source: one fetch gives the newest revision or says why not. */
export interface Source {
  readonly name: string;
  /** `last` is the last followed commit, for ancestry; unchanged → ancestry `same`. */
  fetch(last: string | null, signal?: AbortSignal): Promise<Result<Revision, SourceError>>;
  /** Calls back when something may have changed (file events); returns the stop function. */
  watch(onHint: () => void): () => void;
  close(): Promise<void>;
}

/** Why a source has no new revision; the last good one stays in force. */
export interface SourceError {
  readonly kind:
    | 'unreachable'
    | 'timeout'
    | 'unauthorised'
    | 'branch-missing'
    | 'path-missing'
    | 'rewritten'
    | 'signature'
    | 'too-large'
    | 'refused'
    | 'corrupt'
    | 'cancelled';
  readonly message: string;
  readonly remedy: string;
}

/** References to values at the last moment. The value never leaves apply and programs. */
export interface Secrets {
  /** Resolves a reference declared by a Secret of that source. */
  reveal(source: string, ref: SecretRef): Promise<Result<string, {readonly message: string}>>;
  /** HMAC-SHA-256 over cluster, VMID, field and value, as hex; or why it cannot be told. */
  hash(
    source: string,
    ref: SecretRef,
    scope: {readonly cluster: string; readonly vmid: number; readonly field: string},
  ): Promise<Result<string, {readonly message: string}>>;
}

/** A pause that a person asked for. */
export interface Suspension {
  readonly cluster: string;
  /** `*` for the whole cluster. */
  readonly key: ResourceKey | '*';
  readonly reason: string;
  readonly owner: string;
  readonly since: number;
  /** ms since the epoch; null = until resumed. */
  readonly expiresAt: number | null;
}

/** One line of the audit log (safety.md 3.10). */
export interface AuditEntry {
  readonly at: number;
  readonly cluster: string;
  readonly key: ResourceKey;
  readonly what: string;
  readonly commit: string | null;
  readonly author: string | null;
  readonly approver: string | null;
  readonly fingerprint: string | null;
  readonly upid: string | null;
  readonly result: string;
  readonly before: Json;
  readonly after: Json;
}

/** Requests that a person wrote through the command line, taken up before every step. */
export type PersonRequest =
  | {
      readonly kind: 'adopt' | 'release' | 'retry';
      readonly cluster: string;
      readonly key: ResourceKey;
    }
  /** An approval given at the terminal while a controller leads: it carries the action out. */
  | {readonly kind: 'approve'; readonly cluster: string; readonly approval: Approval}
  /** With its cluster, the controller of that cluster takes it up; without, any. */
  | {
      readonly kind: 'resolve';
      readonly intent: number;
      readonly outcome: 'done' | 'not-done';
      readonly cluster?: string;
    }
  | {readonly kind: 'source-accept'; readonly source: string; readonly commit: string}
  | {readonly kind: 'journal-accept'};

/**
 * Durable memory. All calls are synchronous and durable when they return; a failing store throws
 * JournalError, and the caller then writes nothing to Proxmox.
 */
export interface Journal {
  readonly id: string;
  /** ms since the epoch. */
  readonly birth: number;
  accepted(): boolean;
  accept(): void;

  records(cluster: string): readonly ResourceRecord[];
  putRecord(record: ResourceRecord): void;
  /** All of them, or none when it fails. */
  putRecords(records: readonly ResourceRecord[]): void;
  deleteRecord(cluster: string, key: ResourceKey): void;

  /** Journals an intent before its step leaves; spends the approval with it, in one transaction. */
  openIntent(
    intent: Omit<Intent, 'id' | 'upid' | 'state' | 'because'>,
    approval: Approval | null,
  ): number;
  setTask(intent: number, upid: string): void;
  /** `leftDigest`: the object's digest as last read, for the step that follows after a restart. */
  closeIntent(
    intent: number,
    state: Exclude<Intent['state'], 'open'>,
    because: string,
    leftDigest?: string | null,
  ): void;
  /** Intents in state `open` or `unknown`: what still has to be resolved, oldest first. */
  openIntents(cluster: string): readonly Intent[];
  /**
   * The newest intent of each resource whose action has no recorded end (`unknown` is none), oldest
   * first: an action that stopped half-way goes on from there.
   */
  unfinished(cluster: string): readonly Intent[];
  /**
   * UPIDs of this key's intents (null: of any key's) opened since then, so that another task is not
   * taken for ours.
   */
  tasksOf(cluster: string, key: ResourceKey | null, since: number): readonly string[];
  /** Intents opened since then, of whatever state, oldest first. */
  intentsSince(cluster: string, since: number): readonly Intent[];
  intent(id: number): Intent | null;

  /** With its audit line, or neither of the two. */
  addOutcome(outcome: Outcome, audit?: AuditEntry): void;
  /** Newest first. */
  outcomes(cluster: string, limit: number): readonly Outcome[];
  /** Those of a key (null: of any) that ended since then, newest first. */
  outcomesOf(cluster: string, key: ResourceKey | null, since: number): readonly Outcome[];

  addAudit(entry: AuditEntry): void;
  audit(filter: {
    readonly cluster?: string;
    readonly key?: ResourceKey;
    readonly limit: number;
  }): readonly AuditEntry[];

  isSpent(approvalId: string): boolean;
  /** Approval under which an action of this fingerprint was begun and not ended, if any. */
  begun(cluster: string, fingerprint: string): Approval | null;

  suspensions(cluster: string): readonly Suspension[];
  suspend(suspension: Suspension): void;
  /** False when nothing was suspended under that key. */
  resume(cluster: string, key: ResourceKey | '*'): boolean;

  addRequest(request: PersonRequest, at: number): void;
  /** Whether takeRequests would return any; a light look. */
  hasRequests(cluster: string): boolean;
  /**
   * Removes and returns the requests of this cluster and those of no cluster, oldest first. Each is
   * handed to `take` before: what `take` journals is durable together with the removal, and when it
   * throws all requests are still there.
   */
  takeRequests(cluster: string, take?: (request: PersonRequest) => void): readonly PersonRequest[];

  /** Small named values: last followed commit of a source, first seen time of a drift … */
  value(name: string): string | null;
  setValue(name: string, value: string | null): void;
  valuesWith(prefix: string): readonly {readonly name: string; readonly value: string}[];

  /** One holder per cluster. Renewed by the holder; a lease past `ttlMs` may be taken over. */
  acquireLease(cluster: string, holder: string, now: number, ttlMs: number): LeaseResult;
  releaseLease(cluster: string, holder: string): void;
  /** Who holds the cluster's lease at `now`, if anybody does. */
  leader(cluster: string, now: number): string | null;

  /** Consistent copy into a new file while in use. */
  backup(path: string): Promise<void>;
  close(): void;
}

/** Whether the cluster's lease is ours, with its fencing token, or whose it is (ms since epoch). */
export type LeaseResult =
  | {readonly kind: 'held'; readonly token: number}
  | {readonly kind: 'other'; readonly holder: string; readonly expiresAt: number};

/** Thrown by the journal only. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly kind: 'full' | 'corrupt' | 'newer' | 'busy' | 'permission' | 'io';
  readonly remedy: string;
  constructor(kind: JournalError['kind'], message: string, remedy: string) {
    super(message);
    this.kind = kind;
    this.remedy = remedy;
  }
}

/** Structured log: a constant message, fields for the rest; never a secret. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** The fields of a log line, values of closed shape. */
export type LogFields = {readonly [key: string]: Json | undefined};
