// Why this exists: how an endpoint is registered and what it gets and gives. Schema validation,
// authentication and the schema's own permission check are done before a handler runs.

import {after as afterMs} from './clock.ts';
import type {ApiFailure} from './failure.ts';
import {fail} from './failure.ts';
import type {LockWish} from './flock.ts';
import {acquire} from './flock.ts';
import type {Upload} from './http.ts';
import type {Cluster} from './state.ts';

/** Who calls. `authid` is `u@r` or `u@r!tok`; `isRoot` only for root@pam itself, not its tokens. */
export interface Auth {
  readonly user: string;
  readonly tokenid: string | undefined;
  readonly authid: string;
  readonly isRoot: boolean;
}

/** What a handler gets. Parameters are text exactly as typed, booleans as `0` or `1`. */
export interface Context {
  readonly cluster: Cluster;
  readonly auth: Auth;
  /** `{node}` of the path, or the node that answers. */
  readonly node: string;
  /** Path variables by name, percent-decoded; also present in `params`. */
  readonly path: Readonly<Record<string, string>>;
  /** Validated parameters, those of the path excluded. */
  readonly params: Readonly<Record<string, string>>;
  /** Parameters of the schema's type array. */
  readonly arrays: Readonly<Record<string, readonly string[]>>;
  /** The file of a multipart upload. */
  readonly upload: Upload | undefined;
}

/** A finished answer's content; `top` goes beside `data` (total, changes). */
export interface Content {
  readonly kind: 'data';
  readonly data: unknown;
  readonly top?: Readonly<Record<string, unknown>>;
  /** Sent instead of JSON. */
  readonly raw?: RawContent;
}

/** A file to download; `type` is its content type. */
export interface RawContent {
  readonly body: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer that is still being worked on: `begin` calls `done` once, later or at once. */
export interface Working {
  readonly kind: 'working';
  readonly begin: (done: (outcome: Content | ApiFailure) => void) => void;
}

/** What a handler returns, or it throws by `fail`, `paramError` or `forbid`. */
export type Reply = Content | Working;

/** One endpoint; `template` as in the schema, e.g. `/nodes/{node}/qemu/{vmid}/config`. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly template: string;
  readonly handler: (context: Context) => Reply;
}

/** A Route; rooms of the simulator export lists of them. */
export function route(
  method: Route['method'],
  template: string,
  handler: (context: Context) => Reply,
): Route {
  return {method, template, handler};
}

/** An answer with data. */
export function data(value: unknown, top?: Readonly<Record<string, unknown>>): Content {
  return top === undefined ? {kind: 'data', data: value} : {kind: 'data', data: value, top};
}

/** An answer that is a file to download. */
export function download(raw: RawContent): Content {
  return {kind: 'data', data: null, raw};
}

/** The answer of a call that returns nothing. */
export const nothing: Content = {kind: 'data', data: null};

/** Whether a boolean parameter is set and true. */
export function flag(context: Context, name: string): boolean {
  return context.params[name] === '1';
}

/** A parameter as a number; undefined when absent. */
export function integer(context: Context, name: string): number | undefined {
  const text = context.params[name];
  return text === undefined ? undefined : Number(text);
}

/** A list parameter (`*-list` formats) split as Proxmox splits it; absent is empty. */
export function list(context: Context, name: string): readonly string[] {
  return splitList(context.params[name] ?? '');
}

/** Split at commas, semicolons, blanks and NULs, as PVE::Tools::split_list does. */
export function splitList(text: string): readonly string[] {
  return text.split(/[,;\s\0]+/).filter((item) => item !== '');
}

/** The VMID of the path. */
export function vmidOf(context: Context): number {
  return Number(context.path.vmid ?? fail(500, 'no vmid in path'));
}

/**
 * Answer under a lock file: `body` runs when the lock is granted and it is given back when the
 * answer is complete; after the wait the answer is 500 `can't lock file … - got timeout`.
 */
export function underLock(cluster: Cluster, wish: LockWish, body: () => Reply): Reply {
  return {
    kind: 'working',
    begin: (done) => {
      const {actor} = cluster;
      acquire(
        cluster,
        wish,
        (release) => {
          cluster.actor = actor;
          complete(body, (outcome) => {
            release();
            done(outcome);
          });
        },
        (reason) => complete(() => fail(500, reason), done),
      );
    },
  };
}

/** Answer after some virtual time: slow storage, a guest agent that does not answer. */
export function afterDelay(cluster: Cluster, delayMs: number, body: () => Reply): Reply {
  if (delayMs <= 0) {
    return body();
  }
  return {
    kind: 'working',
    begin: (done) => {
      const {actor} = cluster;
      afterMs(cluster, delayMs, () => {
        cluster.actor = actor;
        complete(body, done);
      });
    },
  };
}

/** A worker that is waited for before the answer. */
export interface WaitedFor {
  readonly upid: string;
  /** How long; undefined: not at all. */
  readonly delayS: number | undefined;
  /** How often the handler looks. */
  readonly everyMs: number;
  /** The text of the 500 for an exit status; null where it is none. */
  readonly failure: (status: string) => string | null;
}

/** Null when the worker ends in time, 500 if it fails, else its UPID. */
export function answerInTime(cluster: Cluster, waited: WaitedFor): Reply {
  const {upid, delayS, everyMs, failure} = waited;
  if (delayS === undefined) return data(upid);
  const deadlineMs = cluster.nowMs + delayS * 1000;
  return {
    kind: 'working',
    begin: (done) => {
      const look = (): void => {
        const status = cluster.tasks.get(upid)?.exitStatus;
        if (status === undefined && cluster.nowMs < deadlineMs) afterMs(cluster, everyMs, look);
        else if (status === undefined) done(data(upid));
        else complete(() => outcomeOf(failure(status)), done);
      };
      look();
    },
  };
}

function outcomeOf(failure: string | null): Content {
  return failure === null ? nothing : fail(500, failure);
}

/** Run a handler's body to its end, turning a thrown failure into the outcome. */
export function complete(body: () => Reply, done: (outcome: Content | ApiFailure) => void): void {
  const reply = attempt(body);
  if (reply instanceof Error) {
    done(reply);
  } else if (reply.kind === 'data') {
    done(reply);
  } else {
    reply.begin(done);
  }
}

function attempt(body: () => Reply): Reply | ApiFailure {
  try {
    return body();
  } catch (error) {
    if (isApiFailure(error)) {
      return error;
    }
    throw error;
  }
}

function isApiFailure(error: unknown): error is ApiFailure {
  return error instanceof Error && 'status' in error && typeof error.status === 'number';
}
