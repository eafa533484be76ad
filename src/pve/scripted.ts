// Why this exists: what the client does about failures is tested without a network and without
// waiting: an exchange that follows a script, on a clock that jumps over every sleep.
import type {Json} from '../core/json.ts';
import type {
  Clock,
  Exchange,
  ExchangeFailure,
  ExchangeRequest,
  ExchangeResponse,
} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';

/** What an exchange gives back. */
export type Reply = Result<ExchangeResponse, ExchangeFailure>;

/** A clock on which a sleep is over at once; `slept` lists how long each was (ms). */
export interface JumpingClock extends Clock {
  readonly slept: readonly number[];
  advance(ms: number): void;
}

/** A clock that starts at a given wall time; its monotonic time starts at 1,000 s. */
export function jumpingClock(startMs = 1_700_000_000_000): JumpingClock {
  let passed = 0;
  const slept: number[] = [];
  return {
    slept,
    advance: (ms) => {
      passed += ms;
    },
    now: () => startMs + passed,
    monotonic: () => 1_000_000 + passed,
    sleep: async (ms, signal) => {
      slept.push(ms);
      if (signal?.aborted !== true) passed += ms;
    },
  };
}

/** An exchange that answers by a function of the request and its number (from 0). */
export interface ScriptedExchange extends Exchange {
  readonly requests: readonly ExchangeRequest[];
}

/** See ScriptedExchange. */
export function scriptedExchange(
  answer: (request: ExchangeRequest, index: number) => Reply | Promise<Reply>,
): ScriptedExchange {
  const requests: ExchangeRequest[] = [];
  return {
    requests,
    request: async (request) => answer(request, requests.push(request) - 1),
    close: async () => {},
  };
}

/** A 200 with data. */
export function gives(data: Json, headers: ExchangeResponse['headers'] = {}): Reply {
  return ok({status: 200, reason: 'OK', headers, body: JSON.stringify({data})});
}

/** A refusal as 8.4 and later send it: the text in the status line and in the body. */
export function refuses(
  status: number,
  text: string,
  errors?: {readonly [key: string]: string},
): Reply {
  const body = JSON.stringify({data: null, message: `${text}\n`, ...(errors ? {errors} : {})});
  return ok({status, reason: text.split('\n')[0] ?? '', headers: {}, body});
}

/** A status without a body, as the proxy and the login send them. */
export function bare(status: number, reason: string): Reply {
  return ok({status, reason, headers: {}, body: ''});
}

/** No answer. */
export function fails(kind: ExchangeFailure['kind'], sent: ExchangeFailure['sent']): Reply {
  return err({kind, sent, message: `${kind} (${sent})`});
}
