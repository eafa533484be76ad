// Why this exists: snapshots, clones and templates in cases that nobody recorded, as stated by
// PVE/AbstractConfig.pm, PVE/QemuConfig.pm, PVE/API2/Qemu.pm and the storage plugins (8.4).
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../src/simulator/state.ts';
import {call, clusterWith, gib, guestOf, refusal, run} from './qemu-calls.ts';

const disk = 'files:100/vm-100-disk-0.qcow2';
const snap = (cluster: Cluster, snapname: string): string =>
  run(cluster, 'POST', '/100/snapshot', {snapname}).status;

describe('a snapshot', () => {
  it('is not taken of what cannot be saved with RAM', () => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('virtiofs0', 'share');
    const answer = call(cluster, 'POST', '/100/snapshot', {snapname: 'one', vmstate: '1'});
    expect(refusal(answer)).toBe(
      '500 Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: virtiofs',
    );
    expect(refusal(call(cluster, 'POST', '/100/snapshot', {snapname: 'PENDING'}))).toBe(
      "500 unable to use snapshot name 'pending' (reserved name)",
    );
  });

  it('in a chain hands its parent on, and one with its name may come again', () => {
    const cluster = clusterWith();
    for (const name of ['one', 'two', 'three']) expect(snap(cluster, name)).toBe('OK');
    expect(run(cluster, 'DELETE', '/100/snapshot/two').status).toBe('OK');
    expect(guestOf(cluster, 100).snapshots.get('three')?.get('parent')).toBe('one');
    expect(snap(cluster, 'two')).toBe('OK');
    expect(guestOf(cluster, 100).config.get('parent')).toBe('two');
  });

  it('that held the last reference to a disk leaves it behind as an unused one', () => {
    const cluster = clusterWith();
    snap(cluster, 'one');
    expect(call(cluster, 'PUT', '/100/config', {delete: 'scsi0'}).status).toBe(200);
    const unused = {delete: 'unused0'};
    expect(refusal(call(cluster, 'PUT', '/100/config', unused))).toContain('still in use');
    guestOf(cluster, 100).config.delete('unused0');
    expect(run(cluster, 'DELETE', '/100/snapshot/one').status).toBe('OK');
    expect(guestOf(cluster, 100).config.get('unused0')).toBe('files:100/vm-100-disk-0.qcow2');
  });

  it('does not hold what is pending', () => {
    const cluster = clusterWith();
    run(cluster, 'POST', '/100/status/start');
    call(cluster, 'PUT', '/100/config', {cores: '4'});
    snap(cluster, 'one');
    expect(guestOf(cluster, 100).snapshots.get('one')?.has('cores')).toBe(false);
    expect(guestOf(cluster, 100).pending.get('cores')).toBe('4');
  });

  it('of a missing guest or name fails in its task', () => {
    const cluster = clusterWith();
    const gone = "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist";
    expect(run(cluster, 'DELETE', '/999/snapshot/one').status).toBe(gone);
    expect(run(cluster, 'POST', '/999/snapshot/one/rollback').status).toBe(gone);
    expect(run(cluster, 'POST', '/100/snapshot/no/rollback').status).toBe(
      "snapshot 'no' does not exist",
    );
    expect(call(cluster, 'PUT', '/999/snapshot/one/config').data).toBeNull();
  });

  it('shows its password as it is, unlike the configuration', () => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('cipassword', '$5$x$y');
    snap(cluster, 'one');
    expect(call(cluster, 'GET', '/100/snapshot/one/config').data).toMatchObject({
      cipassword: '$5$x$y',
    });
    expect(call(cluster, 'GET', '/100/config', {snapshot: 'one'}).data).toMatchObject({
      cipassword: '**********',
    });
  });
});

describe('a rollback', () => {
  it('is not for a half-made snapshot, nor for a template', () => {
    const cluster = clusterWith();
    snap(cluster, 'one');
    guestOf(cluster, 100).snapshots.get('one')?.set('snapstate', 'delete');
    expect(run(cluster, 'POST', '/100/snapshot/one/rollback').status).toBe(
      'unable to rollback to incomplete snapshot (snapstate = delete)',
    );
    guestOf(cluster, 100).config.set('template', '1');
    expect(run(cluster, 'POST', '/100/snapshot/one/rollback').status).toBe(
      "you can't rollback if vm is a template",
    );
  });
});

describe('what a guest can', () => {
  it.each([
    ['files:100/vm-100-disk-0.qcow2', [1, 0, 1]],
    ['files:100/vm-100-disk-0.raw', [0, 0, 1]],
    ['files:100/base-100-disk-0.qcow2', [0, 1, 1]],
    ['thin:vm-100-disk-0', [1, 0, 1]],
    ['/dev/sdb', [0, 0, 0]],
  ])('with %s is snapshot, clone, copy: %j', (file, expected) => {
    const cluster = clusterWith();
    guestOf(cluster, 100).config.set('scsi0', file);
    const has = ['snapshot', 'clone', 'copy'].map(
      (feature) => call(cluster, 'GET', '/100/feature', {feature}).data,
    );
    expect(has.map((one) => Object(one).hasFeature)).toEqual(expected);
  });
});

describe('a clone is refused', () => {
  it.each([
    [{target: 'pve7'}, "500 no such cluster node 'pve7'"],
    [{storage: 'isos', full: '1'}, {storage: "storage 'isos' does not support vm images"}],
    [{storage: 'gone', full: '1'}, "500 storage 'gone' does not exist"],
    [{storage: 'other', target: 'pve2'}, "500 can't clone to non-shared storage 'other'"],
    [{target: 'pve2'}, "500 can't clone VM to node 'pve2' (VM uses local storage)"],
    [{snapname: 'no'}, "500 snapshot 'no' does not exist"],
    [{full: '0', format: 'raw'}, "500 parameter 'format' not allowed for linked clones"],
    [
      {full: '0'},
      "500 Linked clone feature is not supported for 'files:100/vm-100-disk-0.qcow2' (scsi0)",
    ],
    [
      {full: '0', snapname: 'one'},
      `500 Linked clone feature is not supported for a snapshot of '${disk}' (scsi0)`,
    ],
    [{newid: '100'}, '500 unable to create VM 100: config file already exists'],
  ])('%j', (params, refused) => {
    const cluster = clusterWith({nodes: ['pve1', 'pve2']});
    snap(cluster, 'one');
    expect(refusal(call(cluster, 'POST', '/100/clone', {newid: '300', ...params}))).toEqual(
      refused,
    );
  });

  it('with a TPM that is in use', () => {
    const cluster = clusterWith();
    call(cluster, 'PUT', '/100/config', {tpmstate0: 'files:1,version=v2.0'});
    run(cluster, 'POST', '/100/status/start');
    expect(refusal(call(cluster, 'POST', '/100/clone', {newid: '300'}))).toBe(
      '500 cannot clone TPM state while VM is running',
    );
  });
});

describe('a clone', () => {
  it('of a running guest is mirrored away, one of a snapshot has its section', () => {
    const cluster = clusterWith();
    snap(cluster, 'one');
    call(cluster, 'PUT', '/100/config', {name: 'later', cores: '2'});
    run(cluster, 'POST', '/100/status/start');
    const {status, log} = run(cluster, 'POST', '/100/clone', {newid: '300'});
    expect([status, log[2]]).toEqual(['OK', 'drive mirror is starting for drive-scsi0']);
    const old = run(cluster, 'POST', '/100/clone', {newid: '301', snapname: 'one', full: '1'});
    expect(old.status).toBe('OK');
    expect(guestOf(cluster, 301).config.get('name')).toBe('Copy-of-VM-web');
    expect(guestOf(cluster, 301).config.has('cores')).toBe(false);
  });
});

describe('a template', () => {
  it('keeps what its storage cannot make a base of, and can convert one more disk', () => {
    const cluster = clusterWith({
      storages: {
        files: {content: ['images'], options: {path: '/srv/files'}},
        lvm: {type: 'lvm', content: ['images']},
      },
    });
    call(cluster, 'PUT', '/100/config', {scsi1: 'lvm:1'});
    expect(run(cluster, 'POST', '/100/template', {disk: 'scsi1'}).status).toBe('OK');
    const {config} = guestOf(cluster, 100);
    expect(config.get('scsi1')).toBe('lvm:vm-100-disk-0,size=1G');
    expect(refusal(call(cluster, 'POST', '/100/template'))).toBe(
      "500 you can't convert a template to a template",
    );
    expect(run(cluster, 'POST', '/100/template', {disk: 'scsi0'}).status).toBe('OK');
    expect(config.get('scsi0')).toBe('files:100/base-100-disk-0.qcow2,size=1G');
    expect([...cluster.volumes.values()].every(({sizeBytes}) => sizeBytes === gib)).toBe(true);
  });
});
