// Why this exists: backups and restores in cases that nobody recorded, as stated by PVE/VZDump.pm,
// PVE/VZDump/QemuServer.pm, PVE/API2/VZDump.pm and PVE/API2/Qemu.pm (8.4).
import {describe, expect, it} from 'vitest';
import {advance} from '../../src/simulator/clock.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {call, clusterWith, guestOf, refusal, run} from './qemu-calls.ts';

const vzdump = '//nodes/pve1/vzdump';

/** Back up guest 100 and tell the archive's volume id. */
function backUp(cluster: Cluster): string {
  const {status} = run(cluster, 'POST', vzdump, {vmid: '100', storage: 'files'});
  expect(status).toBe('OK');
  const found = [...cluster.volumes.values()].filter(({content}) => content === 'backup');
  return found.at(-1)?.volid ?? '';
}

function restore(cluster: Cluster, params: Readonly<Record<string, string>>): unknown {
  return refusal(call(cluster, 'POST', '', params));
}

describe('a backup is refused', () => {
  it.each([
    [{vmid: '100', all: '1'}, {all: "option conflicts with option 'vmid'"}],
    [{vmid: '100', exclude: '101'}, {exclude: "option conflicts with option 'vmid'"}],
    [{vmid: '100', pool: 'p'}, {pool: "option conflicts with option 'vmid'"}],
    [{}, {vmid: 'property is missing'}],
    [{vmid: '100', stdout: '1'}, {stdout: 'option is only allowed on the command line interface.'}],
    [{vmid: '100', tmpdir: '/tmp'}, {tmpdir: 'Only root may set this option.'}],
  ])('%j', (params, refused) => {
    expect(refusal(call(clusterWith(), 'POST', vzdump, params))).toEqual(refused);
  });
});

describe('the log of a backup', () => {
  it('names disks that are left out and what else is not in it', () => {
    const cluster = clusterWith();
    call(cluster, 'PUT', '/100/config', {scsi1: 'files:1,backup=0', efidisk0: 'files:1'});
    call(cluster, 'PUT', '/100/config', {scsi2: 'files:1'});
    call(cluster, 'PUT', '/100/config', {delete: 'scsi2'});
    run(cluster, 'POST', '/100/snapshot', {snapname: 'one'});
    guestOf(cluster, 100).snapshots.set('one', new Map());
    guestOf(cluster, 100).pending.set('cores', '2');
    const {log} = run(cluster, 'POST', vzdump, {vmid: '100', storage: 'files'});
    for (const line of [
      "exclude disk 'scsi1' 'files:100/vm-100-disk-0.raw' (backup=no)",
      "exclude disk 'efidisk0' 'files:100/vm-100-disk-1.raw' (efidisk but no OMVF BIOS)",
      "skip unused drive 'files:100/vm-100-disk-2.raw' (not included into backup)",
      'snapshots found (not included into backup)',
      'pending configuration changes found (not included into backup)',
    ]) {
      expect(log.map((one) => one.replace(/disk-\d/, ''))).toContain(
        `INFO: ${line}`.replace(/disk-\d/, ''),
      );
    }
  });

  it('of a running guest tells whether its file systems were held', () => {
    const cluster = clusterWith();
    const {config, behaviour} = guestOf(cluster, 100);
    behaviour.agent = true;
    config.set('agent', '1');
    run(cluster, 'POST', '/100/status/start');
    const early = run(cluster, 'POST', vzdump, {vmid: '100', storage: 'files'});
    expect(early.log.join('\n')).toContain('agent configured but not running?');
    advance(cluster, cluster.nowMs + 60_000);
    const {log} = run(cluster, 'POST', vzdump, {vmid: '100', storage: 'files'});
    expect(log).toContain("INFO: issuing guest-agent 'fs-thaw' command");
    config.set('agent', '1,freeze-fs-on-backup=0');
    const off = run(cluster, 'POST', vzdump, {vmid: '100', storage: 'files'});
    expect(off.log.join('\n')).toContain(
      "skipping guest-agent 'fs-freeze', disabled in VM options",
    );
  });
});

describe('a restore is refused', () => {
  it('with disks of its own, over another guest, over a locked one', () => {
    const cluster = clusterWith();
    const archive = backUp(cluster);
    expect(restore(cluster, {vmid: '300', archive, scsi0: 'files:1'})).toEqual({
      scsi0: "option conflicts with option 'archive'",
    });
    expect(restore(cluster, {vmid: '100', archive})).toBe(
      "500 unable to restore VM 100 - VM 100 already exists on node 'pve1'",
    );
    guestOf(cluster, 100).config.set('lock', 'backup');
    expect(restore(cluster, {vmid: '100', archive, force: '1'})).toBe(
      '500 unable to restore VM 100 - VM is locked (backup)',
    );
    expect(restore(cluster, {vmid: '300', archive: 'files:iso/a.iso'})).toBe(
      "500 unable to use volume files:iso/a.iso - content type needs to be 'backup'",
    );
  });

  it('in its task over a protected one, and leaves it unlocked', () => {
    const cluster = clusterWith();
    const archive = backUp(cluster);
    guestOf(cluster, 100).config.set('protection', '1');
    const {status, log} = run(cluster, 'POST', '', {vmid: '100', archive, force: '1'});
    expect([status, log]).toEqual([
      'unable to restore VM 100 - - protection mode enabled',
      [
        'error before or during data restore, some or all disks were not completely restored. ' +
          'VM 100 state is NOT cleaned up.',
      ],
    ]);
    expect(guestOf(cluster, 100).config.has('lock')).toBe(false);
  });

  it('in its task where images may not lie, and leaves an empty guest behind', () => {
    const cluster = clusterWith();
    const archive = backUp(cluster);
    const {status} = run(cluster, 'POST', '', {vmid: '300', archive, storage: 'isos'});
    expect(status).toBe("Content type 'images' is not available on storage 'isos'");
    expect(guestOf(cluster, 300).config.size).toBe(0);
  });

  it('in its task when it is to run while its disks come', () => {
    const cluster = clusterWith();
    const archive = backUp(cluster);
    const params = {vmid: '300', archive, 'live-restore': '1'};
    expect(run(cluster, 'POST', '', params).status).toContain('live-restore is only compatible');
  });
});

describe('a restored guest', () => {
  it('keeps what the archive does not replace as unused disks, and loses its snapshots', () => {
    const cluster = clusterWith();
    const archive = backUp(cluster);
    call(cluster, 'PUT', '/100/config', {scsi5: 'files:1,format=qcow2'});
    run(cluster, 'POST', '/100/snapshot', {snapname: 'one'});
    const {status, log} = run(cluster, 'POST', '', {vmid: '100', archive, force: '1'});
    expect([status, log.at(-1)]).toEqual([
      'OK',
      "VM 100 add unreferenced volume 'files:100/vm-100-disk-1.qcow2' as 'unused0' to config",
    ]);
    const {config, snapshots} = guestOf(cluster, 100);
    expect([config.get('unused0'), snapshots.size]).toEqual(['files:100/vm-100-disk-1.qcow2', 0]);
  });

  it('has a comment for a disk not saved, a cloud-init image, and is a template again', () => {
    const cluster = clusterWith();
    call(cluster, 'PUT', '/100/config', {scsi1: 'other:1,backup=0', description: 'web'});
    call(cluster, 'PUT', '/100/config', {ide2: 'files:cloudinit'});
    run(cluster, 'POST', '/100/template');
    const archive = backUp(cluster);
    const {status, log} = run(cluster, 'POST', '', {vmid: '300', archive, unique: '1'});
    expect([status, log.includes('Convert to template.')]).toEqual(['OK', true]);
    const {config} = guestOf(cluster, 300);
    expect(config.get('description')).toContain('web\nscsi1: other:100/base-100-disk-0.raw');
    expect(config.get('ide2')).toContain('files:300/vm-300-cloudinit.qcow2,media=cdrom');
    expect(config.get('scsi0')).toBe('files:300/base-300-disk-0.qcow2,size=1G');
    expect(config.has('vmgenid')).toBe(false);
    expect(config.get('smbios1')).not.toContain('11111111');
  });
});
