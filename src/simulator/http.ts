// Why this exists: requests and answers as values: how parameters arrive by query, form or JSON,
// and how an answer is written down, both as pveproxy does it (facts.md sections 1 and 3).
import {ApiFailure, fail} from './failure.ts';
import type {RawParam} from './schema/validate.ts';

/** One HTTP request; header names in lower case. */
export interface Request {
  readonly method: string;
  /** With `/api2/json` and query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One HTTP answer, or the connection cut or kept open without one. */
export type Response =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly reason: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly closeConnection: boolean;
    }
  | {readonly kind: 'cut'}
  | {readonly kind: 'silence'};

/** An answered Response. */
export type Answer = Extract<Response, {kind: 'answer'}>;

/** The output format of a path: json, or extjs which always answers 200. */
export type OutputFormat = 'json' | 'extjs';

/** A request's path taken apart. */
export interface Target {
  readonly format: OutputFormat;
  /** Below the format, e.g. `/nodes/pve1/qemu`; percent-encoded parts are decoded. */
  readonly path: string;
  readonly query: string;
}

/** An upload: the fields before the file and the file itself. */
export interface Upload {
  readonly fields: Readonly<Record<string, string>>;
  readonly filename: string;
  readonly content: string;
}

/** All parameters of a request; `nulls` names JSON nulls. */
export interface Parameters {
  readonly values: Readonly<Record<string, RawParam>>;
  readonly nulls: readonly string[];
  readonly upload: Upload | undefined;
}

/** The largest body that pveproxy reads. */
const bodyLimitBytes = 512 * 1024;

/** Take the path apart; undefined when it is not below `/api2/`. */
export function targetOf(path: string): Target | undefined {
  const [head = '', ...rest] = path.split('?');
  const match = /^\/+api2\/+(json|extjs)(\/.*)?$/.exec(head);
  if (match === null) {
    return undefined;
  }
  const parts = (match[2] ?? '/').split('/').filter((part) => part !== '');
  return {
    format: match[1] === 'extjs' ? 'extjs' : 'json',
    path: `/${parts.map(decode).join('/')}`,
    query: rest.join('?'),
  };
}

/** Read query and body; a failure is answered with a text body. */
export function parametersOf(request: Request, target: Target): Parameters {
  const query = formValues(target.query);
  delete query._dc;
  if (request.body === '') {
    return {values: query, nulls: [], upload: undefined};
  }
  if (request.method !== 'POST' && request.method !== 'PUT') {
    fail(501, `Unexpected content for method '${request.method}'`);
  }
  if (request.headers['transfer-encoding']?.includes('chunked') === true) {
    fail(501, 'chunked transfer encoding not supported');
  }
  if (request.body.length > bodyLimitBytes) {
    fail(501, 'for data too large');
  }
  return bodyParameters(request, query);
}

/** `{"data": …}` with what goes beside it. */
export function dataAnswer(
  format: OutputFormat,
  data: unknown,
  top: Readonly<Record<string, unknown>> = {},
): Answer {
  const success = format === 'extjs' ? {success: 1, status: 200, message: 'OK'} : {};
  return answer(200, 'OK', JSON.stringify({...success, ...top, data: data ?? null}));
}

/** The answer to a refused call. */
export function failureAnswer(format: OutputFormat, failure: ApiFailure): Answer {
  const {status, errors} = failure;
  const lines = failure.message.split('\n');
  const reason = lines[0] ?? '';
  const message =
    failure.bodyMessage ?? `${failure.message.trimEnd()}${status === 501 ? '' : '\n'}`;
  const problems = errors === undefined ? {} : {errors};
  const body = {data: null, message, ...problems};
  if (format === 'extjs') {
    return answer(200, 'OK', JSON.stringify({success: 0, status, ...body}));
  }
  return answer(status, reason, JSON.stringify(body));
}

/** An answer without JSON: 401, 595, 596 and the refusals of the HTTP server itself. */
export function bareAnswer(status: number, reason: string, body = ''): Answer {
  return answer(status, reason, body, 'text/plain');
}

/** Whether the HTTP server (not a handler) refused: such answers carry text, not JSON. */
export class TextFailure extends ApiFailure {}

function answer(
  status: number,
  reason: string,
  body: string,
  type = 'application/json;charset=UTF-8',
): Answer {
  const closeConnection = status >= 400;
  const typed: Record<string, string> = body === '' ? {} : {'content-type': type};
  return {
    kind: 'answer',
    status,
    reason: /[\r\n]/.test(reason) ? 'Bad Request' : reason,
    headers: {
      ...typed,
      server: 'pve-api-daemon/3.0',
      'cache-control': 'max-age=0',
      pragma: 'no-cache',
    },
    body,
    closeConnection,
  };
}

function bodyParameters(request: Request, query: Record<string, RawParam>): Parameters {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (type === 'application/json') {
    return jsonParameters(request.body, query);
  }
  if (type === '' || type === 'application/x-www-form-urlencoded') {
    return {values: merge(formValues(request.body), query), nulls: [], upload: undefined};
  }
  if (type === 'multipart/form-data') {
    const upload = uploadOf(request);
    const values = {...upload.fields, filename: upload.filename};
    return {values, nulls: [], upload};
  }
  const text = `upload 'Content-Type '${type}' not implemented`;
  throw new TextFailure(506, text);
}

function jsonParameters(body: string, query: Record<string, RawParam>): Parameters {
  const values: Record<string, RawParam> = {};
  const nulls: string[] = [];
  for (const [name, value] of Object.entries(parseJson(body))) {
    if (value === null) {
      nulls.push(name);
    } else {
      values[name] = Array.isArray(value) ? value.map(jsonText) : jsonText(value);
    }
  }
  return {values: merge(values, query), nulls, upload: undefined};
}

function parseJson(body: string): object {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    const expected = 'neither tag, array, object, number, string or atom';
    const where = `at character offset ${body.length} (before "(end of string)")`;
    const source = 'at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 917.';
    throw new TextFailure(500, `malformed JSON string, ${expected}, ${where} ${source}\n`);
  }
}

function jsonText(value: unknown): string {
  if (typeof value === 'boolean') {
    return value ? '1' : '0';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Query parameters win, but two different values for one name are an error. */
function merge(
  body: Readonly<Record<string, RawParam>>,
  query: Readonly<Record<string, RawParam>>,
): Record<string, RawParam> {
  return {...body, ...query};
}

function formValues(text: string): Record<string, RawParam> {
  const values: Record<string, string | string[]> = {};
  for (const part of text.split('&').filter((one) => one !== '')) {
    const equals = part.indexOf('=');
    const name = decode((equals < 0 ? part : part.slice(0, equals)).replaceAll('+', ' '));
    const value = equals < 0 ? '' : decode(part.slice(equals + 1).replaceAll('+', ' '));
    const known = values[name];
    values[name] = known === undefined ? value : [known, value].flat();
  }
  return values;
}

function uploadOf(request: Request): Upload {
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const fields: Record<string, string> = {};
  let filename = '';
  let content = '';
  for (const part of request.body.replaceAll('\r\n', '\n').split(`--${boundary}`)) {
    const name = /name="([^"]*)"/.exec(part)?.[1];
    const split = part.indexOf('\n\n');
    const value = part.slice(split + 2).replace(/\n$/, '');
    const file = /filename="([^"]*)"/.exec(part)?.[1];
    if (file !== undefined) {
      filename = file;
      content = value;
    } else if (name !== undefined) {
      fields[name] = value;
    }
  }
  return {fields, filename, content};
}

function decode(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = run
      .split('%')
      .slice(1)
      .map((pair) => Number.parseInt(pair, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}
