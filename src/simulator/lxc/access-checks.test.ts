// Why this exists: who may write which key of a container, volume by volume and feature by feature
// (check_ct_modify_config_perm of pve-container, facts.md sections 11 and 14).
import {describe, expect, it} from 'vitest';
import {call, containerCluster, template, tokenWith} from './samples.ts';

const all = [
  'VM.Config.CPU',
  'VM.Config.Disk',
  'VM.Config.Memory',
  'VM.Config.Network',
  'VM.Config.Options',
  'VM.Allocate',
  'Datastore.AllocateSpace',
  'Datastore.Audit',
  'SDN.Use',
] as const;

/** What a token that lacks one privilege is answered. */
function without(privilege: string, params: Readonly<Record<string, string>>): string {
  const cluster = containerCluster();
  const token = tokenWith(cluster, ...all.filter((one) => one !== privilege));
  return call(cluster, 'PUT', '/lxc/200/config', params, token).reason;
}

describe('a key of a container', () => {
  it.each([
    ['cores', '2', 'VM.Config.CPU', '/vms/200'],
    ['cpulimit', '2', 'VM.Config.CPU', '/vms/200'],
    ['cpuunits', '2', 'VM.Config.CPU', '/vms/200'],
    ['memory', '600', 'VM.Config.Memory', '/vms/200'],
    ['swap', '600', 'VM.Config.Memory', '/vms/200'],
    ['hostname', 'a', 'VM.Config.Network', '/vms/200'],
    ['nameserver', '192.0.2.1', 'VM.Config.Network', '/vms/200'],
    ['searchdomain', 'a', 'VM.Config.Network', '/vms/200'],
    ['net1', 'name=a,bridge=vmbr0', 'VM.Config.Network', '/vms/200'],
    ['net1', 'name=a,bridge=vmbr0', 'SDN.Use', '/sdn/zones/localnetwork/vmbr0'],
    ['net1', 'name=a,bridge=vmbr0,tag=5', 'SDN.Use', '/sdn/zones/localnetwork/vmbr0/5'],
    ['net1', 'name=a,bridge=vmbr0,trunks=7;8', 'SDN.Use', '/sdn/zones/localnetwork/vmbr0/7'],
    ['net1', 'name=a,bridge=vmbr0,trunks=3;20', 'SDN.Use', '/sdn/zones/localnetwork/vmbr0/20'],
    ['mp0', 'thin:1,mp=/a', 'VM.Config.Disk', '/vms/200'],
    ['mp0', 'thin:1,mp=/a', 'Datastore.AllocateSpace', '/storage/thin'],
    ['mp0', 'thin:vm-201-disk-0,mp=/a', 'Datastore.Audit', '/storage/thin'],
    ['onboot', '1', 'VM.Config.Options', '/vms/200'],
    ['tags', 'a', 'VM.Config.Options', '/vms/200'],
    ['lock', 'backup', 'VM.Config.Options', '/vms/200'],
    ['features', 'nesting=1', 'VM.Allocate', '/vms/200'],
  ])('%s=%s asks for %s', (key, value, privilege, path) => {
    expect(without(privilege, {[key]: value})).toBe(
      `Permission check failed (${path}, ${privilege})`,
    );
  });

  it.each([
    [{mp0: '/srv/data,mp=/a'}, 'mount point type bind is only allowed for root@pam'],
    [{mp0: '/dev/sdb,mp=/a'}, 'mount point type device is only allowed for root@pam'],
    [{dev0: '/dev/kvm'}, 'configuring device passthrough is only allowed for root@pam'],
    [{hookscript: 'local:snippets/a'}, 'changing the hookscript is only allowed for root@pam'],
    [
      {features: 'nesting=1,keyctl=1'},
      'changing feature flags (except nesting) is only allowed for root@pam',
    ],
  ])('is only for root@pam: %j', (params, text) => {
    const cluster = containerCluster();
    const answer = call(cluster, 'PUT', '/lxc/200/config', params);
    expect(answer.reason).toBe(`Permission check failed (${text})`);
    expect(answer.status).toBe(403);
    expect(call(cluster, 'PUT', '/lxc/200/config', params, 'root@pam').reason).not.toContain(
      'Permission',
    );
  });

  it('refuses features of a privileged container to all but root@pam', () => {
    const cluster = containerCluster();
    cluster.guests.get(200)?.config.delete('unprivileged');
    const text = 'changing feature flags for privileged container is only allowed for root@pam';
    const answer = call(cluster, 'PUT', '/lxc/200/config', {features: 'nesting=1'});
    expect(answer.reason).toBe(`Permission check failed (${text})`);
  });

  it('lets features that do not change be written', () => {
    const cluster = containerCluster();
    cluster.guests.get(200)?.config.set('features', 'keyctl=1,nesting=1');
    const token = tokenWith(cluster, 'VM.Config.Options');
    const same = {features: 'nesting=1,keyctl=1'};
    expect(call(cluster, 'PUT', '/lxc/200/config', same, token).status).toBe(200);
  });

  it('is judged as an option of no name when a volume grows', () => {
    const cluster = containerCluster();
    const token = tokenWith(cluster, 'VM.Config.Disk', 'Datastore.AllocateSpace');
    const params = {disk: 'rootfs', size: '+1G'};
    expect(call(cluster, 'PUT', '/lxc/200/resize', params, token).reason).toBe(
      'Permission check failed (/vms/200, VM.Config.Options)',
    );
  });
});

describe('a new container', () => {
  const wish = {vmid: '201', ostemplate: template, rootfs: 'thin:1'};

  it.each([
    [wish, 'Permission check failed'],
    [{...wish, features: 'nesting=1'}, 'Permission check failed'],
  ])('needs VM.Allocate: %j', (params, reason) => {
    const cluster = containerCluster();
    const token = tokenWith(cluster, ...all.filter((one) => one !== 'VM.Allocate'));
    expect(call(cluster, 'POST', '/lxc', params, token).reason).toBe(reason);
  });

  it('may be made in a pool whose VM.Allocate the caller has', () => {
    const cluster = containerCluster({pools: ['dev']});
    const token = tokenWith(cluster, ...all.filter((one) => one !== 'VM.Allocate'));
    cluster.access.roles.set('Maker', new Set(['VM.Allocate', 'VM.Config.Options']));
    cluster.access.acl.push({
      path: '/pool/dev',
      kind: 'user',
      subject: 'some@pve',
      role: 'Maker',
      propagate: true,
    });
    expect(call(cluster, 'POST', '/lxc', {...wish, pool: 'dev'}, token).status).toBe(200);
  });

  it('of 9.1 asks for Sys.Modify when it is privileged', () => {
    const cluster = containerCluster({version: '9.1'});
    const token = tokenWith(cluster, ...all);
    const answer = call(cluster, 'POST', '/lxc', {...wish, unprivileged: '0'}, token);
    expect(answer.reason).toBe('Permission check failed (/, Sys.Modify)');
    expect(call(cluster, 'POST', '/lxc', wish, token).status).toBe(200);
  });

  it('of 9.1 asks for Sys.Console when it is to be an HA resource', () => {
    const cluster = containerCluster({version: '9.1'});
    const token = tokenWith(cluster, ...all);
    const answer = call(cluster, 'POST', '/lxc', {...wish, 'ha-managed': '1'}, token);
    expect(answer.reason).toBe('Permission check failed (/, Sys.Console)');
  });
});

describe('what only some may read', () => {
  it('is the environment of 9.1', () => {
    const cluster = containerCluster({version: '9.1'});
    const params = {env: 'A=secret'};
    expect(call(cluster, 'PUT', '/lxc/200/config', params).reason).toBe('OK');
    const token = tokenWith(cluster, 'VM.Audit');
    expect(call(cluster, 'GET', '/lxc/200/config', {}, token).data).not.toHaveProperty('env');
    expect(call(cluster, 'GET', '/lxc/200/config').data).toHaveProperty('env', 'A=secret');
    const keys = call(cluster, 'GET', '/lxc/200/pending', {}, token).data;
    expect(keys.map((entry: {key: string}) => entry.key)).not.toContain('env');
  });

  it('leaves containers out of the list', () => {
    const cluster = containerCluster();
    expect(call(cluster, 'GET', '/lxc', {}, tokenWith(cluster)).data).toEqual([]);
  });
});
