// Why this exists: metrics, health, API and page over HTTP. It only shows: there is no endpoint
// that changes anything, and it listens elsewhere than loopback only with a token or TLS.
import {Readable} from 'node:stream';
import {type FastifyInstance, type FastifyReply, fastify} from 'fastify';
import type {Log} from '../core/ports.ts';
import {
  type Answer,
  type ApiParts,
  auditAnswer,
  planAnswer,
  problem,
  type Query,
  resourceAnswer,
  resourcesAnswer,
  statusAnswer,
} from './api.ts';
import {escapeJson} from './escape.ts';
import {refusalOf} from './guard.ts';
import {type FollowedCluster, type Health, liveness, readiness} from './health.ts';
import type {MetricsText} from './metrics.ts';
import {PAGE_POLICY, statusPage} from './page.ts';

/** What the server shows, and where. */
export interface StatusServerOptions extends Omit<ApiParts, 'identity'> {
  /** Port 0 takes a free one. */
  readonly listen: {readonly host: string; readonly port: number};
  /** Asked of every client but for the health paths; null on loopback. */
  readonly token: string | null;
  /** PEM texts. */
  readonly tls?: {readonly cert: string; readonly key: string} | null;
  readonly metricsText: Pick<MetricsText, 'pieces' | 'contentType'>;
  /** Every cluster that is followed, also before its first pass. */
  readonly clusters: () => readonly FollowedCluster[];
  readonly version: string;
  readonly installation: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly log: Log;
  /** Wall clock, ms since the epoch. */
  readonly now?: () => number;
}

/** A server that listens once started. */
export interface StatusServer {
  /** Rejects when the address cannot be had. The URL has no slash at its end. */
  start(): Promise<{readonly url: string}>;
  /** Ends at once, also for clients that keep a connection open. */
  close(): Promise<void>;
}

/** A client that says nothing, or too slowly, is let go. */
const REQUEST_TIMEOUT_MS = 15_000;
/** Nothing here takes a body. */
const LARGEST_BODY = 1_024;
/** Names of resources in paths. */
const LONGEST_NAME = 512;

const JSON_TYPE = 'application/json; charset=utf-8';
const API_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Makes the server; nothing listens before `start`. */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  const {listen, log} = options;
  const app = fastify({
    https: options.tls ?? null,
    forceCloseConnections: true,
    bodyLimit: LARGEST_BODY,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: {maxParamLength: LONGEST_NAME},
    exposeHeadRoutes: true,
  });
  addGuard(app, options);
  addErrors(app, log);
  addHealth(app, options);
  addApi(app, options);
  addPage(app, options);
  return {
    start: async () => {
      const url = await app.listen({...listen});
      log.info('status server listens', {url});
      return {url};
    },
    close: () => app.close(),
  };
}

function addGuard(app: FastifyInstance, {listen, token, tls}: StatusServerOptions): void {
  const guard = {host: listen.host, token, tls: tls !== undefined && tls !== null};
  app.addHook('onRequest', async (request, reply) => {
    secureHeaders(reply);
    const refusal = refusalOf(
      {
        method: request.method,
        path: request.url.split('?')[0] ?? '',
        host: request.headers.host,
        authorization: request.headers.authorization,
      },
      guard,
    );
    if (refusal === null) return;
    // What else the client sends is not read.
    void reply.headers({...refusal.headers, connection: 'close'});
    return sendJson(reply, refusal.status, problem(refusal.message, refusal.remedy));
  });
}

function secureHeaders(reply: FastifyReply): void {
  void reply.headers({
    'content-security-policy': API_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  });
}

function addErrors(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((_request, reply) =>
    sendJson(reply, 404, problem('there is nothing here', 'Start at / or /api/v1/status.')),
  );
  app.setErrorHandler((error, _request, reply) => {
    const message = error instanceof Error ? error.message : String(error);
    log.error('a request could not be answered', {because: message});
    return sendJson(reply, 500, problem('the answer could not be made', 'The log says why.'));
  });
}

function addHealth(app: FastifyInstance, options: StatusServerOptions): void {
  const {clusters, reports, startedAt, now = Date.now, metricsText} = options;
  const input = () => ({clusters: clusters(), reports: reports(), startedAt, now: now()});
  const send = (reply: FastifyReply, {ok, problems}: Health) =>
    sendJson(reply, ok ? 200 : 503, {ok, problems});
  app.get('/healthz', (_request, reply) => send(reply, liveness(input())));
  app.get('/readyz', (_request, reply) => send(reply, readiness(input())));
  app.get('/metrics', (_request, reply) =>
    reply
      .type(metricsText.contentType)
      .send(Readable.from(metricsText.pieces(), {objectMode: false})),
  );
}

function addApi(app: FastifyInstance, options: StatusServerOptions): void {
  const parts = apiParts(options);
  const send = (reply: FastifyReply, {status, value}: Answer) => sendJson(reply, status, value);
  app.get('/api/v1/status', (_request, reply) => send(reply, statusAnswer(parts)));
  app.get<{Params: {cluster: string}}>('/api/v1/clusters/:cluster/plan', (request, reply) =>
    send(reply, planAnswer(parts, request.params.cluster)),
  );
  app.get<{Params: {cluster: string}; Querystring: Query}>(
    '/api/v1/clusters/:cluster/resources',
    ({params, query}, reply) => send(reply, resourcesAnswer(parts, params.cluster, query)),
  );
  app.get<{Params: {'*': string}; Querystring: Query}>(
    '/api/v1/resources/*',
    ({params, query}, reply) => send(reply, resourceAnswer(parts, params['*'], query)),
  );
  app.get<{Querystring: Query}>('/api/v1/audit', ({query}, reply) =>
    send(reply, auditAnswer(parts, query)),
  );
}

function addPage(app: FastifyInstance, options: StatusServerOptions): void {
  const {clusters, reports, journal, now = Date.now} = options;
  const {identity} = apiParts(options);
  app.get('/', (_request, reply) => {
    const names = clusters().map(({name}) => name);
    const html = statusPage({identity, names, reports: reports(), journal, now: now()});
    return reply
      .header('content-security-policy', PAGE_POLICY)
      .type('text/html; charset=utf-8')
      .send(html);
  });
}

function apiParts(options: StatusServerOptions): ApiParts {
  const {version, installation, startedAt, reports, journal} = options;
  return {identity: {version, installation, startedAt}, reports, journal};
}

function sendJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  return reply
    .code(status)
    .type(JSON_TYPE)
    .send(escapeJson(`${JSON.stringify(value)}\n`));
}
