// Why this exists: tests of the controller rely on trouble coming and going exactly as asked.
import {describe, expect, it} from 'vitest';
import {demoCluster, demoSecret} from './build.ts';
import {advance} from './clock.ts';
import {handle} from './handle.ts';
import type {Response} from './http.ts';
import type {Cluster} from './state.ts';
import {
  leaveLock,
  loseQuorum,
  restartDaemon,
  revoke,
  seedFaults,
  skewClock,
  takeNodeOffline,
} from './trouble.ts';

function ask(cluster: Cluster, method: string, path: string, body = ''): Response {
  const authorization = `PVEAPIToken=pvegit@pve!controller=${demoSecret}`;
  const request = {method, path: `/api2/json${path}`, headers: {authorization}, body};
  return handle(cluster, request, cluster.nowMs);
}

const nodes = ['pve1', 'pve2'];

describe('trouble', () => {
  it('takes a node away and brings it back', () => {
    const cluster = demoCluster({nodes});
    takeNodeOffline(cluster, 'pve2', 60_000);
    expect(ask(cluster, 'GET', '/nodes/pve2/time')).toMatchObject({status: 595});
    advance(cluster, cluster.nowMs + 60_000);
    expect(ask(cluster, 'GET', '/nodes/pve2/time')).toMatchObject({status: 200});
  });

  it('refuses writes while there is no quorum', () => {
    const cluster = demoCluster();
    loseQuorum(cluster, 5_000);
    expect(ask(cluster, 'POST', '/pools', 'poolid=aa')).toMatchObject({status: 500});
    advance(cluster, cluster.nowMs + 5_000);
    expect(ask(cluster, 'POST', '/pools', 'poolid=aa')).toMatchObject({status: 200});
  });

  it('lets plain reads through while a daemon restarts', () => {
    const cluster = demoCluster();
    restartDaemon(cluster, 'pve1', 3_000);
    expect(ask(cluster, 'GET', '/nodes/pve1/qemu/100/config')).toMatchObject({status: 200});
    expect(ask(cluster, 'PUT', '/nodes/pve1/qemu/100/config', 'onboot=1')).toMatchObject({
      status: 595,
      reason: 'Connection refused',
    });
    advance(cluster, cluster.nowMs + 3_000);
    expect(ask(cluster, 'PUT', '/nodes/pve1/qemu/100/config', 'onboot=1')).toMatchObject({
      status: 200,
    });
  });

  it('skews the clock of one node only', () => {
    const cluster = demoCluster({nodes});
    skewClock(cluster, 'pve2', 90_000);
    const timeOn = (node: string): number => {
      const response = ask(cluster, 'GET', `/nodes/${node}/time`);
      return response.kind === 'answer' ? JSON.parse(response.body).data.time : 0;
    };
    expect(timeOn('pve2') - timeOn('pve1')).toBe(90);
  });

  it('takes rights away and leaves locks', () => {
    const cluster = demoCluster();
    leaveLock(cluster, 100, 'backup');
    expect(ask(cluster, 'PUT', '/nodes/pve1/qemu/100/config', 'onboot=1')).toMatchObject({
      status: 500,
      reason: 'VM is locked (backup)',
    });
    revoke(cluster, 'pvegit@pve!controller', '/');
    expect(ask(cluster, 'GET', '/nodes/pve1/qemu/100/config')).toMatchObject({status: 403});
  });

  it('from a seed is the same each time, and never the same for long', () => {
    const run = (seed: number): string => {
      const cluster = demoCluster();
      seedFaults(cluster, seed, {requests: 0.5, tasks: 0.5});
      const responses = Array.from({length: 40}, () => ask(cluster, 'GET', '/version'));
      return responses
        .map((one) => (one.kind === 'answer' ? String(one.status) : one.kind))
        .join(' ');
    };
    expect(run(7)).toBe(run(7));
    expect(run(7)).not.toBe(run(8));
    expect(run(7)).toContain('cut');
  });
});
