// Why this exists: what this server shows is worth protecting (every guest, every reason), and a
// web page elsewhere must not read it through the operator's browser. All checks are in one place.
import {createHash, timingSafeEqual} from 'node:crypto';

/** What a request shows of itself before anything of it is read. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly host: string | undefined;
  readonly authorization: string | undefined;
}

/** What the server knows of itself. */
export interface GuardOptions {
  readonly host: string;
  readonly token: string | null;
  readonly tls: boolean;
}

/** Why a request is not answered. */
export interface Refusal {
  readonly status: 401 | 405 | 421;
  readonly message: string;
  readonly remedy: string;
  readonly headers: {readonly [name: string]: string};
}

/** Paths that a supervisor asks without the token; they tell nothing of any guest. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Null when the request may be answered. */
export function refusalOf(asked: Asked, options: GuardOptions): Refusal | null {
  return methodRefusal(asked) ?? hostRefusal(asked, options) ?? tokenRefusal(asked, options);
}

function methodRefusal({method}: Asked): Refusal | null {
  if (method === 'GET' || method === 'HEAD') return null;
  return {
    status: 405,
    message: 'nothing can be changed here',
    remedy: 'What a person wants changed goes through Git or the pvegit command.',
    headers: {allow: 'GET, HEAD'},
  };
}

/**
 * DNS rebinding makes a stranger's page ask a loopback address under the stranger's name. With TLS
 * the name does not fit the certificate, and no page has the token: then any name will do.
 */
function hostRefusal({host}: Asked, options: GuardOptions): Refusal | null {
  if (options.tls || options.token !== null) return null;
  const name = hostName(host ?? '');
  if (name !== null && (isLoopback(name) || name === options.host.toLowerCase())) return null;
  return {
    status: 421,
    message: 'this name is not one of this server',
    remedy: 'Ask by a loopback address or localhost, or set listenToken or tls.',
    headers: {},
  };
}

function tokenRefusal({path, authorization}: Asked, {token}: GuardOptions): Refusal | null {
  if (token === null || OPEN_PATHS.has(path)) return null;
  const shown = shownToken(authorization ?? '');
  if (shown !== null && isSame(shown, token)) return null;
  return {
    status: 401,
    message: 'the token is missing or wrong',
    remedy: 'Send "Authorization: Bearer TOKEN", or the token as the password of any user.',
    headers: {'www-authenticate': 'Basic realm="pvegit", charset="UTF-8"'},
  };
}

/** The name in a Host header, without port and brackets, in lower case; null if it is not one. */
export function hostName(host: string): string | null {
  const found = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  const name = found?.[1] ?? found?.[2];
  return name === undefined ? null : name.toLowerCase();
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** From `Bearer TOKEN`, or the password of `Basic` as browsers ask for it. */
function shownToken(authorization: string): string | null {
  const [scheme = '', value = ''] = authorization.split(' ');
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return null;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}

/** Takes the same time wherever the difference is, and whatever the lengths are. */
function isSame(shown: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return token !== '' && timingSafeEqual(digest(shown), digest(token));
}
