// Why this exists: a client without sockets must meet the same world as one with them.
import {describe, expect, it} from 'vitest';
import type {ExchangeRequest} from '../core/ports.ts';
import {demoCluster, demoSecret} from './build.ts';
import {simulatorExchange, VirtualTime} from './exchange.ts';
import {armRequest} from './faults.ts';

const authorization = `PVEAPIToken=pvegit@pve!controller=${demoSecret}`;
const version: ExchangeRequest = {
  method: 'GET',
  path: '/api2/json/version',
  headers: {Authorization: authorization},
  body: null,
  timeoutMs: 15_000,
};

function prepare() {
  const cluster = demoCluster();
  const time = new VirtualTime(cluster);
  return {cluster, time, exchange: simulatorExchange(cluster, time)};
}

describe('the in-process exchange', () => {
  it('answers without real time passing', async () => {
    const {exchange, time} = prepare();
    const before = time.now();
    const refused = await exchange.request({...version, headers: {}});
    expect(refused).toMatchObject({ok: true, value: {status: 401}});
    expect(time.now() - before).toBe(3_000);
  });

  it('reports a cut and a time-out as the real one does', async () => {
    const {cluster, exchange, time} = prepare();
    armRequest(cluster, {path: /^\/version$/}, {kind: 'cut-after'});
    armRequest(cluster, {path: /^\/version$/}, {kind: 'no-answer'});
    expect(await exchange.request(version)).toMatchObject({ok: false, error: {kind: 'cut'}});
    const before = time.now();
    expect(await exchange.request(version)).toMatchObject({ok: false, error: {kind: 'timeout'}});
    expect(time.now() - before).toBe(15_000);
  });

  it('sleeps in virtual time, several at once, and ends early when told to', async () => {
    const {time} = prepare();
    const before = time.now();
    const stop = new AbortController();
    const cut = time.sleep(3_600_000, stop.signal).then(() => time.now() - before);
    const ends = await Promise.all([
      time.sleep(60_000).then(() => time.now() - before),
      time.sleep(20_000).then(() => {
        stop.abort();
        return time.now() - before;
      }),
      cut,
    ]);
    expect(ends).toEqual([60_000, 20_000, 20_000]);
  });
});
