// Why this exists: the client's transport seam without sockets: requests go straight to the
// simulator and waiting moves the virtual clock, so a test of hours takes milliseconds.
import type {Exchange, ExchangeFailure, ExchangeRequest, ExchangeResponse} from '../core/ports.ts';
import type {Result} from '../core/result.ts';
import {advance, after, nextDueMs} from './clock.ts';
import {accept} from './handle.ts';
import type {Response} from './http.ts';
import type {Cluster} from './state.ts';

/**
 * Virtual time for programs that await: `sleep` and in-process requests share the clock, which
 * moves on only when every pending microtask has run, to the next thing due.
 */
export class VirtualTime {
  readonly #cluster: Cluster;
  #waiting = 0;
  #scheduled = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Virtual ms since the epoch. */
  now(): number {
    return this.#cluster.nowMs;
  }

  /** Resolves after virtual time; at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.until((done) => {
      const over = new AbortController();
      const cancel = after(this.#cluster, ms, () => {
        over.abort(DONE);
        done();
      });
      const stop = (): void => {
        cancel();
        done();
      };
      signal?.addEventListener('abort', stop, {once: true, signal: over.signal});
      if (signal?.aborted === true) {
        cancel();
        done();
      }
    });
  }

  /** Resolves when `begin`'s callback is called, driving the clock meanwhile. */
  until<T>(begin: (done: (value: T) => void) => void): Promise<T> {
    this.#waiting += 1;
    return new Promise<T>((resolve) => {
      let isDone = false;
      begin((value) => {
        if (!isDone) {
          isDone = true;
          this.#waiting -= 1;
          resolve(value);
        }
      });
      this.#drive();
    });
  }

  /** One step of the clock per turn of the event loop, while anybody waits. */
  #drive(): void {
    if (this.#scheduled || this.#waiting === 0) {
      return;
    }
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const due = nextDueMs(this.#cluster);
      if (this.#waiting > 0 && due !== undefined) {
        advance(this.#cluster, due);
        this.#drive();
      }
    });
  }
}

/** A reason is given because making the usual one, an exception with a stack, costs much. */
const DONE = 'done';

/** An Exchange that speaks to the cluster in process. */
export function simulatorExchange(cluster: Cluster, time: VirtualTime): Exchange {
  return {
    request: (request) => exchangeOne(cluster, time, request),
    close: () => Promise.resolve(),
  };
}

type Outcome = Result<ExchangeResponse, ExchangeFailure>;

function exchangeOne(
  cluster: Cluster,
  time: VirtualTime,
  request: ExchangeRequest,
): Promise<Outcome> {
  return time.until<Outcome>((done) => {
    if (request.signal?.aborted === true) {
      done(failure('cancelled', 'no', 'cancelled before it was sent'));
      return;
    }
    const cancelTimeout = after(cluster, request.timeoutMs, () =>
      done(failure('timeout', 'maybe', `no answer in ${request.timeoutMs} ms`)),
    );
    const over = new AbortController();
    const giveUp = (): void => {
      cancelTimeout();
      done(failure('cancelled', 'maybe', 'cancelled while waiting for the answer'));
    };
    request.signal?.addEventListener('abort', giveUp, {once: true, signal: over.signal});
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const {method, path} = request;
    accept(
      cluster,
      {method, path, headers, body: request.body ?? ''},
      cluster.nowMs,
      (response) => {
        if (response.kind !== 'silence') {
          cancelTimeout();
          over.abort(DONE);
          done(outcomeOf(cluster, response));
        }
      },
    );
  });
}

function outcomeOf(cluster: Cluster, response: Exclude<Response, {kind: 'silence'}>): Outcome {
  if (response.kind === 'cut') {
    return failure('cut', 'maybe', 'the connection was cut');
  }
  const {status, reason, body} = response;
  const date = new Date(cluster.nowMs).toUTCString();
  return {ok: true, value: {status, reason, body, headers: {...response.headers, date}}};
}

function failure(
  kind: ExchangeFailure['kind'],
  sent: ExchangeFailure['sent'],
  message: string,
): Outcome {
  return {ok: false, error: {kind, sent, message}};
}
