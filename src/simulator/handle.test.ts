// Why this exists: a request's way through faults, permissions and validation is one for all calls.
import {describe, expect, it} from 'vitest';
import {addToken, buildCluster, demoCluster, demoSecret, grant} from './build.ts';
import {advance, nextDueMs} from './clock.ts';
import {armRequest} from './faults.ts';
import {acquire, qemuLockFile} from './flock.ts';
import {accept, handle} from './handle.ts';
import type {Answer, Request, Response} from './http.ts';
import type {Cluster} from './state.ts';

const demoToken = `PVEAPIToken=pvegit@pve!controller=${demoSecret}`;

function request(method: string, path: string, body = '', authorization = demoToken): Request {
  return {method, path: `/api2/json${path}`, headers: {authorization}, body};
}

function ask(cluster: Cluster, method: string, path: string, body = ''): Answer {
  const response = handle(cluster, request(method, path, body), cluster.nowMs);
  return response.kind === 'answer' ? response : expect.unreachable('an answer comes');
}

describe('a request', () => {
  it('without credentials is refused after three seconds with an empty body', () => {
    const cluster = buildCluster();
    const before = cluster.nowMs;
    const response = handle(cluster, request('GET', '/version', '', ''), before);
    expect(response).toMatchObject({status: 401, reason: 'No ticket', body: ''});
    expect(cluster.nowMs - before).toBe(3_000);
  });

  it('is checked for its permission before its parameters', () => {
    const cluster = demoCluster();
    addToken(cluster, {user: 'poor@pve', token: 't', secret: 'x'});
    const poor = 'PVEAPIToken=poor@pve!t=x';
    const response = handle(
      cluster,
      request('PUT', '/cluster/options', 'nonsense=1', poor),
      cluster.nowMs,
    );
    expect(response).toMatchObject({status: 403, closeConnection: true});
  });

  it('with unknown parameters names each of them', () => {
    const answer = ask(demoCluster(), 'GET', '/version?foo=1&bar=2');
    const {errors} = JSON.parse(answer.body);
    expect([answer.status, Object.keys(errors)]).toEqual([400, ['foo', 'bar']]);
  });

  it('to an offline node gets 595, to an unknown one the name that cannot be resolved', () => {
    const cluster = demoCluster({nodes: ['pve1', 'pve2']});
    const node = cluster.nodes.get('pve2') ?? expect.unreachable('pve2 exists');
    node.online = false;
    expect(ask(cluster, 'GET', '/nodes/pve2/time')).toMatchObject({status: 595, body: ''});
    expect(ask(cluster, 'GET', '/nodes/pve7/time').reason).toContain(
      "hostname lookup 'pve7' failed",
    );
  });

  it('that writes without quorum is refused, and reading goes on', () => {
    const cluster = demoCluster();
    cluster.quorate = false;
    expect(ask(cluster, 'POST', '/pools', 'poolid=web').reason).toContain('no quorum');
    expect(ask(cluster, 'GET', '/pools').status).toBe(200);
  });

  it('in an unknown format, or in chunks, is not understood', () => {
    const sent = request('POST', '/pools', 'poolid=web');
    const chunked = {...sent, headers: {...sent.headers, 'transfer-encoding': 'chunked'}};
    expect(handle(demoCluster(), {...sent, path: '/api2/xml/version'}, 0)).toMatchObject({
      status: 501,
      reason: 'no formatter for uri /version, xml',
    });
    expect(handle(demoCluster(), chunked, 0)).toMatchObject({
      status: 501,
      reason: 'chunked transfer encoding not supported',
    });
  });

  it('in extjs format is always answered 200', () => {
    const path = '/api2/extjs/version';
    const sent = {...request('GET', ''), path};
    const response = handle(demoCluster(), sent, 0);
    expect(response).toMatchObject({status: 200, reason: 'OK'});
    expect(response.kind === 'answer' && JSON.parse(response.body).success).toBe(1);
  });
});

describe('privilege separation', () => {
  it('gives a token only what both it and its owner have', () => {
    const cluster = buildCluster();
    addToken(cluster, {user: 'a@pve', token: 't', secret: 'x'});
    grant(cluster, {subject: 'a@pve', role: 'PVEAdmin', path: '/'});
    const read = () =>
      handle(cluster, request('GET', '/access/permissions', '', 'PVEAPIToken=a@pve!t=x'), 0);
    const body = (response: Response) =>
      response.kind === 'answer' ? JSON.parse(response.body).data : undefined;
    expect(body(read())).toEqual({});
    grant(cluster, {subject: 'a@pve!t', role: 'PVEAuditor', path: '/storage/local'});
    expect(body(read())['/storage/local']).toHaveProperty('Datastore.Audit', 1);
  });
});

describe('a request fault', () => {
  const create = (cluster: Cluster): Response[] => {
    const responses: Response[] = [];
    accept(cluster, request('POST', '/pools', 'poolid=web'), cluster.nowMs, (response) =>
      responses.push(response),
    );
    return responses;
  };

  it('cuts the connection before the server acted', () => {
    const cluster = demoCluster();
    armRequest(cluster, {method: 'POST', path: /^\/pools$/}, {kind: 'cut-before'});
    expect(create(cluster)).toEqual([{kind: 'cut'}]);
    expect([cluster.pools.size, cluster.effects]).toEqual([0, []]);
  });

  it('cuts the connection after the server acted', () => {
    const cluster = demoCluster();
    armRequest(cluster, {path: /^\/pools$/}, {kind: 'cut-after'});
    expect(create(cluster)).toEqual([{kind: 'cut'}]);
    expect(cluster.effects).toMatchObject([{what: 'pool', user: 'pvegit@pve!controller'}]);
  });

  it('loses the answer: 596 after 30 s, and the work is done', () => {
    const cluster = demoCluster();
    armRequest(cluster, {path: /^\/pools$/}, {kind: 'answer-lost'});
    const responses = create(cluster);
    advance(cluster, cluster.nowMs + 30_000);
    expect(responses).toMatchObject([{status: 596, reason: 'Connection timed out', body: ''}]);
    expect(cluster.pools.has('web')).toBe(true);
  });

  it('never answers, answers otherwise, or answers late', () => {
    const cluster = demoCluster();
    armRequest(cluster, {path: /^\/pools$/}, {kind: 'no-answer'});
    armRequest(cluster, {path: /^\/pools$/}, {kind: 'answer', status: 500, reason: 'out of luck'});
    armRequest(cluster, {path: /^\/pools$/}, {kind: 'slow', delayMs: 700});
    expect(create(cluster)).toEqual([{kind: 'silence'}]);
    expect(create(cluster)).toMatchObject([{status: 500, reason: 'out of luck'}]);
    const before = cluster.nowMs;
    expect(handle(cluster, request('GET', '/pools'), before)).toMatchObject({status: 200});
    expect(cluster.nowMs - before).toBe(700);
  });
});

describe('the list of resources', () => {
  const template = (cluster: Cluster) => {
    const body = JSON.parse(ask(cluster, 'GET', '/cluster/resources?type=vm').body);
    return body.data[0];
  };

  it('shows a new name only after the next statistics cycle, and tags at once', () => {
    const cluster = demoCluster();
    const guest = cluster.guests.get(100) ?? expect.unreachable('the template exists');
    guest.config.set('name', 'renamed').set('tags', 'a;b');
    expect(template(cluster)).toMatchObject({name: 'ubuntu-24.04', tags: 'a;b', template: 1});
    advance(cluster, cluster.nowMs + 10_000);
    expect(template(cluster)).toMatchObject({name: 'renamed'});
  });

  it('says unknown about the guests of a node that has been off for five minutes', () => {
    const cluster = demoCluster({nodes: ['pve1', 'pve2']});
    const guest = cluster.guests.get(100) ?? expect.unreachable('the template exists');
    const node = cluster.nodes.get('pve2') ?? expect.unreachable('pve2 exists');
    guest.node = 'pve2';
    advance(cluster, cluster.nowMs + 10_000);
    node.online = false;
    advance(cluster, cluster.nowMs + 299_000);
    expect(template(cluster)).toMatchObject({status: 'stopped'});
    advance(cluster, (nextDueMs(cluster) ?? 0) + 20_000);
    expect(template(cluster)).toEqual({
      id: 'qemu/100',
      vmid: 100,
      node: 'pve2',
      type: 'qemu',
      status: 'unknown',
    });
  });
});

describe('a write that waits for a lock file', () => {
  it('is recorded under the name of who sent it, not of who came meanwhile', () => {
    const cluster = demoCluster();
    let release = (): void => {};
    const file = qemuLockFile(100);
    acquire(
      cluster,
      {file},
      (giveBack) => {
        release = giveBack;
      },
      () => {},
    );
    const responses: Response[] = [];
    const write = request('PUT', '/nodes/pve1/qemu/100/config', 'onboot=1');
    accept(cluster, write, cluster.nowMs, (response) => responses.push(response));
    addToken(cluster, {user: 'other@pve', token: 't', secret: 'x'});
    handle(cluster, request('GET', '/version', '', 'PVEAPIToken=other@pve!t=x'), cluster.nowMs);
    release();
    expect(responses).toMatchObject([{status: 200}]);
    expect(cluster.effects.at(-1)).toMatchObject({
      what: 'config',
      vmid: 100,
      user: 'pvegit@pve!controller',
    });
  });
});
