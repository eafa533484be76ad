// Why this exists: snapshots and volumes of containers beyond the recording: what goes back, grows,
// moves, changes hands, and what refuses it (facts.md sections 8 and 10, PVE::AbstractConfig).
import {describe, expect, it} from 'vitest';
import {advance} from '../clock.ts';
import {call, config, container, containerCluster, exit, logOf, template} from './samples.ts';

const wish = {vmid: '201', ostemplate: template, rootfs: 'thin:1'};

describe('snapshots of a container', () => {
  it('go back to configuration and size, and keep the description', () => {
    const cluster = containerCluster({running: true});
    exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one', description: 'first'});
    call(cluster, 'PUT', '/lxc/200/config', {
      memory: '1024',
      description: 'now',
      mp0: 'thin:1,mp=/a',
    });
    call(cluster, 'PUT', '/lxc/200/config', {tty: '3'});
    expect(exit(cluster, 'POST', '/lxc/200/snapshot/one/rollback')).toBe('OK');
    expect(container(cluster).runtime).toBeUndefined();
    expect(container(cluster).pending.size).toBe(0);
    expect(config(cluster)).toMatchObject({
      description: 'now\n',
      memory: 512,
      parent: 'one',
      unused0: 'thin:vm-200-disk-1',
    });
  });

  it('list the newest state last, and their own facts', () => {
    const cluster = containerCluster();
    exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one', description: 'first'});
    exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'two'});
    const list = call(cluster, 'GET', '/lxc/200/snapshot').data;
    expect(list).toEqual([
      {name: 'one', snaptime: expect.any(Number), description: 'first\n'},
      {name: 'two', snaptime: expect.any(Number), description: '', parent: 'one'},
      expect.objectContaining({name: 'current', parent: 'two', running: 0}),
    ]);
    expect(exit(cluster, 'DELETE', '/lxc/200/snapshot/one')).toBe('OK');
    expect(call(cluster, 'GET', '/lxc/200/snapshot').data[0]).not.toHaveProperty('parent');
  });

  it.each([
    [{snapname: 'current'}, "unable to use snapshot name 'current' (reserved name)"],
    [{snapname: 'vzdump'}, "unable to use snapshot name 'vzdump' (reserved name)"],
  ])('refuse %j', (params, reason) => {
    expect(call(containerCluster(), 'POST', '/lxc/200/snapshot', params).reason).toBe(reason);
  });

  it('fail in the task for a name that is taken, and where a directory is mounted', () => {
    const cluster = containerCluster();
    exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one'});
    expect(exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one'})).toBe(
      "snapshot name 'one' already used",
    );
    container(cluster).config.set('mp0', '/srv,mp=/a');
    expect(exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'two'})).toBe(
      'snapshot feature is not available',
    );
    expect(exit(cluster, 'DELETE', '/lxc/200/snapshot/none')).toBe(
      "snapshot 'none' does not exist",
    );
  });

  it.each([
    ['snapshot', 'thin', 1],
    ['clone', 'thin', 0],
    ['copy', 'files', 1],
    ['snapshot', 'files', 0],
  ])('feature %s on %s: %i', (feature, storage, has) => {
    const cluster = containerCluster();
    exit(cluster, 'POST', '/lxc', {...wish, rootfs: `${storage}:1`});
    const answer = call(cluster, 'GET', '/lxc/201/feature', {feature});
    expect(answer.data).toEqual({hasFeature: has});
  });

  it('keep a volume that nothing else uses as unused when they go', () => {
    const cluster = containerCluster();
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'thin:1,mp=/a'});
    exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one'});
    call(cluster, 'PUT', '/lxc/200/config', {delete: 'mp0'});
    call(cluster, 'PUT', '/lxc/200/config', {delete: 'unused0'});
    expect(config(cluster)).not.toHaveProperty('unused0');
    exit(cluster, 'DELETE', '/lxc/200/snapshot/one');
    // The root took unused0 for a moment, before it turned out to be in use.
    expect(config(cluster)).toMatchObject({unused1: 'thin:vm-200-disk-1'});
  });
});

describe('volumes of a container', () => {
  it.each([
    [{disk: 'rootfs', size: '4G'}, 'disk is already at specified size'],
    [{disk: 'rootfs', size: '1G'}, 'unable to shrink disk size'],
    [{disk: 'rootfs', size: '5G', digest: 'a'}, /^detected modified configuration/],
    [{disk: 'mp9', size: '5G'}, 'format error'],
  ])('resize is refused at once: %j', (params, reason) => {
    expect(call(containerCluster(), 'PUT', '/lxc/200/resize', params).reason).toMatch(reason);
  });

  it('grow while it runs', () => {
    const cluster = containerCluster({running: true});
    expect(exit(cluster, 'PUT', '/lxc/200/resize', {disk: 'rootfs', size: '+0.5G'})).toBe('OK');
    expect(config(cluster)).toHaveProperty('rootfs', 'thin:vm-200-disk-0,size=4608M');
    expect(logOf(cluster, 'resize')).toEqual([
      expect.stringMatching(/^ {2}Size of .* from 4\.00 GiB \(1024 extents\) to 4\.50 GiB/),
      '  Logical volume thin/vm-200-disk-0 successfully resized.',
      'resize2fs 1.47.0 (5-Feb-2023)',
      'Filesystem at /dev/thin/vm-200-disk-0 is mounted on /tmp; on-line resizing required',
      'old_desc_blocks = 1, new_desc_blocks = 1',
      'The filesystem on /dev/thin/vm-200-disk-0 is now 1179648 (4k) blocks long.',
      '',
      'TASK OK',
    ]);
  });

  it('move to another storage, the old one kept as unused or deleted', () => {
    const cluster = containerCluster();
    const move = {volume: 'rootfs', storage: 'files'};
    expect(exit(cluster, 'POST', '/lxc/200/move_volume', move)).toBe('OK');
    expect(config(cluster)).toMatchObject({
      rootfs: 'files:200/vm-200-disk-0.raw,size=4G',
      unused0: 'thin:vm-200-disk-0',
    });
    const back = {volume: 'rootfs', storage: 'thin', delete: '1'};
    expect(exit(cluster, 'POST', '/lxc/200/move_volume', back)).toBe('OK');
    expect(config(cluster)).toHaveProperty('rootfs', 'thin:vm-200-disk-1,size=4G');
    expect([...cluster.volumes.keys()].join()).not.toContain('files');
  });

  it('makes a base volume again of what a template moves', () => {
    const cluster = containerCluster();
    expect(call(cluster, 'POST', '/lxc/200/template').reason).toBe('OK');
    advance(cluster, cluster.nowMs + 60_000);
    const move = {volume: 'rootfs', storage: 'files', delete: '1'};
    expect(exit(cluster, 'POST', '/lxc/200/move_volume', move)).toBe('OK');
    expect(config(cluster)).toHaveProperty('rootfs', 'files:200/base-200-disk-0.raw,size=4G');
  });

  it('do not move while it runs', () => {
    const cluster = containerCluster({running: true});
    const move = {volume: 'rootfs', storage: 'files'};
    expect(call(cluster, 'POST', '/lxc/200/move_volume', move).reason).toBe(
      'cannot move volumes of a running container',
    );
  });

  it('change hands', () => {
    const cluster = containerCluster();
    exit(cluster, 'POST', '/lxc', wish);
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'thin:1,mp=/a'});
    const gift = {volume: 'mp0', 'target-vmid': '201', 'target-volume': 'mp3'};
    expect(exit(cluster, 'POST', '/lxc/200/move_volume', gift)).toBe('OK');
    expect(config(cluster)).not.toHaveProperty('mp0');
    expect(config(cluster, 201)).toHaveProperty('mp3', 'thin:vm-201-disk-1,mp=/a,size=1G');
  });

  it.each([
    [{volume: 'rootfs', 'target-vmid': '201'}, "Cannot move to/from 'rootfs'"],
    [{volume: 'mp0', 'target-vmid': '299'}, 'could not find CT 299'],
    [{volume: 'mp5', 'target-vmid': '201'}, "volume 'mp5' for container '200' does not exist"],
    [
      {volume: 'unused0', 'target-vmid': '201', 'target-volume': 'mp1'},
      'Moving an unused volume to a used one is not possible',
    ],
    [{volume: 'mp0', 'target-vmid': '201', storage: 'thin'}, /^either set storage or target-vmid/],
    [{volume: 'mp0', 'target-vmid': '201', digest: 'a'}, /^Container 200: detected modified/],
  ])('do not change hands: %j', (params, reason) => {
    const cluster = containerCluster();
    exit(cluster, 'POST', '/lxc', wish);
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'thin:1,mp=/a'});
    expect(call(cluster, 'POST', '/lxc/200/move_volume', params).reason).toMatch(reason);
  });
});
