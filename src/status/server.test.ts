// Why this exists: proves the server as a client meets it: what is answered, what never is.
import {connect} from 'node:net';
import {afterEach, describe, expect, it} from 'vitest';
import {HOSTILE} from '../../test/builders/hostile.ts';
import {
  aChange,
  aHold,
  aJournal,
  anAction,
  anOutcome,
  aPlan,
  aReport,
  aResource,
  aSource,
  fingerprintOf,
  NOW,
} from '../../test/builders/report.ts';
import type {Report} from '../core/report.ts';
import {createLog} from './log.ts';
import {createMetrics} from './metrics.ts';
import {createStatusServer, type StatusServerOptions} from './server.ts';

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of running.splice(0)) await close();
});

async function serve(parts: Partial<StatusServerOptions> = {}, report: Report = aReport()) {
  const server = createStatusServer({
    listen: {host: '127.0.0.1', port: 0},
    token: null,
    metricsText: createMetrics({version: '1.2.3'}),
    clusters: () => [{name: 'harness', intervalMs: 60_000}],
    reports: () => new Map([['harness', report]]),
    journal: aJournal(),
    version: '1.2.3',
    installation: 'home',
    startedAt: NOW - 3_600_000,
    log: createLog({level: 'silent'}),
    now: () => NOW,
    ...parts,
  });
  running.push(() => server.close());
  const {url} = await server.start();
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${url}${path}`, {redirect: 'manual', ...init});
    return {status: answer.status, headers: answer.headers, text: await answer.text()};
  };
  return {url, ask, close: () => server.close()};
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const PATHS = [
  '/',
  '/metrics',
  '/healthz',
  '/readyz',
  '/api/v1/status',
  '/api/v1/clusters/harness/plan',
  '/api/v1/clusters/harness/resources',
  '/api/v1/resources/qemu/150',
  '/api/v1/audit',
];

describe('every path', () => {
  it.each(PATHS)('%s is answered, for GET only, with headers that protect', async (path) => {
    const {ask} = await serve();
    const answer = await ask(path);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await ask(path, {method: 'HEAD'})).status).toBe(200);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const refused = await ask(path, {method});
      expect(refused.status).toBe(405);
      expect(refused.headers.get('allow')).toBe('GET, HEAD');
    }
  });

  it.each(PATHS)('%s asks for the token when there is one', async (path) => {
    const {ask} = await serve({token: 'a-long-token'});
    const isOpen = ['/healthz', '/readyz'].includes(path);
    expect((await ask(path)).status).toBe(isOpen ? 200 : 401);
    const headers = {authorization: 'Bearer a-long-token'};
    expect((await ask(path, {headers})).status).toBe(200);
  });
});

describe('a name that is not ours', () => {
  it('is not answered, so that a page elsewhere cannot read this one', async () => {
    const {url} = await serve();
    const {port} = new URL(url);
    const text = await raw(Number(port), 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1.1 421 /);
    expect(text).not.toContain('harness');
  });
});

describe('a large body', () => {
  it('is not read', async () => {
    const {ask} = await serve();
    const body = 'x'.repeat(2_000_000);
    const status = await ask('/', {method: 'POST', body}).then(
      (answer) => answer.status,
      () => 'cut',
    );
    expect([405, 'cut']).toContain(status);
    expect((await ask('/healthz')).status).toBe(200);
  });
});

describe('closing', () => {
  it('does not wait for a client that keeps its connection', async () => {
    const {url, close} = await serve();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    await close();
    await ended;
  });
});

describe('the API', () => {
  const action = anAction();
  const report = aReport({
    plan: aPlan({actions: [action]}),
    verdicts: [aHold(action, 'approval')],
    resources: [
      aResource({state: 'held'}),
      aResource({vmid: 160, name: 'plane-server'}),
      aResource({vmid: 161, name: 'plane-server'}),
    ],
  });

  it('gives the status document', async () => {
    const {ask} = await serve({}, report);
    const {text, headers} = await ask('/api/v1/status');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(JSON.parse(text)).toMatchObject({
      version: '1.2.3',
      installation: 'home',
      startedAt: NOW - 3_600_000,
      clusters: [{cluster: 'harness', counts: {held: 1, in_sync: 2}, requests: 9}],
    });
  });

  it('gives the plan with its verdicts', async () => {
    const {ask} = await serve({}, report);
    const {plan, verdicts} = JSON.parse((await ask('/api/v1/clusters/harness/plan')).text);
    expect(plan.actions[0].fingerprint).toBe(fingerprintOf(150));
    expect(verdicts[0].reasons[0].reason).toBe('approval');
    expect((await ask('/api/v1/clusters/other/plan')).status).toBe(404);
  });

  it('says that a pass made no plan', async () => {
    const {ask} = await serve({}, aReport({plan: null, result: 'failed'}));
    expect((await ask('/api/v1/clusters/harness/plan')).status).toBe(503);
  });

  it('lists resources, of one state when asked', async () => {
    const {ask} = await serve({}, report);
    const path = '/api/v1/clusters/harness/resources';
    expect(JSON.parse((await ask(path)).text)).toHaveLength(3);
    expect(JSON.parse((await ask(`${path}?state=held`)).text)).toHaveLength(1);
    expect((await ask('/api/v1/clusters/other/resources')).status).toBe(404);
  });

  it.each([
    ['qemu/150', 200],
    ['neo4j-db', 200],
    ['plane-server', 409],
    ['qemu/161', 200],
    ['qemu/161?cluster=neve', 404],
    ['nobody', 404],
    ['%2e%2e/%00', 404],
    ['__proto__', 404],
  ])('asked for the resource %s answers %d', async (name, status) => {
    const {ask} = await serve({}, report);
    expect((await ask(`/api/v1/resources/${name}`)).status).toBe(status);
  });

  it('tells all about one resource, its newest outcome first', async () => {
    const journal = aJournal({
      outcomesOf: () => [anOutcome({endedAt: 1}), anOutcome({endedAt: 2})],
    });
    const {ask} = await serve({journal}, report);
    const detail = JSON.parse((await ask('/api/v1/resources/neo4j-db')).text);
    expect(detail.cluster).toBe('harness');
    expect(detail.actions).toHaveLength(1);
    expect(detail.outcomes.map((one: {endedAt: number}) => one.endedAt)).toEqual([2, 1]);
  });

  it('hands the audit’s filter on and bounds it', async () => {
    const asked: unknown[] = [];
    const journal = aJournal({
      audit: (filter) => {
        asked.push(filter);
        return [];
      },
    });
    const {ask} = await serve({journal});
    await ask('/api/v1/audit?cluster=harness&key=guest/150&limit=7');
    await ask('/api/v1/audit');
    expect(asked).toEqual([{cluster: 'harness', key: 'guest/150', limit: 7}, {limit: 100}]);
    expect((await ask('/api/v1/audit?limit=1000000')).status).toBe(400);
    expect((await ask('/api/v1/audit?limit=x')).status).toBe(400);
  });

  it('says that a journal cannot be read, without its inside', async () => {
    const journal = aJournal({
      audit: () => {
        throw new Error('disk image is malformed');
      },
    });
    const {ask} = await serve({journal});
    const {status, text} = await ask('/api/v1/audit');
    expect(status).toBe(500);
    expect(text).not.toContain('malformed');
  });

  it('answers 404 with where to start', async () => {
    const {ask} = await serve();
    const {status, text} = await ask('/nowhere');
    expect(status).toBe(404);
    expect(text).toContain('/api/v1/status');
  });
});

describe('health', () => {
  it('is bad when a loop is silent, and readiness when no pass was made', async () => {
    const {ask} = await serve({now: () => NOW + 3_600_000});
    expect((await ask('/healthz')).status).toBe(503);
    const young = await serve({startedAt: NOW - 1_000, reports: () => new Map()});
    expect((await young.ask('/healthz')).status).toBe(200);
    expect((await young.ask('/readyz')).status).toBe(503);
    expect((await young.ask('/')).text).toContain('No pass yet');
  });
});

describe('a hostile text', () => {
  it.each(HOSTILE)('is only shown, on the page and in the API: $tries', async ({text}) => {
    const {ask} = await serve({}, hostileReport(text));
    const page = (await ask('/')).text;
    const harmless = await serve({}, hostileReport('harmless'));
    expect(skeleton(page)).toEqual(skeleton((await harmless.ask('/')).text));
    expect(page.replaceAll('\n', '')).not.toMatch(UNSEEN);
    for (const path of ['/api/v1/status', '/api/v1/clusters/harness/plan']) {
      const json = (await ask(path)).text;
      expect(JSON.stringify(JSON.parse(json))).toContain(JSON.stringify(text).slice(1, -1));
      expect(json.trimEnd()).not.toMatch(UNSEEN);
    }
  });
});

/** All tags with the names of their attributes: what a browser would make of the page. */
function skeleton(page: string): readonly string[] {
  return (page.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));
}

function hostileReport(text: string): Report {
  const change = aChange({shown: {from: text, to: text}, because: text, field: text});
  const action = anAction({name: text, changes: [change]});
  const reason = {reason: 'approval', detail: text, remedy: text} as const;
  const error = {kind: 'refused', message: text, remedy: text} as const;
  return aReport({
    plan: aPlan({actions: [action]}),
    verdicts: [aHold(action, 'approval', {reasons: [reason, reason]})],
    resources: [
      aResource({
        name: text,
        state: 'held',
        drift: [{risk: 'benign', cause: 'drift', fields: 1, since: NOW - 5_000}],
      }),
    ],
    sources: [aSource({subject: text, author: text, repository: text, error})],
    stages: [{stage: 'fetch', seconds: 1, ok: false, because: text}],
    applying: [
      {
        key: 'guest/150',
        name: text,
        verb: 'update',
        fingerprint: action.fingerprint,
        says: text,
        startedAt: NOW - 1_000,
      },
    ],
    endpoints: [{url: text, up: false}],
  });
}

/** What a socket answers to these bytes, until it ends or pauses after a whole head. */
async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request);
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes('\r\n\r\n')) break;
  }
  socket.destroy();
  return text;
}
