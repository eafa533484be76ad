// Why this exists: whether a request may have reached the server decides if an outcome is unknown,
// so one exchange is followed step by step: nothing is written before `onRequestStart` (undici
// 8.12, lib/dispatcher/client-h1.js, writeH1), and from then on everything may have been.
import {StringDecoder} from 'node:string_decoder';
import type {Dispatcher} from 'undici';
import type {ExchangeFailure, ExchangeRequest, ExchangeResponse} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {isTlsError} from './trust.ts';

type Settle = (result: Result<ExchangeResponse, ExchangeFailure>) => void;

/** One exchange on its way; settles once, by answer, failure, time-out or abort. */
export class Flight implements Dispatcher.DispatchHandler {
  settled = false;
  readonly #settle: Settle;
  readonly #maxBodyBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.fail('cancelled', 'the request was given up');
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #head: Omit<ExchangeResponse, 'body'> | null = null;
  /** Decoded as it comes: the listing of ten thousand guests would lie here three times. */
  readonly #decoder = new StringDecoder('utf8');
  #text = '';
  #bytes = 0;

  constructor(request: ExchangeRequest, maxBodyBytes: number, settle: Settle) {
    this.#settle = settle;
    this.#maxBodyBytes = maxBodyBytes;
    this.#signal = request.signal;
    const seconds = request.timeoutMs / 1000;
    const onTime = (): void => this.fail('timeout', `no answer within ${seconds} s`);
    this.#timer = setTimeout(onTime, request.timeoutMs);
    if (request.signal?.aborted === true) this.#abort();
    else request.signal?.addEventListener('abort', this.#abort, {once: true});
  }

  /** Ends the exchange without an answer. */
  fail(kind: ExchangeFailure['kind'], message: string): void {
    const sent = this.#controller === null ? 'no' : 'maybe';
    this.#end(err({kind, sent, message}));
    this.#controller?.abort(new Error(message));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection, or begun before: aborting here writes nothing.
    if (this.settled || this.#controller !== null) controller.abort(new Error('given up'));
    else this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: {readonly [name: string]: string | string[] | undefined},
    reason?: string,
  ): void {
    if (status < 200) return;
    this.#head = {status, reason: reason ?? '', headers: flatten(headers)};
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBodyBytes) this.#text += this.#decoder.write(chunk);
    else this.fail('cut', `the answer is larger than ${this.#maxBodyBytes} bytes`);
  }

  onResponseEnd(): void {
    if (this.#head === null) this.fail('cut', 'the answer has no head');
    else this.#end(ok({...this.#head, body: this.#text + this.#decoder.end()}));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(this.#kindOf(error), error.message);
  }

  #kindOf(error: Error): ExchangeFailure['kind'] {
    if (this.#controller !== null) return 'cut';
    const code = 'code' in error ? String(error.code) : '';
    if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return 'cancelled';
    return isTlsError(error) ? 'tls' : 'connect';
  }

  #end(result: Result<ExchangeResponse, ExchangeFailure>): void {
    if (this.settled) return;
    this.settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#text = '';
    this.#settle(result);
  }
}

/** A loop: it is done for each answer, and the way over entries cost ten times as much. */
function flatten(headers: {readonly [name: string]: string | string[] | undefined}): {
  readonly [name: string]: string;
} {
  const flat: {[name: string]: string} = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    flat[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}
