// Why this exists: every call to a Proxmox cluster goes through here: with its token, one at a time
// where the node needs it, on an endpoint that answers, repeated only where that is harmless.
import {assert} from '../core/assert.ts';
import type {Json} from '../core/json.ts';
import type {PveError} from '../core/model.ts';
import type {
  CallOptions,
  Clock,
  ExchangeFailure,
  ExchangeRequest,
  ExchangeResponse,
  Log,
  Pve,
  Random,
} from '../core/ports.ts';
import {err, type Result} from '../core/result.ts';
import {failureError, readAnswer} from './classify.ts';
import {type Endpoint, type Endpoints, trackEndpoints} from './endpoints.ts';
import {encodeForm, type FormParams} from './form.ts';
import {createLanes, type Lanes, type Priority} from './lanes.ts';
import {operationOf} from './operation.ts';
import {withoutSecrets} from './redact.ts';
import {retryOf} from './retry.ts';
import {awaitTask} from './task.ts';

/** What a cluster's client is made of. */
export interface PveOptions {
  readonly cluster: string;
  /** At least one, in the order in which they are preferred. */
  readonly endpoints: readonly Endpoint[];
  /** `USER@REALM!TOKENID=SECRET`. Sent as a header, never shown. */
  readonly token: string;
  readonly concurrency: {readonly readsPerNode: number};
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each exchange, for metrics. */
  readonly onRequest?: (request: RequestReport) => void;
  readonly log?: Log;
}

/** One exchange, for metrics: labels from closed sets. */
export interface RequestReport {
  readonly operation: string;
  /** The status, or how the exchange failed: `connect` `tls` `cut` `timeout` `cancelled`. */
  readonly code: string;
  readonly ms: number;
}

/** pveproxy gives up after 30 s with 596 (facts.md section 1); a little more lets it say so. */
const READ_TIMEOUT_MS = 35_000;
const WRITE_TIMEOUT_MS = 60_000;
const READ_ATTEMPTS = 3;
const FIRST_BACKOFF_MS = 200;
/** What failed this slowly is a node or daemon that hangs: asking again only waits again. */
const SLOW_MS = 5_000;

/** A client of one cluster; see `Pve`. A time-out holds for one attempt, not for the queue. */
export function createPve(options: PveOptions): Pve {
  assert(options.token.includes('!'), 'the token has the form USER@REALM!TOKENID=SECRET');
  const context: Context = {
    options,
    endpoints: trackEndpoints(options.endpoints, options.clock),
    lanes: createLanes(Math.max(1, options.concurrency.readsPerNode)),
    offsetMs: {last: null},
  };
  const get = (path: string, priority: Priority, call?: CallOptions) =>
    perform(context, {method: 'GET', path, body: null, params: {}, priority}, call ?? {});
  return {
    cluster: options.cluster,
    read: (path, call) => get(path, 'read', call),
    write: (write, call) => perform(context, outgoing(write), call ?? {}),
    task: (upid, task) => {
      const poll = (path: string, signal?: AbortSignal) =>
        get(path, 'task', signal === undefined ? {} : {signal});
      return awaitTask({clock: options.clock, get: poll}, upid, task);
    },
    clockOffsetMs: () => context.offsetMs.last,
    endpoints: () => context.endpoints.health(),
    close: async () => {
      await Promise.all(options.endpoints.map(({exchange}) => exchange.close()));
    },
  };
}

interface Context {
  readonly options: PveOptions;
  readonly endpoints: Endpoints;
  readonly lanes: Lanes;
  readonly offsetMs: {last: number | null};
}

interface Outgoing {
  readonly method: ExchangeRequest['method'];
  readonly path: string;
  readonly body: string | null;
  /** What was sent, to keep secrets out of the texts that come back. */
  readonly params: FormParams;
  readonly priority: Priority;
}

/** DELETE takes its parameters in the query string: a body is a 501 (facts.md section 1). */
function outgoing(write: {
  readonly method: ExchangeRequest['method'];
  readonly path: string;
  readonly params: FormParams;
}): Outgoing {
  const {method, path, params} = write;
  assert(method !== 'GET', 'a GET is a read');
  const form = encodeForm(params);
  if (method !== 'DELETE') return {method, path, body: form, params, priority: 'write'};
  const query = form === '' ? '' : `?${form}`;
  return {method, path: `${path}${query}`, body: null, params, priority: 'write'};
}

async function perform(
  context: Context,
  call: Outgoing,
  options: CallOptions,
): Promise<Result<Json, PveError>> {
  assert(call.path.startsWith('/'), `a path begins with a slash: ${call.path}`);
  const leave = await context.lanes.enter(laneOf(call.path), call.priority, options.signal);
  if (leave === null) return err(givenUp());
  try {
    const result = await attempts(context, call, options);
    return result.ok ? result : err(withoutSecrets(result.error, call.params));
  } finally {
    leave();
  }
}

/** Calls to one node share a lane, calls to the cluster as a whole another. */
function laneOf(path: string): string {
  return /^\/nodes\/([^/?]+)/.exec(path)?.[1] ?? '';
}

async function attempts(
  context: Context,
  call: Outgoing,
  options: CallOptions,
): Promise<Result<Json, PveError>> {
  const {clock, random} = context.options;
  const tried = new Set<Endpoint>();
  for (let attempt = 1; ; attempt++) {
    const endpoint = context.endpoints.pick(tried);
    tried.add(endpoint);
    const started = clock.monotonic();
    const result = await once(context, endpoint, call, options);
    if (result.ok) return result;
    const hasOther = tried.size < context.options.endpoints.length;
    const wasSlow = clock.monotonic() - started >= SLOW_MS;
    const pauseMs = pauseBefore(call, result.error, {attempt, hasOther, wasSlow});
    if (pauseMs === null) return result;
    if (pauseMs > 0) await clock.sleep(pauseMs * (0.5 + random.float()), options.signal);
    if (options.signal?.aborted === true) return err(givenUp());
  }
}

/** How long to wait before the same call goes out again; null = it does not. */
function pauseBefore(
  call: Outgoing,
  error: PveError,
  state: {readonly attempt: number; readonly hasOther: boolean; readonly wasSlow: boolean},
): number | null {
  if (error.kind === 'cancelled') return null;
  // It did not leave, so it cannot have done anything: another endpoint may take even a write.
  if (error.sent === 'no' && state.hasOther) return 0;
  if (call.method !== 'GET' || retryOf(error) !== 'now') return null;
  if (state.attempt >= READ_ATTEMPTS) return null;
  if (state.wasSlow) return error.status === null && state.hasOther ? 0 : null;
  return FIRST_BACKOFF_MS * 2 ** (state.attempt - 1);
}

async function once(
  context: Context,
  endpoint: Endpoint,
  call: Outgoing,
  options: CallOptions,
): Promise<Result<Json, PveError>> {
  const {clock, onRequest} = context.options;
  const started = clock.monotonic();
  const outcome = await endpoint.exchange.request(request(context, call, options));
  onRequest?.({
    operation: operationOf(call.method, call.path),
    code: outcome.ok ? String(outcome.value.status) : outcome.error.kind,
    ms: clock.monotonic() - started,
  });
  noteHealth(context, endpoint, outcome.ok ? null : outcome.error);
  if (!outcome.ok) return err(failureError(outcome.error));
  noteOffset(context, outcome.value);
  return readAnswer(outcome.value);
}

function request(context: Context, call: Outgoing, options: CallOptions): ExchangeRequest {
  const form = 'application/x-www-form-urlencoded';
  return {
    method: call.method,
    path: `/api2/json${call.path}`,
    headers: {
      accept: 'application/json',
      authorization: `PVEAPIToken=${context.options.token}`,
      ...(call.body === null ? {} : {'content-type': form}),
    },
    body: call.body,
    timeoutMs: options.timeoutMs ?? (call.method === 'GET' ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS),
    ...(options.signal === undefined ? {} : {signal: options.signal}),
  };
}

function noteHealth(context: Context, endpoint: Endpoint, failure: ExchangeFailure | null): void {
  const {log, cluster} = context.options;
  const turned = context.endpoints.note(endpoint, failure);
  const fields = {cluster, endpoint: endpoint.url};
  if (turned === 'up') log?.info('endpoint answers again', fields);
  if (turned === 'down') {
    log?.warn('endpoint does not answer', {...fields, because: failure?.message ?? ''});
  }
}

function noteOffset(context: Context, response: ExchangeResponse): void {
  const date = Date.parse(response.headers.date ?? '');
  if (Number.isFinite(date)) context.offsetMs.last = date - context.options.clock.now();
}

function givenUp(): PveError {
  const message = 'the call was given up before it was sent';
  return {kind: 'cancelled', status: null, message, errors: {}, sent: 'no'};
}
