// Why this exists: backups of containers in each mode, and containers made from them: what is from
// the archive, from the call, or new (facts.md section 12, PVE::LXC::Create, VZDump::LXC).
import {describe, expect, it} from 'vitest';
import {advance} from '../clock.ts';
import type {Cluster} from '../state.ts';
import {
  call,
  config,
  container,
  containerCluster,
  exit,
  exitOf,
  logOf,
  tokenWith,
} from './samples.ts';

/** Back container 200 up; the archive's volume id. */
function backup(cluster: Cluster, params: Readonly<Record<string, string>> = {}): string {
  const wish = {vmid: '200', storage: 'files', compress: 'zstd', ...params};
  expect(exit(cluster, 'POST', '/vzdump', wish)).toBe('OK');
  const list = call(cluster, 'GET', '/storage/files/content', {content: 'backup'}).data;
  return list.at(-1).volid;
}

function restored(volid: string, params: Readonly<Record<string, string>> = {}) {
  return {vmid: '201', ostemplate: volid, restore: '1', storage: 'thin', ...params};
}

describe('a backup of a container', () => {
  it.each([
    ['stop', ['stopping virtual guest', 'restarting vm']],
    ['suspend', ['suspending guest', 'resuming guest']],
    ['snapshot', ["create storage snapshot 'vzdump'", "cleanup temporary 'vzdump' snapshot"]],
  ])('in mode %s leaves it running and without a lock', (mode, lines) => {
    const cluster = containerCluster({running: true});
    backup(cluster, {mode});
    const log = logOf(cluster, 'vzdump');
    expect(log).toContain(`INFO: backup mode: ${mode}`);
    for (const line of lines) expect(log).toContain(`INFO: ${line}`);
    expect(container(cluster).runtime).toBeDefined();
    expect(container(cluster).config.has('lock')).toBe(false);
  });

  it('suspends where volumes have no snapshots', () => {
    const cluster = containerCluster({running: true});
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'files:1,mp=/a,backup=1', mp1: 'thin:1,mp=/b'});
    backup(cluster);
    const log = logOf(cluster, 'vzdump');
    expect(log).toContain('INFO: mode failure - some volumes do not support snapshots');
    expect(log).toContain('INFO: backup mode: suspend');
    expect(log).toContain("INFO: excluding volume mount point mp1 ('/b') from backup (disabled)");
  });

  it('says so when the container is locked', () => {
    const cluster = containerCluster();
    container(cluster).config.set('lock', 'snapshot');
    const wish = {vmid: '200', storage: 'files'};
    expect(exit(cluster, 'POST', '/vzdump', wish)).toBe('job errors');
    expect(logOf(cluster, 'vzdump')).toContain(
      'ERROR: Backup of VM 200 failed - CT is locked (snapshot)',
    );
  });

  it('shows its configuration', () => {
    const cluster = containerCluster();
    call(cluster, 'PUT', '/lxc/200/config', {description: 'one\ntwo'});
    const text = call(cluster, 'GET', '/vzdump/extractconfig', {volume: backup(cluster)}).data;
    expect(text).toMatch(/^#one\n#two\narch: amd64\n/);
    expect(text).not.toContain('qmdump');
  });
});

describe('a container from a backup', () => {
  it('is as the old one, its volumes anew, its cards the same', () => {
    const cluster = containerCluster();
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'thin:1,mp=/a,backup=1', tags: 'a'});
    const before = config(cluster);
    expect(exit(cluster, 'POST', '/lxc', restored(backup(cluster)))).toBe('OK');
    expect(config(cluster, 201)).toEqual({
      ...before,
      digest: expect.any(String),
      mp0: 'thin:vm-201-disk-1,mp=/a,backup=1,size=1G',
      rootfs: 'thin:vm-201-disk-0,size=4G',
    });
  });

  it('takes keys of the call first, and new MACs when unique', () => {
    const cluster = containerCluster();
    const params = restored(backup(cluster), {memory: '2048', unique: '1', hostname: 'copy'});
    expect(exit(cluster, 'POST', '/lxc', params)).toBe('OK');
    const copy = config(cluster, 201);
    expect(copy).toMatchObject({memory: 2048, hostname: 'copy', swap: 512});
    expect(copy['net0']).not.toBe(config(cluster)['net0']);
  });

  it('replaces an existing one only by force, stopped and unprotected', () => {
    const cluster = containerCluster();
    const volid = backup(cluster);
    const over = restored(volid, {vmid: '200'});
    expect(call(cluster, 'POST', '/lxc', over).reason).toContain('already exists');
    const forced = {...over, force: '1'};
    container(cluster).config.set('protection', '1');
    expect(call(cluster, 'POST', '/lxc', forced).reason).toBe(
      'unable to restore CT 200 - protection mode enabled',
    );
    container(cluster).config.delete('protection');
    container(cluster).runtime = {pid: 1, startedAtMs: 0};
    expect(call(cluster, 'POST', '/lxc', forced).reason).toBe("can't overwrite running container");
    container(cluster).runtime = undefined;
    call(cluster, 'PUT', '/lxc/200/config', {cores: '8'});
    expect(exit(cluster, 'POST', '/lxc', forced)).toBe('OK');
    expect(config(cluster)).toMatchObject({cores: 1, rootfs: 'thin:vm-200-disk-1,size=4G'});
    expect([...cluster.volumes.keys()]).not.toContain('pve1/thin:vm-200-disk-0');
  });

  it('leaves an existing one as it was when the archive is not there', () => {
    const cluster = containerCluster();
    const before = config(cluster);
    const volid = 'files:backup/vzdump-lxc-200-2026_01_01-00_00_00.tar.zst';
    const forced = restored(volid, {vmid: '200', force: '1'});
    expect(exit(cluster, 'POST', '/lxc', forced)).toBe(
      `unable to restore CT 200 - volume '${volid}' does not exist`,
    );
    expect(config(cluster)).toEqual(before);
  });

  it('becomes a template again', () => {
    const cluster = containerCluster();
    call(cluster, 'POST', '/lxc/200/template');
    advance(cluster, cluster.nowMs + 1_000);
    expect(exit(cluster, 'POST', '/lxc', restored(backup(cluster)))).toBe('OK');
    expect(config(cluster, 201)).toMatchObject({
      template: 1,
      rootfs: 'thin:base-201-disk-0,size=4G',
    });
  });

  it.each([
    ['8.4', 'OK'],
    ['9.1', /^unable to restore CT 201 - 403 Permission check failed \(\/, Sys.Modify\)/],
  ] as const)('of %s that is privileged is judged in the task', (version, outcome) => {
    const cluster = containerCluster({version});
    container(cluster).config.delete('unprivileged');
    const volid = backup(cluster);
    const token = tokenWith(
      cluster,
      'VM.Allocate',
      'VM.Backup',
      'VM.Config.Options',
      'Datastore.AllocateSpace',
      'SDN.Use',
    );
    const upid = call(cluster, 'POST', '/lxc', restored(volid), token).data;
    expect(exitOf(cluster, upid)).toMatch(outcome);
  });

  it('does not give directories of the node to anyone but root', () => {
    const cluster = containerCluster();
    container(cluster).config.set('mp0', '/srv,mp=/a');
    expect(exit(cluster, 'POST', '/lxc', restored(backup(cluster)))).toBe(
      "unable to restore CT 201 - restoring 'mp0' to bind mount is only possible for root",
    );
    expect(cluster.guests.has(201)).toBe(false);
  });

  it('skips raw lxc entries for anyone but root, with a warning', () => {
    const cluster = containerCluster();
    container(cluster).config.set('lxc', 'lxc.idmap: u 0 100000 65536');
    expect(config(cluster)['lxc']).toEqual([['lxc.idmap', 'u 0 100000 65536']]);
    expect(exit(cluster, 'POST', '/lxc', restored(backup(cluster)))).toBe('WARNINGS: 1');
    expect(config(cluster, 201)).not.toHaveProperty('lxc');
  });

  it('is not made of the backup of a virtual machine, nor the reverse', () => {
    const cluster = containerCluster();
    const ofContainer = backup(cluster);
    const machine = {vmid: '300', archive: ofContainer};
    expect(exit(cluster, 'POST', '/qemu', machine)).toMatch(
      /^unable to restore VM 300 - ERROR: file '.*' does not look like a QemuServer vzdump backup$/,
    );
    expect(exit(cluster, 'POST', '/qemu', {vmid: '301'})).toBe('OK');
    const ofMachine = backup(cluster, {vmid: '301'});
    expect(exit(cluster, 'POST', '/lxc', restored(ofMachine))).toBe(
      'unable to restore CT 201 - ERROR: archive contains no configuration file',
    );
  });
});
