// Why this exists: moving, giving away and growing disks in cases that nobody recorded, as stated
// by move_vm_disk and resize_vm in PVE/API2/Qemu.pm (qemu-server 8.4.10).
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../src/simulator/state.ts';
import {call, clusterWith, gib, guestOf, refusal, run} from './qemu-calls.ts';

/** Guest 100 as always, 101 empty, 102 a template, 103 with a disk of its own. */
function prepared(): Cluster {
  const cluster = clusterWith();
  for (const vmid of ['101', '102', '103']) {
    const disk: Record<string, string> = vmid === '101' ? {} : {scsi0: 'files:1,format=qcow2'};
    expect(run(cluster, 'POST', '', {vmid, ...disk}).status).toBe('OK');
  }
  expect(run(cluster, 'POST', '/102/template').status).toBe('OK');
  return cluster;
}

describe('move_disk is refused at once', () => {
  const both = "either set 'storage' or 'target-vmid', but not both";
  const neither = "both 'storage' and 'target-vmid' missing, either needs to be set";
  const modified = 'detected modified configuration - file changed by other user? Try again.';
  it.each([
    [{}, {'target-vmid': neither, storage: neither}],
    [
      {storage: 'other', 'target-vmid': '101'},
      {'target-vmid': both, storage: both},
    ],
    [
      {storage: 'files', format: 'qcow2'},
      "500 you can't move to the same storage with same format",
    ],
    [{storage: 'other', digest: 'aa'}, `500 ${modified}`],
    [{storage: 'isos'}, {storage: "storage 'isos' does not support vm images"}],
    [{storage: 'other', disk: 'ide2'}, "500 you can't move a cdrom"],
    [
      {'target-vmid': '100'},
      {'target-vmid': 'must be different than source VMID to reassign disk'},
    ],
    [{'target-vmid': '999'}, '500 could not find target VM 999'],
    [{'target-vmid': '102'}, "500 Can't move disks from or to template VMs"],
    [{'target-vmid': '103'}, "500 Target disk key 'scsi0' is already in use for VM '103'"],
    [{'target-vmid': '101', disk: 'scsi9'}, "500 Disk 'scsi9' for VM '100' does not exist"],
    [{'target-vmid': '101', digest: 'aa'}, `500 VM 100: ${modified}`],
    [{'target-vmid': '101', 'target-digest': 'aa'}, `500 VM 101: ${modified}`],
    [{'target-vmid': '101', disk: 'ide2'}, "500 CD drive contents can't be moved to another VM"],
  ])('%j', (params, refused) => {
    const cluster = prepared();
    guestOf(cluster, 100).config.set('ide2', 'none,media=cdrom');
    const answer = call(cluster, 'POST', '/100/move_disk', {disk: 'scsi0', ...params});
    expect(refusal(answer)).toEqual(refused);
  });

  it('while the disk is in use by a snapshot, or the guest runs', () => {
    const cluster = prepared();
    expect(run(cluster, 'POST', '/100/snapshot', {snapname: 'one'}).status).toBe('OK');
    const give = {disk: 'scsi0', 'target-vmid': '101'};
    expect(refusal(call(cluster, 'POST', '/100/move_disk', give))).toBe(
      "500 Can't move disk used by a snapshot to another VM",
    );
    expect(run(cluster, 'POST', '/103/status/start').status).toBe('OK');
    expect(refusal(call(cluster, 'POST', '/103/move_disk', give))).toBe(
      '500 Cannot move disk to another VM while the source VM is running - detach first',
    );
  });
});

describe('a moved disk', () => {
  it('leaves the boot order of the guest that gave it away', () => {
    const cluster = prepared();
    const params = {disk: 'scsi0', 'target-vmid': '101', 'target-disk': 'virtio3'};
    const {status, log} = run(cluster, 'POST', '/100/move_disk', params);
    expect([status, log.slice(0, 3)]).toEqual([
      'OK',
      [
        "moving disk 'scsi0' from VM '100' to '101'",
        "removing disk 'scsi0' from boot order config",
        "removing disk 'scsi0' from VM '100' config",
      ],
    ]);
    expect(guestOf(cluster, 100).config.get('boot')).toBe('order=net0');
    expect(guestOf(cluster, 101).config.get('virtio3')).toBe(
      'files:101/vm-101-disk-0.qcow2,size=1G',
    );
  });

  it('is plugged into a receiver that runs, and may become an unused one', () => {
    const cluster = prepared();
    expect(run(cluster, 'POST', '/101/status/start').status).toBe('OK');
    const params = {disk: 'scsi0', 'target-vmid': '101', 'target-disk': 'unused4'};
    expect(run(cluster, 'POST', '/100/move_disk', params).status).toBe('OK');
    expect(guestOf(cluster, 101).config.get('unused4')).toBe('files:101/vm-101-disk-0.qcow2');
    const plugged = {disk: 'scsi0', 'target-vmid': '101', 'target-disk': 'scsi5'};
    expect(run(cluster, 'POST', '/103/move_disk', plugged).status).toBe('OK');
    expect(guestOf(cluster, 101).config.has('scsi5')).toBe(true);
  });

  it('of a running guest is mirrored, of a template becomes a base again', () => {
    const cluster = prepared();
    expect(run(cluster, 'POST', '/100/status/start').status).toBe('OK');
    const {log} = run(cluster, 'POST', '/100/move_disk', {disk: 'scsi0', storage: 'other'});
    expect(log).toContain('drive mirror is starting for drive-scsi0');
    const moved = run(cluster, 'POST', '/102/move_disk', {disk: 'scsi0', storage: 'other'});
    expect(moved.status).toBe('OK');
    expect(guestOf(cluster, 102).config.get('scsi0')).toContain('base-102-disk-0');
  });

  it('keeps its snapshots where it was, and says so', () => {
    const cluster = prepared();
    run(cluster, 'POST', '/100/snapshot', {snapname: 'one'});
    const {status, log} = run(cluster, 'POST', '/100/move_disk', {disk: 'scsi0', storage: 'other'});
    expect([status, log[0]]).toEqual([
      'OK',
      'moving disk with snapshots, snapshots will not be moved!',
    ]);
  });
});

describe('resize', () => {
  it.each([
    ['ide2', '+1G', "you can't resize a cdrom"],
    ['scsi7', '+1G', "disk 'scsi7' does not exist"],
    ['scsi0', '512M', 'shrinking disks is not supported'],
    ['scsi1', '2G', "can't resize this image format"],
  ])('of %s to %s fails in its task', (disk, size, text) => {
    const cluster = prepared();
    const {config} = guestOf(cluster, 100);
    config.set('ide2', 'none,media=cdrom');
    expect(call(cluster, 'PUT', '/100/config', {scsi1: 'files:1,format=vmdk'}).status).toBe(200);
    expect(run(cluster, 'PUT', '/100/resize', {disk, size}).status).toBe(text);
  });

  it('takes fractions, and adds to the size that the volume has', () => {
    const cluster = prepared();
    expect(run(cluster, 'PUT', '/100/resize', {disk: 'scsi0', size: '+1.5G'}).status).toBe('OK');
    expect(guestOf(cluster, 100).config.get('scsi0')).toContain('size=2560M');
    expect([...cluster.volumes.values()].map(({sizeBytes}) => sizeBytes)).toContain(2.5 * gib);
  });
});
