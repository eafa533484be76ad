// Why this exists: what came back (or did not) becomes one of the closed kinds of PveError here
// and nowhere else; on 8.3 the text is only in the status line (facts.md section 3).
import type {Json} from '../core/json.ts';
import {isObject} from '../core/json.ts';
import type {PveError} from '../core/model.ts';
import type {ExchangeFailure, ExchangeResponse} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {ERROR_TEXTS} from './error-texts.ts';
import {isEnvelope} from './wire.ts';

/** The data of an answer, or what went wrong. */
export function readAnswer(response: ExchangeResponse): Result<Json, PveError> {
  const body = parse(response.body);
  if (response.status === 200) {
    if (isEnvelope(body)) {
      // Safe: it comes from JSON.parse, so it is JSON.
      return ok(body.data as Json);
    }
    // It said yes, but not what it did: the outcome of a write is unknown.
    return err(answerError('bad-answer', response, 'the answer is not JSON with data', {}));
  }
  const errors = isObject(body) ? errorsOf(body.errors) : {};
  const said = isObject(body) && typeof body.message === 'string' ? body.message.trim() : '';
  const text = said === '' ? response.reason.trim() : said;
  return err(answerError(kindOf(response.status, text, errors), response, text, errors));
}

/** What a missing answer means. */
export function failureError(failure: ExchangeFailure): PveError {
  const {sent, message} = failure;
  const kind = failureKind(failure);
  return {kind, status: null, message, errors: {}, sent};
}

function failureKind(failure: ExchangeFailure): PveError['kind'] {
  switch (failure.kind) {
    case 'connect':
    case 'cut':
      return 'connection';
    case 'tls':
      return 'tls';
    case 'timeout':
      return failure.sent === 'no' ? 'connection' : 'no-answer';
    case 'cancelled':
      return 'cancelled';
  }
}

function kindOf(
  status: number,
  text: string,
  errors: {readonly [parameter: string]: string},
): PveError['kind'] {
  switch (status) {
    case 401:
      return 'unauthorised';
    case 400:
      return textKind(Object.values(errors).join('\n') || text, true) ?? 'parameter';
    case 403:
      return textKind(text, false) === 'missing' ? 'missing' : 'forbidden';
    case 500:
      return textKind(text, false) ?? 'server';
    case 501:
      return text.includes('data too large') ? 'parameter' : 'not-implemented';
    case 506:
      return 'not-implemented';
    case 595:
      return 'node-unreachable';
    case 596:
      return /SSL|certificate/.test(text) ? 'node-unreachable' : 'no-answer';
    case 597:
    case 598:
    case 599:
      return 'no-answer';
  }
  return 'bad-answer';
}

function textKind(text: string, is400: boolean): PveError['kind'] | null {
  const found = ERROR_TEXTS.find((entry) => {
    return (!is400 || entry.also400 === true) && entry.pattern.test(text);
  });
  return found?.kind ?? null;
}

/** Statuses by which pveproxy itself refuses; others may come after the request went on. */
const REFUSED = new Set([301, 308, 400, 401, 403, 500, 501, 506]);

function answerError(
  kind: PveError['kind'],
  response: ExchangeResponse,
  text: string,
  errors: PveError['errors'],
): PveError {
  const {status} = response;
  const details = Object.entries(errors).map(([key, value]) => `${key}: ${value.trim()}`);
  const shown = text === '' ? `status ${status} without a text` : text;
  return {
    kind,
    status,
    message: details.length === 0 ? shown : `${shown} ${details.join('; ')}`,
    errors,
    // 595 to 599 come from the proxy while the handler may go on (facts.md sections 1 and 18.2).
    sent: REFUSED.has(status) ? 'answered' : 'maybe',
  };
}

function errorsOf(value: unknown): {readonly [parameter: string]: string} {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}

function parse(body: string): unknown {
  if (body === '') return null;
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
