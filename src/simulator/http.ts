// Why this exists: requests and answers as values: how parameters arrive by query, form or JSON,
// and how an answer is written down, both as pveproxy does it (facts.md sections 1 and 3).
import {ApiFailure} from './failure.ts';
import {jsonComplaint} from './json-text.ts';
import type {RawContent} from './route.ts';
import type {PerlKind, RawParam} from './schema/validate.ts';

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

const outputFormats = ['json', 'extjs', 'htmljs', 'html', 'png', 'spiceconfig'] as const;

/** How answers are written: extjs and htmljs (escaped, as text/html) always with 200. */
export type OutputFormat = (typeof outputFormats)[number];

/** A request's path taken apart. */
export interface Target {
  readonly format: OutputFormat;
  /** The format as asked for when it is none of those; refused once authenticated. */
  readonly strange: string | undefined;
  /** Below the format, e.g. `/nodes/pve1/qemu`; percent-encoded parts are decoded. */
  readonly path: string;
  /** The same as it was written, with doubled and trailing slashes: texts quote this one. */
  readonly uri: string;
  readonly query: string;
}

/** An upload: the fields before the file and the file itself. */
export interface Upload {
  readonly fields: Readonly<Record<string, string>>;
  readonly filename: string;
  readonly content: string;
}

/** All parameters of a request. */
export interface Parameters {
  readonly values: Readonly<Record<string, RawParam>>;
  /** Names that came without a value: JSON nulls, and those without an equals sign. */
  readonly nulls: readonly string[];
  /** JSON values that Perl holds as references, by name. */
  readonly kinds: Readonly<Record<string, PerlKind>>;
  readonly upload: Upload | undefined;
}

/** The largest body that pveproxy reads. */
const bodyLimitBytes = 512 * 1024;

/** A path without its fragment, and without the host that two slashes at the front announce. */
export function plainPath(path: string): string {
  const [whole = ''] = path.split('#');
  return whole.replace(/^\/\/[^/?]*/, '');
}

/** Take the path apart; undefined when it is not below `/api2/` or names no format. */
export function targetOf(path: string): Target | undefined {
  const [head = '', ...rest] = plainPath(path).split('?');
  const match = /^\/api2\/+([a-z][a-z0-9]+)(\/.*)?$/.exec(decode(head));
  const format = match?.[1];
  if (match === null || format === undefined) {
    return undefined;
  }
  const uri = match[2] ?? '/';
  const parts = uri.split('/').filter((part) => part !== '');
  const known = outputFormats.find((one) => one === format);
  return {
    format: known ?? 'json',
    strange: known === undefined ? format : undefined,
    path: `/${parts.join('/')}`,
    uri,
    query: rest.join('?'),
  };
}

/** Refuse what the HTTP server does not read: done once the caller is known. */
export function refuseContent(request: Request, target: Target): void {
  const {method, body} = request;
  if (body === '') {
    return;
  }
  if (method !== 'POST' && method !== 'PUT') {
    throw new TextFailure(501, `Unexpected content for method '${method}'`);
  }
  const full = request.headers['content-type'] ?? '';
  const type = contentType(request);
  if (method === 'POST' && uploadPath.test(target.path)) {
    if (type !== 'multipart/form-data' || !/boundary=/.test(full)) {
      throw new TextFailure(500, `upload 'Content-Type '${full}' not implemented\n`);
    }
    return;
  }
  if (body.length > bodyLimitBytes) {
    throw new TextFailure(501, 'for data too large');
  }
  if (!['', 'application/x-www-form-urlencoded', 'application/json'].includes(type)) {
    throw new TextFailure(506, `upload 'Content-Type '${full}' not implemented`);
  }
}

/** The one endpoint that takes files. */
export const uploadPath = /^\/nodes\/[^/]+\/storage\/[^/]+\/upload$/;

function contentType(request: Request): string {
  return (request.headers['content-type'] ?? '').split(/\s*[;,]\s*/)[0]?.trim() ?? '';
}

/** Read query and body; a failure is answered with a text body. */
export function parametersOf(request: Request, target: Target): Parameters {
  const query = formParameters(target.query);
  const type = contentType(request);
  const writes = request.method === 'POST' || request.method === 'PUT';
  if (request.body === '' && !(writes && type === 'application/json')) {
    return query;
  }
  if (type === 'multipart/form-data') {
    const upload = uploadOf(request);
    return {
      ...query,
      values: {...query.values, ...upload.fields, filename: upload.filename},
      upload,
    };
  }
  const body =
    type === 'application/json' ? jsonParameters(request.body) : formParameters(request.body);
  const values: Record<string, RawParam> = {...body.values, ...query.values};
  for (const name of query.nulls) {
    delete values[name];
  }
  const kinds = Object.fromEntries(
    Object.entries(body.kinds).filter(([name]) => query.values[name] === undefined),
  );
  const nulls = [...body.nulls.filter((name) => values[name] === undefined), ...query.nulls];
  return {...body, values, kinds, nulls};
}

/** `{"data": …}` with what goes beside it. */
export function dataAnswer(
  format: OutputFormat,
  data: unknown,
  top: Readonly<Record<string, unknown>> = {},
): Answer {
  const value = data ?? null;
  if (format === 'extjs' || format === 'htmljs') {
    return formatted(format, {success: 1, ...top, data: value});
  }
  return format === 'json'
    ? answer(200, 'OK', JSON.stringify({...top, data: value}))
    : rendered(format, {status: 200, reason: 'OK'}, {data: value});
}

/** Formats that are no JSON: pages for people, pictures, and settings of a SPICE viewer. */
function rendered(
  format: 'html' | 'png' | 'spiceconfig',
  {status, reason}: {readonly status: number; readonly reason: string},
  body: {readonly data: unknown; readonly message?: string},
): Answer {
  if (format === 'html') {
    const alert = body.message === undefined ? '' : `Error ${status}: ${body.message}`;
    const page = escapeHtml(`${alert}${JSON.stringify(body)}`);
    const html = `<!DOCTYPE html>\n<html><body><pre>${page}</pre></body></html>`;
    return answer(status, reason, html, 'text/html;charset=UTF-8');
  }
  if (format === 'png') {
    return answer(status, reason, '', 'image/png');
  }
  const lines =
    typeof body.data === 'object' && body.data !== null
      ? Object.entries(body.data).map(([key, value]) => `${key}=${value}\n`)
      : [];
  const text = lines.length === 0 ? '' : `[virt-viewer]\n${lines.join('')}`;
  return answer(status, reason, text, 'application/x-virt-viewer;charset=UTF-8');
}

/** The page for people sends the unknown to its own form. */
export function loginRequired(): Answer {
  const plain = answer(301, 'Moved', '');
  return {...plain, headers: {...plain.headers, location: '/api2/html/access/ticket'}};
}

function formatted(format: OutputFormat, body: object): Answer {
  const text = JSON.stringify(body);
  return format === 'htmljs'
    ? answer(200, 'OK', escapeHtml(text), 'text/html;charset=UTF-8')
    : answer(200, 'OK', text);
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '<': 'lt',
    '>': 'gt',
    '&': 'amp',
    '"': 'quot',
    "'": '#39',
  };
  return text.replace(/[<>&"']/g, (one) => `&${names[one]};`);
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
  if (format === 'extjs' || format === 'htmljs') {
    // The code of an exception has been part of a text by then.
    const code = status === 500 || status === 501 ? status : String(status);
    return formatted(format, {success: 0, status: code, ...body});
  }
  return format === 'json'
    ? answer(status, reason, JSON.stringify(body))
    : rendered(format, {status, reason}, body);
}

/** An answer without JSON: 401, 595, 596 and the refusals of the HTTP server itself. */
export function bareAnswer(status: number, reason: string, body = ''): Answer {
  return answer(status, reason, body, 'text/plain');
}

/** An answer that is no JSON: a file to download. */
export function textAnswer(raw: RawContent): Answer {
  const plain = answer(200, 'OK', raw.body, raw.type);
  return {...plain, headers: {...plain.headers, ...raw.headers}};
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

function jsonParameters(body: string): Parameters {
  const values: Record<string, RawParam> = {};
  const nulls: string[] = [];
  const kinds: Record<string, PerlKind> = {};
  for (const [name, value] of Object.entries(parseJson(body))) {
    if (name === '_dc') {
      continue;
    }
    if (value === null) {
      nulls.push(name);
      continue;
    }
    const isList = Array.isArray(value);
    values[name] = isList ? value.map(jsonText) : jsonText(value);
    if (typeof value === 'boolean') {
      kinds[name] = 'JSON::PP::Boolean';
    } else if (typeof value === 'object' && !isList) {
      kinds[name] = 'HASH';
    }
  }
  return {values, nulls, kinds, upload: undefined};
}

const server = '/usr/share/perl5/PVE/APIServer/AnyEvent.pm';

function parseJson(body: string): object {
  const complaint = jsonComplaint(body);
  if (complaint !== undefined) {
    throw new TextFailure(500, `${complaint} at ${server} line 917.\n`);
  }
  const parsed: unknown = JSON.parse(body);
  if (Array.isArray(parsed) || parsed === true) {
    throw new TextFailure(500, `Not a HASH reference at ${server} line 957.\n`);
  }
  if (typeof parsed === 'object' && parsed !== null) {
    return parsed;
  }
  const text = String(parsed ?? '').slice(0, 32);
  if (parsed === false || text === '' || text === '0') {
    return {};
  }
  const more = String(parsed).length > 32 ? '...' : '';
  const cause = `Can't use string ("${text}"${more}) as a HASH ref while "strict refs" in use`;
  throw new TextFailure(500, `${cause} at ${server} line 957.\n`);
}

function jsonText(value: unknown): string {
  if (typeof value === 'boolean') {
    return value ? '1' : '0';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Split as PVE::APIServer::AnyEvent does: `;` separates, too, and a second `=` ends the value. */
function formParameters(text: string): Parameters {
  const values: Record<string, string | string[]> = {};
  const nulls: string[] = [];
  // Perl's split drops what is empty at the end only; elsewhere it is a parameter without a name.
  const whole = text.replace(/[&;]+$/, '');
  for (const part of whole === '' ? [] : whole.split(/[&;]/)) {
    const [key = '', raw] = part.split('=');
    const name = decode(key.replaceAll('+', ' '));
    if (name === '_dc') {
      continue;
    }
    if (raw === undefined) {
      nulls.push(name);
      continue;
    }
    const value = decode(raw.replaceAll('+', ' '));
    const known = values[name];
    values[name] = known === undefined ? value : [known, value].flat();
  }
  return {values, nulls, kinds: {}, upload: undefined};
}

const uploadFields = ['content', 'checksum-algorithm', 'checksum', 'filename'];

/** The parts of an upload are looked for in this order; one at another place ends it. */
function uploadOf(request: Request): Upload {
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
  const fields: Record<string, string> = {};
  let next = 0;
  for (const part of request.body.replaceAll('\r\n', '\n').split(`--${boundary}`)) {
    const name = /name="([^"]*)"/.exec(part)?.[1];
    const file = /filename="([^"]*)"/.exec(part)?.[1];
    const value = part.slice(part.indexOf('\n\n') + 2).replace(/\n$/, '');
    if (file === '') {
      break;
    }
    if (name !== undefined) {
      next = uploadFields.indexOf(name, next) + 1;
      if (next === 0 || (name === 'filename') !== (file !== undefined)) {
        throw new TextFailure(400, 'Bad Request');
      }
    }
    if (file !== undefined) {
      return {fields, filename: file, content: value};
    }
    if (name !== undefined) {
      fields[name] = value;
    }
  }
  throw new TextFailure(500, `upload failed at ${server} line 1317.\n`);
}

function decode(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = run
      .split('%')
      .slice(1)
      .map((pair) => Number.parseInt(pair, 16));
    return new TextDecoder('utf-8', {ignoreBOM: true}).decode(Uint8Array.from(bytes));
  });
}
