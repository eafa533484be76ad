// Why this exists: the in-process engine's own HTTP client knows no time-out, follows redirects
// anywhere with the token, and streams without bound. This one has deadlines, a bound on each body,
// and sends the token to the configured origin only.
import type {HttpClient} from 'isomorphic-git';
import {Agent, request} from 'undici';
import type {SourceError} from '../core/ports.ts';
import {aborted, failure} from './failure.ts';

/** One remote over HTTP. */
export interface HttpSettings {
  readonly url: string;
  /** Whole Authorization header, or null. */
  readonly authorization: string | null;
  /** PEM text of the authorities, null for the system's. */
  readonly ca: string | null;
  readonly maxBytes: number;
  /** Longest silence of the remote: connecting, before the headers, between two pieces. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

/** Thrown through the git library, which knows only exceptions; caught again by the engine. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly error: SourceError;
  constructor(error: SourceError) {
    super(error.message);
    this.error = error;
  }
}

const MAX_REDIRECTS = 3;

/** A client for one operation on one remote, and the closing of its connections. */
export function createHttp(settings: HttpSettings): {
  readonly client: HttpClient;
  readonly close: () => Promise<void>;
} {
  const agent = new Agent({
    allowH2: false,
    connections: 2,
    connect: {timeout: settings.idleMs, ...(settings.ca === null ? {} : {ca: settings.ca})},
    headersTimeout: settings.idleMs,
    bodyTimeout: settings.idleMs,
  });
  const exchange = exchanger(settings, agent);
  const client: HttpClient = {
    async request({url, method = 'GET', headers = {}, body}) {
      const sent = body === undefined ? null : await readBounded(body, settings.maxBytes);
      const answer = await exchange(url, method, headers, sent);
      return {
        url,
        method,
        statusCode: answer.status,
        statusMessage: '',
        headers: answer.headers,
        body: oneChunk(answer.body),
      };
    },
  };
  return {client, close: () => agent.destroy()};
}

interface Answer {
  readonly status: number;
  readonly headers: {[name: string]: string};
  readonly body: Uint8Array;
}

type Exchanger = (
  url: string,
  method: string,
  headers: {readonly [name: string]: string},
  body: Uint8Array | null,
) => Promise<Answer>;

function exchanger(settings: HttpSettings, agent: Agent): Exchanger {
  const home = new URL(settings.url).origin;
  let moved: {readonly from: string; readonly to: string} | null = null;
  return async (url, method, headers, body) => {
    let target =
      moved !== null && url.startsWith(moved.from) ? moved.to + url.slice(moved.from.length) : url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const answer = await once(settings, agent, {url: target, method, headers, body});
      const location = answer.headers['location'];
      if (answer.status < 300 || answer.status > 399 || location === undefined) {
        return accept(answer, target);
      }
      const next = redirect(location, target, home);
      if (method !== 'GET') throw refused(`the remote answered a ${method} with a redirect`);
      moved = movedBase(url, next);
      target = next;
    }
    throw refused('the remote redirects without end');
  };
}

async function once(
  settings: HttpSettings,
  agent: Agent,
  call: {
    readonly url: string;
    readonly method: string;
    readonly headers: {readonly [name: string]: string};
    readonly body: Uint8Array | null;
  },
): Promise<Answer> {
  const {authorization, signal, maxBytes} = settings;
  try {
    const response = await request(call.url, {
      dispatcher: agent,
      method: call.method === 'POST' ? 'POST' : 'GET',
      headers: {...call.headers, ...(authorization === null ? {} : {authorization})},
      body: call.body,
      signal,
    });
    const body = await readBounded(response.body, maxBytes);
    return {status: response.statusCode, headers: plain(response.headers), body};
  } catch (error) {
    throw error instanceof HttpRefusal ? error : new HttpRefusal(connectionFailure(error, signal));
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > maxBytes) {
      throw new HttpRefusal(failure('too-large', `the remote sent more than ${maxBytes} bytes`));
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function accept(answer: Answer, url: string): Answer {
  const {status, body} = answer;
  if (status === 401 || status === 403) {
    throw new HttpRefusal(failure('unauthorised', `the remote answered ${status}`));
  }
  if (status === 404 || status === 410) {
    const message = `the remote answered ${status}: no such repository, or not for this token`;
    throw new HttpRefusal(failure('unreachable', message));
  }
  if (status !== 200) {
    throw new HttpRefusal(failure('unreachable', `the remote answered ${status}`));
  }
  const isListing = new URL(url).pathname.endsWith('/info/refs');
  if (isListing && Buffer.from(body.subarray(-4)).toString() !== '0000') {
    throw new HttpRefusal(failure('corrupt', 'the remote’s list of branches is cut short'));
  }
  return answer;
}

function redirect(location: string, from: string, home: string): string {
  const next = URL.canParse(location, from) ? new URL(location, from) : null;
  if (next === null || next.origin !== home || next.username !== '') {
    throw refused('the remote redirects to another origin, which is not followed');
  }
  return next.href;
}

function movedBase(from: string, to: string): {from: string; to: string} | null {
  const tail = '/info/refs?service=git-upload-pack';
  if (!from.endsWith(tail) || !to.endsWith(tail)) {
    throw refused('the remote redirects to something that is not a repository');
  }
  return {from: from.slice(0, -tail.length), to: to.slice(0, -tail.length)};
}

function refused(message: string): HttpRefusal {
  const remedy = 'Write the repository’s final address as `url:` of this source.';
  return new HttpRefusal(failure('refused', message, remedy));
}

const TIMEOUTS = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'];

function connectionFailure(error: unknown, signal: AbortSignal): SourceError {
  if (signal.aborted) return aborted(signal);
  const code = codeOf(error);
  if (TIMEOUTS.includes(code)) return failure('timeout', 'the remote fell silent');
  if (/CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO_/.test(code)) {
    return failure('unreachable', `the remote’s certificate is not trusted (${code})`);
  }
  return failure('unreachable', `the connection to the remote failed (${code})`);
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string') return code;
  return error.cause === undefined ? error.name : codeOf(error.cause);
}

function plain(headers: {readonly [name: string]: string | string[] | undefined}): {
  [name: string]: string;
} {
  const out: {[name: string]: string} = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined)
      out[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
