// Why this exists: the real way to a Proxmox node: HTTP/1.1 over TLS whose certificate is pinned or
// signed by a given authority, never anything less. It knows nothing of Proxmox's answers.
import {Pool} from 'undici';
import {assert} from '../core/assert.ts';
import type {Exchange, ExchangeFailure, ExchangeRequest, ExchangeResponse} from '../core/ports.ts';
import type {Result} from '../core/result.ts';
import {Flight} from './flight.ts';
import {type Trust, trustingConnector} from './trust.ts';

/** Where to connect and whom to believe. */
export interface ExchangeOptions {
  /** `https://host:8006`; nothing but https. */
  readonly url: string;
  readonly trust: Trust;
  /** Sockets for reads; as many again for writes. */
  readonly connections?: number;
  readonly connectTimeoutMs?: number;
  readonly maxBodyBytes?: number;
}

/** pveproxy closes idle sockets after 5 s; undici's timers are off by up to half a second. */
const IDLE_MS = 3_000;
/** pveproxy takes 100 requests per connection. */
const REQUESTS_PER_CONNECTION = 90;
const MEBIBYTE = 1024 * 1024;
/** `/cluster/resources` of 10,000 guests is about 6 MiB. */
const MAX_BODY_BYTES = 64 * MEBIBYTE;

/**
 * One endpoint. Throws (our mistake) on a URL that is not https, or without pins or authority.
 * Writes get a connection of their own each: on a kept one, the server's idle close could cross
 * with the request, and nobody could tell whether it was carried out.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const url = new URL(options.url);
  assert(url.protocol === 'https:', 'an endpoint is an https URL');
  const connect = trustingConnector(url.origin, options.trust, options.connectTimeoutMs ?? 5_000);
  const shared = {
    connect,
    allowH2: false,
    connections: options.connections ?? 24,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const reads = new Pool(url.origin, {
    ...shared,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    maxRequestsPerClient: REQUESTS_PER_CONNECTION,
  });
  const writes = new Pool(url.origin, {...shared, pipelining: 0});
  const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  return {
    request: (request) => fly(request.method === 'GET' ? reads : writes, request, maxBodyBytes),
    close: async () => {
      await Promise.all([reads.destroy(), writes.destroy()]);
    },
  };
}

function fly(
  pool: Pool,
  request: ExchangeRequest,
  maxBodyBytes: number,
): Promise<Result<ExchangeResponse, ExchangeFailure>> {
  return new Promise((resolve) => {
    const flight = new Flight(request, maxBodyBytes, resolve);
    if (flight.settled) return;
    const {method, path, headers, body} = request;
    try {
      pool.dispatch({method, path, headers, body}, flight);
    } catch (error) {
      flight.fail('connect', error instanceof Error ? error.message : String(error));
    }
  });
}
