// Why this exists: what a call needs beyond the API's schema is known here only, and a privilege
// too few is a call that fails in the night.
import {describe, expect, it} from 'vitest';
import type {ApiCall, Inventory} from '../../core/model.ts';
import {needs} from './needs.ts';

const BASE = '/nodes/pve1/qemu/150';
const LIVE = [
  {key: 'scsi0', value: 'fast:vm-150-disk-0,size=8G'},
  {key: 'ide2', value: 'local-lvm:vm-150-cloudinit,media=cdrom'},
  {key: 'net0', value: 'virtio=BC:24:11:00:00:01,bridge=vmbr2,tag=30'},
];
const INVENTORY: Inventory = {
  cluster: 'home',
  takenAt: 0,
  release: '8.4',
  clockOffsetMs: {},
  reads: {[`${BASE}/pending`]: {path: `${BASE}/pending`, outcome: {ok: true, data: LIVE}}},
};

/** What is needed, `privilege path`, alternatives joined by `or`. */
function said(
  method: ApiCall['method'],
  path: string,
  params: ApiCall['params'],
): readonly string[] {
  const found = needs({method, path, params}, INVENTORY);
  return found.map(({anyOf}) =>
    anyOf.map(({privilege, path}) => `${privilege} ${path}`).join(' or '),
  );
}

const config = (params: ApiCall['params']) => said('PUT', `${BASE}/config`, params);

describe('a configuration write needs', () => {
  it.each<[ApiCall['params'], readonly string[]]>([
    [{cores: 2}, ['VM.Config.CPU /vms/150']],
    [{ciuser: 'a'}, ['VM.Config.Cloudinit /vms/150 or VM.Config.Network /vms/150']],
    [{startup: 'order=1'}, ['VM.Config.Options /vms/150', 'Sys.Modify /']],
    [{tags: 'a'}, ['VM.Config.Options /vms/150']],
    [{digest: {from: 'digest'}, args: '-x'}, []],
    [
      {scsi1: 'fast:32,ssd=1'},
      ['VM.Config.Disk /vms/150', 'Datastore.AllocateSpace /storage/fast'],
    ],
    [{scsi0: 'fast:vm-150-disk-0,ssd=1'}, ['VM.Config.Disk /vms/150']],
    [
      {ide2: 'local-lvm:cloudinit,media=cdrom'},
      ['VM.Config.Cloudinit /vms/150', 'VM.Config.CDROM /vms/150'],
    ],
    [
      {ide3: 'local:iso/a.iso,media=cdrom'},
      [
        'VM.Config.CDROM /vms/150',
        'Datastore.Audit /storage/local or Datastore.AllocateSpace /storage/local',
      ],
    ],
    [
      {net0: 'virtio,bridge=vmbr1,tag=70'},
      ['VM.Config.Network /vms/150', 'SDN.Use /sdn/zones/localnetwork/vmbr1/70'],
    ],
    [
      {hostpci0: 'mapping=gpu,pcie=1'},
      ['VM.Config.HWType /vms/150', 'Mapping.Use /mapping/pci/gpu'],
    ],
    [{delete: 'cores,scsi0'}, ['VM.Config.CPU /vms/150', 'VM.Config.Disk /vms/150']],
  ])('%j', (params, expected) => {
    expect(config(params)).toEqual(expected);
  });
});

describe('other calls need', () => {
  it.each<[ApiCall['method'], string, ApiCall['params'], readonly string[]]>([
    ['PUT', `${BASE}/resize`, {disk: 'scsi0'}, ['Datastore.AllocateSpace /storage/fast']],
    ['POST', `${BASE}/move_disk`, {storage: 'slow'}, ['Datastore.AllocateSpace /storage/slow']],
    ['POST', `${BASE}/status/start`, {}, []],
    ['GET', `${BASE}/pending`, {}, []],
    ['POST', `${BASE}/migrate`, {target: 'pve2'}, []],
    [
      'POST',
      `${BASE}/migrate`,
      {'with-local-disks': 1},
      [
        'VM.Config.Disk /vms/150',
        'Datastore.AllocateSpace /storage/local-lvm',
        'Datastore.AllocateSpace /storage/fast',
      ],
    ],
    [
      'POST',
      `${BASE}/clone`,
      {newid: 160, storage: 'slow'},
      ['Datastore.AllocateSpace /storage/slow', 'SDN.Use /sdn/zones/localnetwork/vmbr2/30'],
    ],
    [
      'POST',
      '/nodes/pve1/qemu',
      {vmid: 160, pool: 'web', cores: 1},
      ['VM.Allocate /vms/160 or VM.Allocate /pool/web', 'VM.Config.CPU /vms/160'],
    ],
    [
      'PUT',
      '/pools',
      {poolid: 'web', vms: '150'},
      ['VM.Allocate /vms/150 or Permissions.Modify /vms/150'],
    ],
  ])('%s %s %j', (method, path, params, expected) => {
    expect(said(method, path, params)).toEqual(expected);
  });
});
