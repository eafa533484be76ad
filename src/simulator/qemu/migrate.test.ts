// Why this exists: what forbids a migration differs by running, storage and device, and a disk that
// was copied must never be left on both nodes.
import {describe, expect, it} from 'vitest';
import {addToken, buildCluster, grant} from '../build.ts';
import {advance} from '../clock.ts';
import {handle} from '../handle.ts';
import type {Cluster} from '../state.ts';

const gib = 1024 ** 3;

function prepared(config: Readonly<Record<string, string>>, running = false): Cluster {
  const cluster = buildCluster({
    nodes: ['pve1', 'pve2', 'pve3'],
    storages: {
      thin: {type: 'lvmthin', content: ['images'], nodes: ['pve1', 'pve2']},
      fast: {type: 'lvmthin', content: ['images']},
      ceph: {type: 'rbd', shared: true, content: ['images']},
      isos: {content: ['iso'], options: {path: '/srv/isos'}},
    },
    guests: {
      100: {
        config: {name: 'a', ...config},
        running,
        volumes: {'thin:vm-100-disk-0': gib, 'ceph:vm-100-disk-0': gib, 'isos:iso/a.iso': 1024},
      },
    },
  });
  addToken(cluster, {user: 'ops@pve', token: 't', secret: 's', privsep: false});
  grant(cluster, {subject: 'ops@pve', role: 'Administrator', path: '/'});
  return cluster;
}

function ask(cluster: Cluster, method: string, params: Readonly<Record<string, string>> = {}) {
  const form = new URLSearchParams(params).toString();
  const request = {
    method,
    path: '/api2/json/nodes/pve1/qemu/100/migrate',
    headers: {authorization: 'PVEAPIToken=ops@pve!t=s'},
    body: form,
  };
  const response = handle(cluster, request, cluster.nowMs);
  if (response.kind !== 'answer') return expect.unreachable('an answer comes');
  return {reason: response.reason, body: JSON.parse(response.body)};
}

function migrate(cluster: Cluster, params: Readonly<Record<string, string>>): string {
  const {reason, body} = ask(cluster, 'POST', params);
  if (typeof body.data !== 'string') return body.errors?.target ?? reason;
  advance(cluster, cluster.nowMs + 600_000);
  const task = cluster.tasks.get(body.data);
  if (task?.exitStatus === 'migration aborted') return task.log.join('\n');
  return task?.exitStatus ?? 'still running';
}

const localDisk = {scsi0: 'thin:vm-100-disk-0,size=1G'};
const sharedDisk = {scsi0: 'ceph:vm-100-disk-0,size=1G'};

const mapText = (text: string): string => `failed to parse storage map: ${text}\n`;

describe('the precheck', () => {
  it('names local disks and the nodes that lack their storage', () => {
    const {body} = ask(prepared({...localDisk, hostpci0: '0000:01:00'}), 'GET');
    expect(body.data).toMatchObject({
      running: 0,
      allowed_nodes: ['pve2'],
      not_allowed_nodes: {pve2: {}, pve3: {unavailable_storages: ['thin']}},
      local_disks: [
        {
          volid: 'thin:vm-100-disk-0',
          size: gib,
          drivename: 'scsi0',
          cdrom: 0,
          is_attached: 1,
          is_unused: 0,
        },
      ],
      local_resources: ['hostpci0'],
    });
  });

  it('of a running guest counts what cannot be moved alive', () => {
    const {body} = ask(prepared({...sharedDisk, vga: 'std,clipboard=vnc'}, true), 'GET');
    expect(body.data).toMatchObject({
      running: 1,
      local_disks: [],
      local_resources: ['clipboard=vnc'],
      allowed_nodes: ['pve2', 'pve3'],
    });
  });

  it('is refused for a locked guest', () => {
    expect(ask(prepared({...sharedDisk, lock: 'backup'}), 'GET').reason).toBe(
      'VM is locked (backup)',
    );
  });
});

describe('a migration', () => {
  const online = {target: 'pve2', online: '1'};
  const blocked = [
    ['its own node', sharedDisk, {target: 'pve1'}, 'target is local node.'],
    ['no such node', sharedDisk, {target: 'pve9'}, "no such cluster node 'pve9'"],
    [
      'a local CD',
      {...sharedDisk, ide2: 'isos:iso/a.iso,media=cdrom'},
      online,
      'local cdrom image',
    ],
    ['a device', {...sharedDisk, hostpci0: '0000:01:00'}, online, 'local devices: hostpci0'],
    ['a storage that is not there', localDisk, {target: 'pve3'}, 'is not available on node'],
  ] as const;
  it.each(blocked)('is forbidden by %s', (_why, config, params, text) => {
    const cluster = prepared(config);
    expect(migrate(cluster, params)).toContain(text);
    expect(cluster.guests.get(100)?.node).toBe('pve1');
    expect(cluster.guests.get(100)?.config.has('lock')).toBe(false);
  });

  it.each([
    ['a linked clone', {scsi0: 'thin:vm-100-disk-0,size=1G'}, "as it's a clone of 'base-9-disk-0'"],
    ['the disk of another', {scsi0: 'thin:vm-200-disk-0'}, 'owned by other VM (owner = VM 200)'],
    ['a raw disk with a snapshot', {parent: 'one'}, 'non-migratable snapshot exists'],
  ])('is forbidden by %s (scan_local_volumes)', (what, config, text) => {
    const cluster = prepared({...localDisk, ...config});
    const volume = cluster.volumes.get('pve1/thin:vm-100-disk-0');
    if (volume === undefined) return expect.unreachable('the disk is there');
    const base = what === 'a linked clone' ? {parent: 'base-9-disk-0'} : {};
    cluster.volumes.set('pve1/thin:vm-100-disk-0', {...volume, ...base});
    const other = {...volume, volid: 'thin:vm-200-disk-0', vmid: 200};
    cluster.volumes.set('pve1/thin:vm-200-disk-0', other);
    const guest = cluster.guests.get(100);
    if (what.includes('snapshot')) guest?.snapshots.set('one', new Map(Object.entries(localDisk)));
    expect(migrate(cluster, {target: 'pve2'})).toContain(text);
  });

  it.each([
    [
      {targetstorage: '1,fast'},
      {targetstorage: mapText('identity mapping cannot be combined with other mappings')},
    ],
    [
      {targetstorage: 'thin,fast'},
      {targetstorage: mapText('default target ID can only be provided once')},
    ],
    [{targetstorage: 'isos'}, "storage 'isos' does not support vm images"],
    [{targetstorage: 'none'}, "storage 'none' does not exist"],
    [{targetstorage: 'thin', target: 'pve3'}, "storage 'thin' is not available on node 'pve3'"],
    [{force: '1'}, {force: 'Only root may use this option.'}],
    [{migration_type: 'secure'}, {migration_type: 'Only root may use this option.'}],
  ])('with %j is refused at once (Qemu.pm)', (params, refused) => {
    const {reason, body} = ask(prepared(localDisk), 'POST', {target: 'pve2', ...params});
    expect(body.errors ?? reason).toEqual(refused);
  });

  it('of a running guest needs to be told so', () => {
    expect(ask(prepared(sharedDisk, true), 'POST', {target: 'pve2'}).reason).toBe(
      "can't migrate running VM without --online",
    );
  });

  it('of a running guest on shared storage needs nothing but online', () => {
    const cluster = prepared(sharedDisk, true);
    expect(migrate(cluster, online)).toBe('OK');
    expect(cluster.guests.get(100)).toMatchObject({node: 'pve2', runtime: expect.anything()});
    expect(cluster.volumes.has('/ceph:vm-100-disk-0')).toBe(true);
  });

  it.each([
    ['fast', 'fast:vm-100-disk-0'],
    ['thin:fast', 'fast:vm-100-disk-0'],
    ['1', 'thin:vm-100-disk-0'],
  ])('with targetstorage %s puts the disk onto %s, once', (targetstorage, volid) => {
    const cluster = prepared(localDisk);
    expect(migrate(cluster, {target: 'pve2', targetstorage})).toBe('OK');
    expect(cluster.guests.get(100)?.config.get('scsi0')).toBe(`${volid},size=1G`);
    const disks = [...cluster.volumes.keys()].filter((key) => /disk-0$/.test(key));
    expect(disks.sort()).toEqual(['/ceph:vm-100-disk-0', `pve2/${volid}`]);
  });

  it('that is stopped half-way leaves the guest and its disk where they were', () => {
    const cluster = prepared(localDisk);
    const upid = ask(cluster, 'POST', {target: 'pve2'}).body.data;
    expect(cluster.guests.get(100)?.config.get('lock')).toBe('migrate');
    cluster.tasks.get(upid)?.stop?.('received interrupt');
    expect(cluster.guests.get(100)).toMatchObject({node: 'pve1'});
    expect(cluster.guests.get(100)?.config.has('lock')).toBe(false);
    expect(cluster.volumes.has('pve1/thin:vm-100-disk-0')).toBe(true);
  });

  it('to a node that went away fails in its task', () => {
    const cluster = prepared(sharedDisk);
    const node = cluster.nodes.get('pve2') ?? expect.unreachable('pve2 is there');
    node.online = false;
    expect(migrate(cluster, {target: 'pve2'})).toContain('migration aborted');
  });
});
