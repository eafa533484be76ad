// Why this exists: power, consoles and the agent in cases that nobody recorded, as stated by
// PVE/API2/Qemu.pm, PVE/API2/Qemu/Agent.pm and PVE/API2/Nodes.pm (8.4).
import {describe, expect, it} from 'vitest';
import {advance} from '../../src/simulator/clock.ts';
import {findRoute} from '../../src/simulator/router.ts';
import api84 from '../../src/simulator/schema/api-8.4.generated.json' with {type: 'json'};
import type {Cluster} from '../../src/simulator/state.ts';
import {call, clusterWith, guestOf, refusal, run} from './qemu-calls.ts';

function running(config: Readonly<Record<string, string>> = {}): Cluster {
  const cluster = clusterWith();
  guestOf(cluster, 100).behaviour.agent = true;
  for (const [key, value] of Object.entries(config)) guestOf(cluster, 100).config.set(key, value);
  expect(run(cluster, 'POST', '/100/status/start').status).toBe('OK');
  advance(cluster, cluster.nowMs + 20_000);
  return cluster;
}

function managed(cluster: Cluster): Cluster {
  cluster.sections.set('ha-resources', new Map([['vm:100', new Map([['state', 'started']])]]));
  return cluster;
}

describe('the simulator', () => {
  it('knows every call of a guest but the tunnel of a remote migration', () => {
    const names = Object.keys(api84.methods).filter((name) =>
      / \/nodes\/\{node\}\/qemu/.test(name),
    );
    const own = names.filter((name) => !name.includes('/firewall'));
    expect(own.filter((name) => findRoute(name) === undefined)).toEqual([
      'POST /nodes/{node}/qemu/{vmid}/mtunnel',
      'GET /nodes/{node}/qemu/{vmid}/mtunnelwebsocket',
    ]);
  });
});

describe('a call that only root may make so', () => {
  const only = 'Only root may use this option.';
  it.each([
    ['start', {skiplock: '1'}, 'skiplock'],
    ['start', {stateuri: 'tcp'}, 'stateuri'],
    ['start', {'force-cpu': 'host'}, 'force-cpu'],
    ['stop', {keepActive: '1'}, 'keepActive'],
    ['stop', {migratedfrom: 'pve1'}, 'migratedfrom'],
    ['shutdown', {skiplock: '1'}, 'skiplock'],
    ['reset', {skiplock: '1'}, 'skiplock'],
    ['suspend', {skiplock: '1'}, 'skiplock'],
    ['resume', {nocheck: '1'}, 'nocheck'],
  ])('%s %j', (verb, params, name) => {
    const answer = call(running(), 'POST', `/100/status/${verb}`, params);
    expect(refusal(answer)).toEqual({[name]: only});
  });
});

describe('suspend to disk is refused', () => {
  it('for a guest under HA, with a passed-through device, and where there is no storage', () => {
    const suspend = (cluster: Cluster, params = {}): unknown =>
      refusal(call(cluster, 'POST', '/100/status/suspend', {todisk: '1', ...params}));
    expect(suspend(managed(running()))).toBe('500 Cannot suspend HA managed VM to disk');
    const passed = running({hostpci0: '01:00.0'});
    expect(suspend(passed)).toContain('500 cannot suspend VM to disk due to passed-through PCI');
    expect(
      refusal(call(running(), 'POST', '/100/status/suspend', {statestorage: 'files'})),
    ).toEqual({
      todisk: "missing property - 'statestorage' requires this property",
    });
  });

  it('in its task while a backup runs, and with shared directories', () => {
    const saved = running();
    guestOf(saved, 100).config.set('lock', 'backup');
    const params = {todisk: '1'};
    expect(run(saved, 'POST', '/100/status/suspend', params).status).toBe(
      'cannot suspend to disk during backup',
    );
    const shared = running();
    guestOf(shared, 100).config.set('virtiofs0', 'share');
    expect(run(shared, 'POST', '/100/status/suspend', params).status).toBe(
      'Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: virtiofs',
    );
  });
});

describe('the state of a process', () => {
  it('may be paused and resumed while a backup runs', () => {
    const cluster = running();
    guestOf(cluster, 100).config.set('lock', 'backup');
    expect(run(cluster, 'POST', '/100/status/suspend').status).toBe('OK');
    expect(guestOf(cluster, 100).runtime?.qmpStatus).toBe('paused');
    expect(run(cluster, 'POST', '/100/status/resume').status).toBe('OK');
  });

  it('paused refuses a shutdown, but a forced one stops it', () => {
    const cluster = running();
    run(cluster, 'POST', '/100/status/suspend');
    expect(refusal(call(cluster, 'POST', '/100/status/shutdown'))).toBe(
      '500 VM is paused - cannot shutdown',
    );
    expect(run(cluster, 'POST', '/100/status/shutdown', {forceStop: '1'}).status).toBe('OK');
    expect(guestOf(cluster, 100).runtime).toBeUndefined();
  });

  it('is not begun with memory that cannot be', () => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('hotplug', 'memory');
    expect(run(cluster, 'POST', '/100/status/start').status).toBe(
      'NUMA needs to be enabled for memory hotplug',
    );
  });
});

describe('under HA', () => {
  it('a shutdown is not overruled', () => {
    const params = {'overrule-shutdown': '1'};
    expect(refusal(call(managed(running()), 'POST', '/100/status/stop', params))).toEqual({
      'overrule-shutdown': 'Not applicable for HA resources.',
    });
  });
});

describe('the agent', () => {
  it('needs to be configured, the guest to run, and to answer', () => {
    const cluster = clusterWith();
    const ask = (): unknown => refusal(call(cluster, 'POST', '/100/agent/fstrim'));
    expect(ask()).toBe('500 No QEMU guest agent configured');
    guestOf(cluster, 100).config.set('agent', '0');
    expect(ask()).toBe('500 VM 100 is not running');
    run(cluster, 'POST', '/100/status/start');
    const before = cluster.nowMs;
    expect(ask()).toBe('500 QEMU guest agent is not running');
    expect(cluster.nowMs - before).toBeLessThan(1_000);
  });

  it('keeps a file that was written', () => {
    const cluster = running({agent: '1'});
    const file = '/etc/motd';
    expect(call(cluster, 'POST', '/100/agent/file-write', {file, content: 'hi'}).data).toBe(null);
    expect(call(cluster, 'GET', '/100/agent/file-read', {file}).data).toEqual({
      content: 'hi',
      'bytes-read': 2,
    });
  });

  it('lists what it can', () => {
    const {data} = call(running({agent: '1'}), 'GET', '/100/agent');
    expect(data).toHaveLength(25);
  });

  it('sleeps on command, and does not answer then', () => {
    const cluster = running({agent: '1'});
    expect(call(cluster, 'POST', '/100/agent', {command: 'suspend-ram'}).status).toBe(200);
    expect(refusal(call(cluster, 'POST', '/100/agent/ping'))).toBe(
      '500 QEMU guest agent is not running',
    );
  });
});

describe('a console', () => {
  it('has a ticket, a port and a task that waits for somebody', () => {
    const cluster = clusterWith();
    expect(call(cluster, 'POST', '/100/vncproxy', {websocket: '1'}).data).toMatchObject({
      user: 'ops@pve!t',
      port: 5900,
      upid: expect.stringContaining(':vncproxy:100:'),
    });
    expect(call(cluster, 'POST', '/100/termproxy').status).toBe(200);
    expect(refusal(call(cluster, 'POST', '/100/spiceproxy'))).toBe('500 VM 100 not running');
    expect(refusal(call(cluster, 'POST', '/999/vncproxy'))).toContain('does not exist');
  });

  it('takes keys that there are', () => {
    const cluster = running();
    expect(call(cluster, 'PUT', '/100/sendkey', {key: 'ctrl-alt-delete'}).status).toBe(200);
    expect(refusal(call(cluster, 'PUT', '/100/sendkey', {key: 'ctrl-foo'}))).toBe(
      '500 invalid parameter: foo',
    );
  });

  it('has a monitor, that tells its errors as text', () => {
    const cluster = clusterWith();
    const ask = {command: 'info status'};
    expect(call(cluster, 'POST', '/100/monitor', ask).data).toBe('ERROR: VM 100 not running\n');
    expect(call(running(), 'POST', '/100/monitor', ask).data).toBe('VM status: running\r\n');
  });
});

describe('a node', () => {
  it('starts what is to start with it, in order, and stops the rest in reverse', () => {
    const cluster = clusterWith();
    for (const [vmid, startup] of [
      ['201', 'order=2'],
      ['202', 'order=1,up=5'],
    ] as const) {
      run(cluster, 'POST', '', {vmid, onboot: '1', startup});
    }
    const {status, log} = run(cluster, 'POST', '//nodes/pve1/startall');
    expect([status, log]).toEqual([
      'OK',
      ['Starting VM 202', 'Waiting for 5 seconds (startup delay)', 'Starting VM 201'],
    ]);
    expect(guestOf(cluster, 100).runtime).toBeUndefined();
    const stopped = run(cluster, 'POST', '//nodes/pve1/stopall', {timeout: '7'});
    expect(stopped.log).toEqual([
      'Stopping VM 201 (timeout = 7 seconds)',
      'Stopping VM 202 (timeout = 7 seconds)',
    ]);
  });

  it('sends nobody to itself, or away without being told how many at once', () => {
    const cluster = clusterWith({nodes: ['pve1', 'pve2']});
    const away = (params: Readonly<Record<string, string>>): unknown =>
      refusal(call(cluster, 'POST', '//nodes/pve1/migrateall', params));
    expect(away({target: 'pve1'})).toEqual({target: 'target is local node.'});
    expect(away({target: 'pve7'})).toBe("500 no such cluster node 'pve7'");
    expect(away({target: 'pve2'})).toBe(
      "500 either 'maxworkers' parameter or max_workers in datacenter.cfg must be set!",
    );
    const params = {target: 'pve2', maxworkers: '2'};
    expect(run(cluster, 'POST', '//nodes/pve1/migrateall', params).log).toContain(
      'All jobs finished, used 1 workers in total.',
    );
  });
});
