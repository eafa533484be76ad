// Why this exists: a container on another node: with a restart, with its volumes, and all that
// forbids it, which only the log tells (PVE/LXC/Migrate.pm).
import {describe, expect, it} from 'vitest';
import {call, container, containerCluster, exit, logOf} from './samples.ts';

const path = '/lxc/200/migrate';
const to = {target: 'pve2'};

describe('a migration', () => {
  it('takes a stopped container and its local volumes along', () => {
    const cluster = containerCluster();
    expect(exit(cluster, 'POST', path, to)).toBe('OK');
    expect(container(cluster).node).toBe('pve2');
    expect([...cluster.volumes.keys()]).toContain('pve2/thin:vm-200-disk-0');
    expect([...cluster.volumes.keys()]).not.toContain('pve1/thin:vm-200-disk-0');
    expect(call(cluster, 'GET', '/lxc/200/config').reason).toBe(
      "Configuration file 'nodes/pve1/lxc/200.conf' does not exist",
    );
  });

  it('stops a running container here and starts it there', () => {
    const cluster = containerCluster({running: true});
    expect(exit(cluster, 'POST', path, {...to, restart: '1'})).toBe('OK');
    expect(container(cluster).runtime).toBeDefined();
    expect(cluster.effects.map((effect) => effect.what)).toEqual(
      expect.arrayContaining(['stop', 'migrate', 'start']),
    );
  });

  it('puts volumes on another storage when told to', () => {
    const cluster = containerCluster();
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'thin:1,mp=/a'});
    call(cluster, 'PUT', '/lxc/200/config', {delete: 'mp0'});
    expect(exit(cluster, 'POST', path, {...to, 'target-storage': 'files'})).toBe('OK');
    expect(Object.fromEntries(container(cluster).config)).toMatchObject({
      rootfs: 'files:200/vm-200-disk-0.raw,size=4G',
      unused0: 'files:200/vm-200-disk-1.raw',
    });
  });

  it.each([
    [{target: 'pve1'}, 'Parameter verification failed.', false],
    [{target: 'pve9'}, "no such cluster node 'pve9'", false],
    [to, "can't migrate running container without --online or --restart", true],
  ])('is refused at once: %j, %s', (params, reason, running) => {
    expect(call(containerCluster({running}), 'POST', path, params).reason).toBe(reason);
  });

  it.each([
    ['of a running one', {...to, online: '1'}, /lxc live migration is currently not implemented$/],
    ['with a directory', to, /cannot migrate local bind mount point 'mp0'$/],
    ['under a lock', to, /CT is locked \(backup\)$/],
    [
      'onto ZFS from another storage',
      {...to, 'target-storage': 'zfs'},
      /cannot migrate from storage type 'lvmthin' to 'zfspool'$/,
    ],
    ['with a snapshot', to, /non-migratable snapshot exists$/],
    ["with another's volume", to, /owned by other guest \(owner = 201\)$/],
  ])('%s says why in its log only', (what, params, line) => {
    const cluster = containerCluster({running: what === 'of a running one'});
    const {config} = container(cluster);
    if (what === 'with a directory') config.set('mp0', '/srv,mp=/a');
    if (what === 'under a lock') config.set('lock', 'backup');
    if (what === 'with a snapshot') exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one'});
    if (what.startsWith('with another')) {
      call(cluster, 'POST', '/storage/thin/content', {
        vmid: '201',
        filename: 'vm-201-disk-0',
        size: '1G',
      });
      config.set('mp0', 'thin:vm-201-disk-0,mp=/a');
    }
    expect(exit(cluster, 'POST', path, params)).toBe('migration aborted');
    expect(logOf(cluster, 'vzmigrate').some((one) => line.test(one))).toBe(true);
    expect(container(cluster).node).toBe('pve1');
    expect(config.get('lock')).toBe(what === 'under a lock' ? 'backup' : undefined);
  });

  it('is checked beforehand in 9.1 only', () => {
    expect(call(containerCluster({version: '9.1'}), 'GET', path).data).toEqual({
      running: 0,
      'allowed-nodes': ['pve2'],
      'not-allowed-nodes': {},
    });
    expect(call(containerCluster(), 'GET', path).status).toBe(501);
  });
});
