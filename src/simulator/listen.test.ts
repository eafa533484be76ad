// Why this exists: real clients need TLS, reason phrases and connection habits to be right.
import {request as httpsRequest} from 'node:https';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {demoCluster, demoSecret} from './build.ts';
import {armRequest} from './faults.ts';
import type {Listening} from './listen.ts';
import {listen} from './listen.ts';

const cluster = demoCluster();
const authorization = `PVEAPIToken=pvegit@pve!controller=${demoSecret}`;
let listening: Listening;

interface Got {
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly connection: string | undefined;
  readonly body: string;
  readonly fingerprint: string;
}

function get(path: string, headers: Record<string, string> = {authorization}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const url = `${listening.url}/api2/json${path}`;
    const sent = httpsRequest(url, {ca: listening.certificatePem, headers}, (incoming) => {
      const parts: Buffer[] = [];
      const {socket} = incoming;
      const peer = 'getPeerCertificate' in socket ? socket : undefined;
      // Safe: an https response's socket is a TLS socket.
      const certificate = (peer as import('node:tls').TLSSocket).getPeerCertificate();
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode,
          reason: incoming.statusMessage,
          connection: incoming.headers.connection,
          body: Buffer.concat(parts).toString(),
          fingerprint: certificate.fingerprint256,
        }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

beforeAll(async () => {
  listening = await listen(cluster, {speed: 100});
});

afterAll(() => listening.close());

describe('the listening simulator', () => {
  it('has nodes whose clocks keep to the real time, however fast their tasks are', async () => {
    const hurried = await listen(demoCluster({nowMs: Date.now()}), {speed: 100_000});
    const former = listening;
    listening = hurried;
    await get('/version');
    const {data} = JSON.parse((await get('/nodes/pve1/time')).body);
    listening = former;
    const ahead = hurried.nowMs() - Date.now();
    await hurried.close();
    expect(ahead).toBeGreaterThan(100_000);
    expect(Math.abs(data.time * 1000 - Date.now())).toBeLessThan(60_000);
  });

  it('is trusted by its own certificate, whose fingerprint it tells', async () => {
    const got = await get('/version');
    expect(JSON.parse(got.body).data.release).toBe('8.4');
    expect(got.fingerprint).toBe(listening.fingerprint);
    const nodes = JSON.parse((await get('/nodes')).body).data;
    expect(nodes[0].ssl_fingerprint).toBe(listening.fingerprint);
  });

  it('puts the message into the reason phrase and closes the connection', async () => {
    expect(await get('/nodes/pve9/time')).toMatchObject({
      status: 500,
      reason: expect.stringContaining("hostname lookup 'pve9' failed"),
      connection: 'close',
    });
  });

  it('lets virtual time run with real time, only faster', async () => {
    const before = listening.nowMs();
    expect(await get('/version', {})).toMatchObject({status: 401, reason: 'No ticket'});
    expect(listening.nowMs() - before).toBeGreaterThanOrEqual(3_000);
  });

  it('cuts the connection where a fault says so', async () => {
    armRequest(cluster, {path: /^\/version$/}, {kind: 'cut-before'});
    await expect(get('/version')).rejects.toThrow(/hang up|reset/);
  });
});
