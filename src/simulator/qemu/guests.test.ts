// Why this exists: what a whole request does to a guest: partial writes, locks, digests, disks and
// copies, beyond what the recordings show (facts.md sections 6, 7, 10 and 20).
import {describe, expect, it} from 'vitest';
import {addToken, buildCluster, type ClusterWish, grant} from '../build.ts';
import {advance} from '../clock.ts';
import {accept, handle} from '../handle.ts';
import type {Request, Response} from '../http.ts';
import type {Cluster, QemuGuest} from '../state.ts';

const gib = 1024 ** 3;
const secret = 'secret';

/** A cluster with guest 100 (one disk) and a token that may do everything. */
function prepared(wish: ClusterWish = {}): Cluster {
  const cluster = buildCluster({
    storages: {
      local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
      files: {content: ['images'], options: {path: '/srv'}},
      thin: {type: 'lvmthin', content: ['images'], copyMsPerGiB: 20_000},
    },
    guests: {
      100: {
        config: {
          boot: 'order=scsi0;net0',
          memory: '1024',
          name: 'web',
          net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
          scsi0: 'thin:vm-100-disk-0,size=1G',
          smbios1: 'uuid=11111111-2222-4333-8444-555555555555',
          vmgenid: '0f4f5c1e-8d3a-4b62-bb6d-8f1a2c3d4e5f',
        },
        volumes: {'thin:vm-100-disk-0': gib},
      },
    },
    ...wish,
  });
  addToken(cluster, {user: 'ops@pve', token: 't', secret, privsep: false});
  grant(cluster, {subject: 'ops@pve', role: 'Administrator', path: '/'});
  return cluster;
}

function request(method: string, path: string, params: Readonly<Record<string, string>>): Request {
  const form = new URLSearchParams(params).toString();
  const inBody = method === 'POST' || method === 'PUT';
  return {
    method,
    path: `/api2/json/nodes/pve1/qemu${path}${inBody || form === '' ? '' : `?${form}`}`,
    headers: {authorization: `PVEAPIToken=ops@pve!t=${secret}`},
    body: inBody ? form : '',
  };
}

function call(
  cluster: Cluster,
  method: string,
  path: string,
  params: Readonly<Record<string, string>> = {},
) {
  const response = handle(cluster, request(method, path, params), cluster.nowMs);
  if (response.kind !== 'answer') return expect.unreachable('an answer comes');
  const body = JSON.parse(response.body);
  return {status: response.status, reason: response.reason, data: body.data, errors: body.errors};
}

/** The exit status of a call's task, once it has ended. */
function exit(
  cluster: Cluster,
  method: string,
  path: string,
  params: Readonly<Record<string, string>> = {},
): string | undefined {
  const {data, reason} = call(cluster, method, path, params);
  const task = cluster.tasks.get(String(data)) ?? expect.unreachable(`a task, not ${reason}`);
  for (let tries = 0; tries < 600 && task.exitStatus === undefined; tries += 1) {
    advance(cluster, cluster.nowMs + 1_000);
  }
  return task.exitStatus;
}

function guestOf(cluster: Cluster, vmid: number): QemuGuest {
  const guest = cluster.guests.get(vmid);
  return guest?.kind === 'qemu' ? guest : expect.unreachable(`guest ${vmid} is there`);
}

describe('a write that fails half-way', () => {
  it('leaves a random part of a stopped guest pending and applies nothing', () => {
    const left = new Set<number>();
    for (let seed = 1; seed <= 12; seed += 1) {
      const cluster = prepared({seed});
      const params = {scsi1: 'thin:vm-100-disk-9', cores: '2', onboot: '1'};
      const {status, reason} = call(cluster, 'PUT', '/100/config', params);
      expect([status, reason]).toEqual([500, "volume 'thin:vm-100-disk-9' does not exist"]);
      const guest = guestOf(cluster, 100);
      expect([guest.config.has('cores'), guest.config.has('onboot')]).toEqual([false, false]);
      left.add(guest.pending.size);
    }
    expect(left.size).toBeGreaterThan(1);
  });

  it('is undone by revert, which brings the old digest back', () => {
    const cluster = prepared();
    const {digest} = call(cluster, 'GET', '/100/config').data;
    guestOf(cluster, 100).pending.set('cores', '2');
    expect(call(cluster, 'GET', '/100/config').data).toMatchObject({cores: 2});
    expect(call(cluster, 'PUT', '/100/config', {revert: 'cores'}).status).toBe(200);
    expect(call(cluster, 'GET', '/100/config').data).toMatchObject({digest});
  });

  it('tells on a running guest which key could not be plugged, and applies the others', () => {
    const cluster = prepared();
    expect(exit(cluster, 'POST', '/100/status/start')).toBe('OK');
    const before = cluster.nowMs;
    const answer = call(cluster, 'PUT', '/100/config', {delete: 'net0', onboot: '1', cores: '2'});
    expect(answer).toMatchObject({
      status: 400,
      errors: {net0: "hotplug problem - error on hot-unplugging device 'net0'\n"},
    });
    expect(cluster.nowMs - before).toBeGreaterThanOrEqual(5_000);
    const guest = guestOf(cluster, 100);
    expect(guest.config.get('onboot')).toBe('1');
    expect([...guest.pending.keys()].sort()).toEqual(['boot', 'cores']);
    expect([...guest.pendingDelete.keys()]).toEqual(['net0']);
  });
});

describe('a worker that fails', () => {
  it('ends with the code and the key before the text of what could not be applied', () => {
    const cluster = prepared();
    exit(cluster, 'POST', '/100/status/start');
    const why = "hotplug problem - error on hot-unplugging device 'net0'";
    expect(exit(cluster, 'POST', '/100/config', {delete: 'net0'})).toBe(
      // The text ends its own line, so the status ends in a space (RESTEnvironment.pm).
      `400 Parameter verification failed. net0: ${why} `,
    );
  });
});

describe('pending changes', () => {
  it('come into force when the guest is stopped through the API, not by a reset', () => {
    const cluster = prepared();
    exit(cluster, 'POST', '/100/status/start');
    call(cluster, 'PUT', '/100/config', {cores: '2'});
    exit(cluster, 'POST', '/100/status/reset');
    expect(guestOf(cluster, 100).pending.get('cores')).toBe('2');
    exit(cluster, 'POST', '/100/status/stop');
    expect(guestOf(cluster, 100).pending.size).toBe(0);
    expect(guestOf(cluster, 100).config.get('cores')).toBe('2');
  });
});

describe('a lock file', () => {
  it('is held by a clone for the whole copy: writes fail after ten seconds, clones go on', () => {
    const cluster = prepared();
    const upid = call(cluster, 'POST', '/100/clone', {newid: '101'}).data;
    expect(call(cluster, 'GET', '/101/config').data).toMatchObject({
      lock: 'clone',
      description: ' qmclone temporary file',
    });
    expect(call(cluster, 'POST', '/100/clone', {newid: '102'}).status).toBe(200);
    const before = cluster.nowMs;
    const {reason} = call(cluster, 'PUT', '/100/config', {cores: '2'});
    expect(reason).toBe("can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout");
    expect(cluster.nowMs - before).toBe(10_000);
    advance(cluster, cluster.nowMs + 60_000);
    expect(cluster.tasks.get(upid)?.exitStatus).toBe('OK');
    expect(guestOf(cluster, 101).config.get('name')).toBe('Copy-of-VM-web');
    expect(guestOf(cluster, 101).config.has('lock')).toBe(false);
  });

  it('lets one of several racing writes with one digest win', () => {
    const cluster = prepared();
    const {digest} = call(cluster, 'GET', '/100/config').data;
    const answers: Response[] = [];
    for (const cores of ['2', '3', '4']) {
      const wish = request('PUT', '/100/config', {cores, digest});
      accept(cluster, wish, cluster.nowMs, (response) => answers.push(response));
    }
    advance(cluster, cluster.nowMs + 1_000);
    const statuses = answers.map((answer) => (answer.kind === 'answer' ? answer.status : 0));
    expect(statuses.sort()).toEqual([200, 500, 500]);
  });
});

describe('a clone that is stopped half-way', () => {
  it('takes its guest and its volumes with it', () => {
    const cluster = prepared();
    const upid = call(cluster, 'POST', '/100/clone', {newid: '101'}).data;
    advance(cluster, cluster.nowMs + 5_000);
    expect([...cluster.volumes.values()].filter(({vmid}) => vmid === 101)).toHaveLength(1);
    cluster.tasks.get(upid)?.stop?.('interrupted by signal');
    expect(cluster.guests.has(101)).toBe(false);
    expect([...cluster.volumes.values()].filter(({vmid}) => vmid === 101)).toEqual([]);
  });
});

describe('a template', () => {
  it('gives linked clones on a thin pool, which go on when it is destroyed', () => {
    const cluster = prepared();
    expect(exit(cluster, 'POST', '/100/template')).toBe('OK');
    expect(guestOf(cluster, 100).config.get('scsi0')).toBe('thin:base-100-disk-0,size=1G');
    expect(exit(cluster, 'POST', '/100/clone', {newid: '101', name: 'a'})).toBe('OK');
    expect(guestOf(cluster, 101).config.get('scsi0')).toBe('thin:vm-101-disk-0,size=1G');
    expect(exit(cluster, 'DELETE', '/100')).toBe('OK');
    const left = [...cluster.volumes.values()].map(({volid}) => volid);
    expect(left).toContain('thin:vm-101-disk-0');
    expect(left).not.toContain('thin:base-100-disk-0');
  });
});

describe('disks', () => {
  it('sent as a wish again are allocated again, and the former one becomes unused', () => {
    const cluster = prepared();
    call(cluster, 'PUT', '/100/config', {scsi0: 'thin:2'});
    expect(call(cluster, 'GET', '/100/config').data).toMatchObject({
      scsi0: 'thin:vm-100-disk-1,size=2G',
      unused0: 'thin:vm-100-disk-0',
    });
  });

  it('in a snapshot cannot be destroyed: the change waits and reads as gone', () => {
    const cluster = prepared();
    expect(exit(cluster, 'POST', '/100/snapshot', {snapname: 'before'})).toBe('OK');
    const {status, errors} = call(cluster, 'PUT', '/100/config', {delete: 'scsi0', force: '1'});
    const why = "unable to delete 'thin:vm-100-disk-0' - volume is still in use (snapshot?)";
    expect(status).toBe(400);
    expect(errors.scsi0).toBe(`unable to apply pending change scsi0 : ${why}\n`);
    expect(call(cluster, 'GET', '/100/config').data).not.toHaveProperty('scsi0');
    expect(call(cluster, 'GET', '/100/pending').data).toContainEqual({
      key: 'scsi0',
      value: 'thin:vm-100-disk-0,size=1G',
      delete: 2,
    });
  });

  it('of a failed create are gone again, and so is the guest', () => {
    const cluster = prepared();
    const params = {vmid: '105', scsi0: 'files:1', scsi1: 'files:105/vm-105-disk-9.raw'};
    expect(exit(cluster, 'POST', '', params)).toBe(
      "unable to create VM 105 - volume 'files:105/vm-105-disk-9.raw' does not exist",
    );
    expect(cluster.guests.has(105)).toBe(false);
    expect([...cluster.volumes.values()].some(({vmid}) => vmid === 105)).toBe(false);
  });

  it('allocated slowly make POST with background_delay answer a UPID instead of null', () => {
    const cluster = prepared();
    const thin = cluster.storages.get('thin') ?? expect.unreachable('thin is there');
    const params = {scsi3: 'thin:1', background_delay: '5'};
    thin.allocateMs = 20_000;
    expect(call(cluster, 'POST', '/100/config', params).data).toMatch(/^UPID:pve1:/);
    advance(cluster, cluster.nowMs + 30_000);
    thin.allocateMs = 1_000;
    expect(call(cluster, 'POST', '/100/config', {...params, scsi4: 'thin:1'}).data).toBeNull();
  });
});

describe('migration', () => {
  const two: ClusterWish = {nodes: ['pve1', 'pve2']};

  it('of a stopped guest moves its local disks and its configuration', () => {
    const cluster = prepared(two);
    expect(exit(cluster, 'POST', '/100/migrate', {target: 'pve2'})).toBe('OK');
    expect(guestOf(cluster, 100).node).toBe('pve2');
    expect([...cluster.volumes.keys()]).toEqual(['pve2/thin:vm-100-disk-0']);
    expect(call(cluster, 'GET', '/100/config')).toMatchObject({
      status: 500,
      reason: "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist",
    });
  });

  it('of a running guest needs online, and with-local-disks for a local disk', () => {
    const cluster = prepared(two);
    exit(cluster, 'POST', '/100/status/start');
    expect(call(cluster, 'POST', '/100/migrate', {target: 'pve2'}).reason).toBe(
      "can't migrate running VM without --online",
    );
    const wish = {target: 'pve2', online: '1'};
    expect(exit(cluster, 'POST', '/100/migrate', wish)).toBe('migration aborted');
    const log = [...cluster.tasks.values()].flatMap((task) => task.log).join('\n');
    expect(log).toContain('without with-local-disks');
    expect(guestOf(cluster, 100).config.has('lock')).toBe(false);
    const params = {target: 'pve2', online: '1', 'with-local-disks': '1'};
    expect(exit(cluster, 'POST', '/100/migrate', params)).toBe('OK');
    expect(guestOf(cluster, 100).runtime).toBeDefined();
  });
});

describe('a guest under HA', () => {
  it('is started some seconds after the call that asked for it', () => {
    const cluster = prepared();
    cluster.sections.set('ha-resources', new Map([['vm:100', new Map([['state', 'stopped']])]]));
    const upid = call(cluster, 'POST', '/100/status/start').data;
    expect(upid).toContain(':hastart:100:');
    advance(cluster, cluster.nowMs + 1_000);
    expect(cluster.tasks.get(upid)?.exitStatus).toBe('OK');
    expect(guestOf(cluster, 100).runtime).toBeUndefined();
    advance(cluster, cluster.nowMs + 15_000);
    expect(guestOf(cluster, 100).runtime).toBeDefined();
  });
});

describe('effects', () => {
  it('are none for a write that changes nothing, and one for a real one', () => {
    const cluster = prepared();
    call(cluster, 'PUT', '/100/config', {cores: '2'});
    const count = cluster.effects.length;
    expect(call(cluster, 'PUT', '/100/config', {cores: '2'}).status).toBe(200);
    expect(cluster.effects).toHaveLength(count);
  });
});
