// Why this exists: the life of a container beyond the recording: create, power, copies, snapshots,
// volumes and the end of it (facts.md sections 8, 10 and 11, PVE/API2/LXC.pm).
import {describe, expect, it} from 'vitest';
import {acquire} from '../flock.ts';
import type {Cluster} from '../state.ts';
import {
  call,
  config,
  container,
  containerCluster,
  exit,
  exitOf,
  logOf,
  template,
} from './samples.ts';

const wish = {vmid: '201', ostemplate: template, rootfs: 'thin:1'};

describe('a new container', () => {
  it.each([
    ['8.4', undefined],
    ['9.1', 1],
  ] as const)('of %s has the defaults of that release', (version, unprivileged) => {
    const cluster = containerCluster({version});
    expect(exit(cluster, 'POST', '/lxc', wish)).toBe('OK');
    const {digest, ...rest} = config(cluster, 201);
    expect(digest).toMatch(/^[0-9a-f]{40}$/);
    expect(rest).toEqual({
      arch: 'amd64',
      hostname: 'CT201',
      memory: 512,
      ostype: 'debian',
      rootfs: 'thin:vm-201-disk-0,size=1G',
      swap: 512,
      ...(unprivileged === undefined ? {} : {unprivileged}),
    });
  });

  it('corrects the type of the system to what is in the template', () => {
    const cluster = containerCluster();
    expect(exit(cluster, 'POST', '/lxc', {...wish, ostype: 'alpine'})).toBe('OK');
    expect(config(cluster, 201)).toHaveProperty('ostype', 'debian');
    expect(logOf(cluster, 'vzcreate')).toContain('got unexpected ostype (debian != alpine)');
  });

  it('takes a plain number as a size on the storage of the call, of root@pam only', () => {
    const cluster = containerCluster();
    const params = {...wish, rootfs: '8', storage: 'zfs'};
    expect(call(cluster, 'POST', '/lxc', params).reason).toMatch(/^Only root can pass/);
    expect(exitOf(cluster, call(cluster, 'POST', '/lxc', params, 'root@pam').data)).toBe('OK');
    expect(config(cluster, 201)).toHaveProperty('rootfs', 'zfs:subvol-201-disk-0,size=8G');
  });

  it('is started by a task of its own', () => {
    const cluster = containerCluster();
    expect(exit(cluster, 'POST', '/lxc', {...wish, start: '1'})).toBe('OK');
    const start = [...cluster.tasks.values()].find((task) => task.type === 'vzstart');
    expect(exitOf(cluster, start?.upid ?? '')).toBe('OK');
    expect(container(cluster, 201).runtime).toBeDefined();
  });

  it('of 9.1 becomes an HA resource when asked to', () => {
    const cluster = containerCluster({version: '9.1'});
    expect(exit(cluster, 'POST', '/lxc', {...wish, 'ha-managed': '1'})).toBe('OK');
    expect(call(cluster, 'GET', '/lxc/201/status/current').data.ha).toMatchObject({managed: 1});
  });

  it.each([
    [{...wish, vmid: '200'}, "CT 200 already exists on node 'pve1'"],
    [{...wish, ostemplate: 'local:iso/a.iso'}, /^unable to use volume local:iso\/a.iso - content/],
    [{...wish, ostemplate: '/srv/a.tar'}, /^Only root can pass arbitrary filesystem paths\./],
    [{...wish, ostemplate: '-'}, 'pipe requires cli environment'],
    [{...wish, rootfs: 'gone:1'}, "storage 'gone' does not exist"],
    [
      {vmid: '201', ostemplate: template, mp0: 'thin:1,mp=/a'},
      "mount points configured, but 'rootfs' not set - aborting",
    ],
    [{...wish, 'ssh-public-keys': 'nonsense'}, 'SSH public key validation error'],
    [{...wish, 'ssh-public-keys': 'ssh-rsa AAAA a'}, 'SSH public key validation error'],
    [{...wish, pool: 'none'}, "Permission check failed (pool 'none' does not exist)"],
  ])('is refused at once: %j', (params, reason) => {
    const cluster = containerCluster();
    const answer = call(cluster, 'POST', '/lxc', params);
    expect(answer.reason).toMatch(reason);
    expect(cluster.guests.has(201)).toBe(false);
  });

  it.each([
    [
      {...wish, rootfs: 'disks:1'},
      {storage: "storage 'disks' does not support container directories"},
    ],
    [{...wish, password: 'abcd'}, {password: 'value must be at least 5 characters long'}],
    [{...wish, unique: '1'}, {restore: "missing property - 'unique' requires this property"}],
  ])('is refused with 400: %j', (params, errors) => {
    expect(call(containerCluster(), 'POST', '/lxc', params).errors).toEqual(errors);
  });

  it('leaves nothing behind when its template is not there', () => {
    const cluster = containerCluster();
    const missing = {...wish, ostemplate: 'local:vztmpl/none.tar.gz'};
    expect(exit(cluster, 'POST', '/lxc', missing)).toBe(
      "unable to create CT 201 - volume 'local:vztmpl/none.tar.gz' does not exist",
    );
    expect(cluster.guests.has(201)).toBe(false);
    expect([...cluster.volumes.keys()].join()).not.toContain('201');
  });

  it('takes the id from QEMU guests too, and the reverse', () => {
    const cluster = containerCluster();
    expect(call(cluster, 'POST', '/qemu', {vmid: '200'}).reason).toContain('CT 200 already exists');
    expect(exit(cluster, 'POST', '/qemu', {vmid: '201'})).toBe('OK');
    expect(call(cluster, 'POST', '/lxc', wish).reason).toBe("VM 201 already exists on node 'pve1'");
  });
});

describe('power of a container', () => {
  it.each([
    ['start', 'CT 200 already running', true],
    ['resume', 'CT 200 already running', true],
    ['stop', 'CT 200 not running', false],
    ['shutdown', 'CT 200 not running', false],
    ['suspend', 'CT 200 not running', false],
    ['reboot', 'VM 200 not running', false],
  ])('%s is refused at once: %s', (what, reason, running) => {
    const cluster = containerCluster({running});
    expect(call(cluster, 'POST', `/lxc/200/status/${what}`).reason).toBe(reason);
  });

  it('fails in the task under a lock, but not under `mounted`', () => {
    const cluster = containerCluster();
    container(cluster).config.set('lock', 'backup');
    expect(exit(cluster, 'POST', '/lxc/200/status/start')).toBe('CT is locked (backup)');
    container(cluster).config.set('lock', 'mounted');
    expect(exit(cluster, 'POST', '/lxc/200/status/start')).toBe('OK');
  });

  it('does not start a template, a container without its volume, or one with quota', () => {
    const cluster = containerCluster();
    container(cluster).config.set('rootfs', 'thin:vm-200-disk-0,quota=1');
    expect(exit(cluster, 'POST', '/lxc/200/status/start')).toMatch(/^Quotas are not supported/);
    container(cluster).config.set('rootfs', 'thin:vm-200-disk-7');
    expect(exit(cluster, 'POST', '/lxc/200/status/start')).toContain('does not exist');
    container(cluster).config.set('template', '1');
    expect(exit(cluster, 'POST', '/lxc/200/status/start')).toBe(
      "you can't start a CT if it's a template",
    );
  });

  it('fails to shut down a stubborn container unless forced; a reboot always forces', () => {
    const cluster = containerCluster({running: true});
    container(cluster).stubborn = true;
    const short = {timeout: '2'};
    expect(exit(cluster, 'POST', '/lxc/200/status/shutdown', short)).toBe('container did not stop');
    expect(exit(cluster, 'POST', '/lxc/200/status/reboot', short)).toBe('OK');
    const forced = {...short, forceStop: '1'};
    expect(exit(cluster, 'POST', '/lxc/200/status/shutdown', forced)).toBe('OK');
    expect(container(cluster).runtime).toBeUndefined();
  });

  it('is asked of HA when HA has the container', () => {
    const cluster = containerCluster({running: true});
    cluster.sections.set('ha-resources', new Map([['ct:200', new Map([['state', 'started']])]]));
    expect(exit(cluster, 'POST', '/lxc/200/status/stop')).toBe('OK');
    expect(logOf(cluster, 'hastop')[0]).toBe('Requesting HA stop for CT 200');
    expect(container(cluster).runtime).toBeDefined();
  });

  it('refuses skiplock to all but root@pam', () => {
    const answer = call(containerCluster(), 'POST', '/lxc/200/status/start', {skiplock: '1'});
    expect(answer.errors).toEqual({skiplock: 'Only root may use this option.'});
  });
});

describe('status of a container', () => {
  it('has the types of the real one, in the list without HA', () => {
    const cluster = containerCluster({running: true});
    const {ha, ...rest} = call(cluster, 'GET', '/lxc/200/status/current').data;
    expect(ha).toEqual({managed: 0});
    expect(rest).toMatchObject({status: 'running', type: 'lxc', vmid: 200, cpus: 1, name: 'web'});
    expect(call(cluster, 'GET', '/lxc').data).toEqual([rest]);
  });

  it('shows addresses only while it runs', () => {
    const cluster = containerCluster();
    expect(call(cluster, 'GET', '/lxc/200/interfaces').data).toBeNull();
    exit(cluster, 'POST', '/lxc/200/status/start');
    expect(call(cluster, 'GET', '/lxc/200/interfaces').data[1]).toEqual({
      name: 'eth0',
      hwaddr: 'bc:24:11:00:02:00',
      'hardware-address': 'bc:24:11:00:02:00',
      inet: '192.0.2.7/24',
      'ip-addresses': [{'ip-address': '192.0.2.7', 'ip-address-type': 'inet', prefix: 24}],
    });
  });

  it('is in the list of the whole cluster', () => {
    const cluster = containerCluster();
    expect(call(cluster, 'GET', '/cluster/resources', {type: 'vm'}).data).toEqual([
      expect.objectContaining({id: 'lxc/200', type: 'lxc', name: 'web', status: 'stopped'}),
    ]);
  });
});

describe('a copy of a container', () => {
  it('has new MACs, no unused volumes and no snapshots, and the source no trace', () => {
    const cluster = containerCluster();
    call(cluster, 'PUT', '/lxc/200/config', {mp0: 'thin:1,mp=/a', mp1: 'thin:1,mp=/b'});
    call(cluster, 'PUT', '/lxc/200/config', {delete: 'mp1'});
    const before = config(cluster);
    expect(exit(cluster, 'POST', '/lxc/200/clone', {newid: '210', description: 'x'})).toBe('OK');
    expect(config(cluster)).toEqual(before);
    const copy = config(cluster, 210);
    expect(copy).toMatchObject({
      description: 'x\n',
      hostname: 'web',
      mp0: 'thin:vm-210-disk-1,mp=/a,size=1G',
      rootfs: 'thin:vm-210-disk-0,size=4G',
    });
    expect(copy).not.toHaveProperty('unused0');
    expect(copy['net0']).not.toBe(before['net0']);
  });

  it('links to a template on thin storage, and is a full copy of anything else', () => {
    const cluster = containerCluster();
    expect(call(cluster, 'POST', '/lxc/200/template').data).toBeNull();
    expect(exit(cluster, 'POST', '/lxc/200/clone', {newid: '210'})).toBe('OK');
    expect(config(cluster)).toMatchObject({rootfs: 'thin:base-200-disk-0,size=4G', template: 1});
    const link = [...cluster.volumes.values()].find((one) => one.volid === 'thin:vm-210-disk-0');
    expect(link?.parent).toBe('base-200-disk-0');
    // PVE/Storage/LvmThinPlugin.pm: a thin pool's clones go on without their base.
    expect(exit(cluster, 'DELETE', '/lxc/200')).toBe('OK');
  });

  it.each([
    [{newid: '200'}, "CT 200 already exists on node 'pve1'"],
    [{newid: '210', full: '0'}, /^Linked clone feature for 'thin:vm-200-disk-0' is not available$/],
    [
      {newid: '210', full: '0', storage: 'thin'},
      "parameter 'storage' not allowed for linked clones",
    ],
    [{newid: '210', snapname: 'none'}, "snapshot 'none' does not exist"],
    [{newid: '210', target: 'pve2'}, "can't clone CT to node 'pve2' (CT uses local storage)"],
    [{newid: '210', target: 'pve9'}, "no such cluster node 'pve9'"],
    [{newid: '210', target: 'pve2', storage: 'thin'}, "can't clone to non-shared storage 'thin'"],
  ])('is refused at once: %j', (params, reason) => {
    const cluster = containerCluster();
    expect(call(cluster, 'POST', '/lxc/200/clone', params).reason).toMatch(reason);
    expect(container(cluster).config.has('lock')).toBe(false);
    expect(cluster.guests.has(210)).toBe(false);
  });

  it('of a running container needs a snapshot', () => {
    const cluster = containerCluster({running: true});
    expect(call(cluster, 'POST', '/lxc/200/clone', {newid: '210'}).reason).toBe(
      'Cannot do full clones on a running container without snapshots',
    );
    expect(exit(cluster, 'POST', '/lxc/200/snapshot', {snapname: 'one'})).toBe('OK');
    const params = {newid: '210', snapname: 'one'};
    expect(exit(cluster, 'POST', '/lxc/200/clone', params)).toBe('OK');
    expect(config(cluster, 210)).not.toHaveProperty('parent');
  });

  it('locks source and target while files are copied, which refuses writes at once', () => {
    const cluster = containerCluster();
    const upid = call(cluster, 'POST', '/lxc/200/clone', {newid: '210'}).data;
    expect(call(cluster, 'PUT', '/lxc/200/config', {cores: '2'}).reason).toBe(
      'CT is locked (disk)',
    );
    expect(call(cluster, 'PUT', '/lxc/210/config', {cores: '2'}).reason).toBe(
      'CT is locked (create)',
    );
    expect(exitOf(cluster, upid)).toBe('OK');
  });

  it('onto another node goes by shared storage', () => {
    const cluster = containerCluster();
    const params = {newid: '210', target: 'pve2', storage: 'shared'};
    expect(exit(cluster, 'POST', '/lxc/200/clone', params)).toBe('OK');
    expect(container(cluster, 210).node).toBe('pve2');
  });
});

describe('the end of a container', () => {
  it.each([
    [{}, 'unable to destroy CT 200 - container is running', true, ''],
    [{}, "can't remove CT 200 - protection mode enabled", false, 'protection'],
    [{}, 'CT is locked (1)', false, 'lock'],
  ])('is refused at once: %j %s', (params, reason, running, key) => {
    const cluster = containerCluster({running});
    if (key !== '') container(cluster).config.set(key, '1');
    expect(call(cluster, 'DELETE', '/lxc/200', params).reason).toBe(reason);
  });

  it('needs purge where HA knows it', () => {
    const cluster = containerCluster();
    cluster.sections.set('ha-resources', new Map([['ct:200', new Map()]]));
    expect(call(cluster, 'DELETE', '/lxc/200').reason).toBe(
      'unable to remove CT 200 - used in HA resources and purge parameter not set.',
    );
    expect(exit(cluster, 'DELETE', '/lxc/200', {purge: '1'})).toBe('OK');
    expect(cluster.sections.get('ha-resources')?.size).toBe(0);
  });

  it('takes its volumes along, unreferenced ones on wish, those of others never', () => {
    const cluster = containerCluster({running: true});
    exit(cluster, 'POST', '/lxc', wish);
    const foreign = 'thin:vm-201-disk-0,mp=/x';
    container(cluster).config.set('mp0', foreign);
    call(cluster, 'POST', '/storage/thin/content', {
      vmid: '200',
      filename: 'vm-200-disk-5',
      size: '1G',
    });
    const params = {force: '1', 'destroy-unreferenced-disks': '1'};
    expect(exit(cluster, 'DELETE', '/lxc/200', params)).toBe('OK');
    const left = [...cluster.volumes.values()].map((volume) => volume.volid);
    expect(left.filter((volid) => volid.startsWith('thin'))).toEqual(['thin:vm-201-disk-0']);
    expect(logOf(cluster, 'vzdestroy')).toContain(
      "ignore deletion of 'thin:vm-201-disk-0', CT 200 isn't the owner!",
    );
  });
});

describe('the lock file of a container', () => {
  it('that another holds for a while refuses a new container of that id', () => {
    const cluster = containerCluster();
    const file = '/run/lock/lxc/pve-config-201.lock';
    acquire(
      cluster,
      {file},
      () => {},
      () => {},
    );
    expect(call(cluster, 'POST', '/lxc', wish).reason).toBe(
      `unable to create CT 201 - can't lock file '${file}' - got timeout`,
    );
    expect(cluster.guests.has(201)).toBe(false);
  });

  it('is waited for by writes, and named when they give up', () => {
    const cluster = containerCluster({running: true});
    container(cluster).stubborn = true;
    call(cluster, 'POST', '/lxc/200/status/shutdown', {timeout: '30'});
    expect(call(cluster, 'PUT', '/lxc/200/config', {cores: '2'}).reason).toBe(
      "can't lock file '/run/lock/lxc/pve-config-200.lock' - got timeout",
    );
  });
});

describe('all guests of a node', () => {
  it('are started, stopped and sent away with their containers, which are not suspended', () => {
    const cluster = containerCluster();
    container(cluster).config.set('onboot', '1');
    expect(exit(cluster, 'POST', '/startall')).toBe('OK');
    expect(logOf(cluster, 'startall')).toContain('Starting CT 200');
    expect(container(cluster).runtime).toBeDefined();
    expect(exit(cluster, 'POST', '/suspendall')).toBe('WARNINGS: 1');
    expect(logOf(cluster, 'suspendall')).toContain('WARN: skipping 200, only VMs can be suspended');
    expect(exit(cluster, 'POST', '/migrateall', {target: 'pve2', maxworkers: '1'})).toBe('OK');
    expect(exitOf(cluster, upidOf(cluster, 'vzmigrate'))).toBe('OK');
    expect(container(cluster)).toMatchObject({node: 'pve2'});
    expect(container(cluster).runtime).toBeDefined();
  });

  it('are stopped with their containers, by force if need be', () => {
    const cluster = containerCluster({running: true});
    container(cluster).stubborn = true;
    expect(exit(cluster, 'POST', '/stopall')).toBe('OK');
    expect(logOf(cluster, 'stopall')).toContain('Stopping CT 200 (timeout = 180 seconds)');
    expect(exitOf(cluster, upidOf(cluster, 'vzshutdown'))).toBe('OK');
    expect(container(cluster).runtime).toBeUndefined();
  });

  it('are backed up volume by volume as the job says', () => {
    const cluster = containerCluster();
    container(cluster).config.set('mp0', 'thin:vm-200-disk-1,mp=/a').set('mp1', '/srv,mp=/b');
    const job = {id: 'all', schedule: 'daily', storage: 'local', all: '1'};
    expect(call(cluster, 'POST', '/cluster/backup', job).status).toBe(200);
    const tree = call(cluster, 'GET', '/cluster/backup/all/included_volumes').data;
    expect(tree.children[0]).toMatchObject({
      id: 200,
      name: 'web',
      type: 'lxc',
      children: [
        {id: '200:rootfs', included: 1, reason: 'rootfs'},
        {id: '200:mp0', included: 0, reason: 'disabled'},
        {id: '200:mp1', included: 0, reason: 'not a volume'},
      ],
    });
  });
});

function upidOf(cluster: Cluster, type: string): string {
  return [...cluster.tasks.values()].find((task) => task.type === type)?.upid ?? '';
}
