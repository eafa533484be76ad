// Why this exists: disks are where data is lost. Each thing that can happen to one is carried out
// against the simulator, and what became of the volumes is looked at there.
import {describe, expect, it} from 'vitest';
import type {Json} from '../../src/core/json.ts';
import {put} from '../../src/simulator/volume.ts';
import {findingsOf, type Lab, lab, liveGuest, planNow, runPass, settle, wish} from './lab.ts';

type Spec = {readonly [key: string]: Json};

const BASE: Spec = {vmid: 150, node: 'pve1', power: 'stopped', clone: {vmid: 100, full: true}};
const DISK = {storage: 'local-lvm', size: '4GiB'};
const ISO = 'local:iso/debian.iso';

const STORAGES = {
  local: {content: ['iso', 'images', 'import'], options: {path: '/var/lib/vz'}},
  'local-lvm': {type: 'lvmthin', content: ['images', 'rootdir']},
  fast: {type: 'lvmthin', content: ['images']},
};

function made(more: Spec, base: Spec = BASE): Lab {
  const world = lab({storages: STORAGES});
  world.desired = [wish({...base, ...more})];
  settle(world);
  return world;
}

function edit(world: Lab, more: Spec, base: Spec = BASE): void {
  world.desired = [wish({...base, ...more})];
}

const volumes = (world: Lab): readonly string[] =>
  [...world.cluster.volumes.values()]
    .map(({volid}) => volid)
    .filter((volid) => volid.includes('-150-disk'))
    .sort();

describe('a disk', () => {
  it('18: that leaves the manifest becomes unused, and its volume stays', () => {
    const world = made({disks: {scsi1: DISK}});
    const before = volumes(world);
    edit(world, {});
    settle(world);
    expect(liveGuest(world, 150).body['unused.unused0']).toBe(true);
    expect(volumes(world)).toEqual(before);
  });

  it('17: that was detached is deleted only by a destructive action of its own', () => {
    const world = made({disks: {scsi1: DISK}});
    const before = volumes(world);
    edit(world, {disks: {scsi1: null}});
    settle(world);
    edit(world, {unused: {unused0: null}});
    const [action] = planNow(world).actions.filter(({verb}) => verb !== 'none');
    expect(action).toMatchObject({risk: 'destructive', verb: 'update'});
    settle(world);
    expect(volumes(world)).toHaveLength(before.length - 1);
  });

  it('that was detached can be attached again, with its data', () => {
    const world = made({disks: {scsi1: DISK}});
    const volume = volumes(world).at(-1) ?? '';
    edit(world, {disks: {scsi1: null}});
    settle(world);
    edit(world, {disks: {scsi3: {file: volume, ssd: true}}});
    settle(world);
    const {body} = liveGuest(world, 150);
    expect(body['disks.scsi3.file']).toBe(volume);
    expect(body).not.toHaveProperty('unused.unused0');
  });

  it('moves between storages and leaves its old volume as unused', () => {
    const world = made({disks: {scsi1: DISK}});
    edit(world, {disks: {scsi1: {...DISK, storage: 'fast'}}});
    settle(world);
    const {body} = liveGuest(world, 150);
    expect(body['disks.scsi1.storage']).toBe('fast');
    expect(body['unused.unused0']).toBe(true);
  });

  it('two of them leave at once', () => {
    const world = made({disks: {scsi1: DISK, scsi2: DISK}});
    edit(world, {disks: {scsi1: null, scsi2: null}});
    settle(world);
    expect(liveGuest(world, 150).body).toMatchObject({
      'unused.unused0': true,
      'unused.unused1': true,
    });
  });

  it('4: stays in its slot when another one is added before it', () => {
    const world = made({disks: {scsi2: DISK}});
    const volume = liveGuest(world, 150).body['disks.scsi2.file'];
    edit(world, {disks: {scsi1: DISK, scsi2: DISK}});
    settle(world);
    expect(liveGuest(world, 150).body['disks.scsi2.file']).toBe(volume);
  });

  it('19: never shrinks, and the plan says so', () => {
    const world = made({disks: {scsi1: DISK}});
    edit(world, {disks: {scsi1: {...DISK, size: '2GiB'}}});
    expect(findingsOf(planNow(world)).join()).toContain('shrink');
    expect(runPass(world).done).toEqual([]);
  });

  it('20: keeps its new size when a cold option waits for a start', () => {
    const running = {...BASE, power: 'running'};
    const world = made({disks: {scsi1: DISK}}, running);
    const size = {...DISK, size: '8GiB', cache: 'writeback'};
    edit(world, {disks: {scsi1: size}}, running);
    settle(world);
    const {body, active} = liveGuest(world, 150);
    expect(body).toMatchObject({'disks.scsi1.size': 2 ** 33, 'disks.scsi1.cache': 'writeback'});
    expect(active).toEqual({});
  });

  it('of another guest is refused while it is text, and never attached', () => {
    expect(() => wish({...BASE, disks: {scsi1: {file: 'local-lvm:vm-151-disk-0'}}})).toThrow(
      'vm-foreign-volume',
    );
  });

  it('is not taken out of a protected guest', () => {
    const world = made({disks: {scsi1: DISK}, protection: true});
    edit(world, {disks: {scsi1: null}, protection: true});
    expect(findingsOf(planNow(world)).join()).toContain('protected');
    expect(runPass(world).done).toEqual([]);
  });
});

describe('a CD drive', () => {
  it('gets another medium while the guest runs, without interrupting it', () => {
    const running = {...BASE, power: 'running'};
    const world = made({cdroms: {ide0: {file: 'none'}}}, running);
    const iso = {volid: ISO, storage: 'local', node: 'pve1', format: 'iso', sizeBytes: 2 ** 20};
    put(world.cluster, {
      ...iso,
      usedBytes: 2 ** 20,
      vmid: undefined,
      parent: undefined,
      content: 'iso',
      ctimeS: 0,
      snapshots: new Set(),
    });
    edit(world, {cdroms: {ide0: {file: ISO}}}, running);
    const [action] = planNow(world).actions.filter(({verb}) => verb === 'update');
    expect(action?.risk).toBe('benign');
    settle(world);
    expect(liveGuest(world, 150).body['cdroms.ide0.file']).toBe(ISO);
  });
});

describe('15: firmware state', () => {
  const secure = {
    efi: {storage: 'local-lvm', efitype: '4m', 'pre-enrolled-keys': true},
    tpm: {storage: 'local-lvm', version: 'v2.0'},
    config: {bios: 'ovmf', machine: 'q35'},
  };

  it('is added to a guest that is there', () => {
    const world = made({});
    edit(world, secure);
    settle(world);
    expect(liveGuest(world, 150).body).toMatchObject({
      efi: true,
      'efi.pre-enrolled-keys': true,
      'tpm.version': 'v2.0',
    });
  });

  it('of a TPM never changes its version', () => {
    const world = made(secure);
    edit(world, {...secure, tpm: {storage: 'local-lvm', version: 'v1.2'}});
    expect(findingsOf(planNow(world)).join()).toContain('in-use');
    expect(runPass(world).done).toEqual([]);
  });
});
