// Why this exists: how a container's configuration is written, beyond the recording: whole or not
// at all, what waits for a start and what does not (facts.md section 11, PVE/LXC/Config.pm).
import {describe, expect, it} from 'vitest';
import {call, config, container, containerCluster, current, exit} from './samples.ts';

const put = (
  cluster: ReturnType<typeof containerCluster>,
  params: Readonly<Record<string, string>>,
) => call(cluster, 'PUT', '/lxc/200/config', params);

describe('a config write', () => {
  it('is undone whole when one key fails', () => {
    const cluster = containerCluster();
    const before = config(cluster);
    const answer = put(cluster, {memory: '1024', mp0: 'thin:1,mp=/a', mp1: 'gone:1,mp=/b'});
    expect([answer.status, answer.reason]).toEqual([500, "storage 'gone' does not exist"]);
    expect(config(cluster)).toEqual(before);
  });

  it('refuses a storage that takes no containers', () => {
    const answer = put(containerCluster(), {mp0: 'disks:1,mp=/a'});
    expect(answer.reason).toBe("storage 'disks' does not allow content type 'rootdir' (Container)");
  });

  it('answers 400 by key when a card cannot be plugged, and writes nothing', () => {
    const cluster = containerCluster({running: true});
    const answer = put(cluster, {net1: 'name=eth1,bridge=nowhere', memory: '1024'});
    expect(answer.errors).toEqual({
      net1: "unable to hotplug net1: bridge 'nowhere' does not exist\n",
    });
    expect(config(cluster)).toMatchObject({memory: 512});
  });

  it('has pulled a card by then whose new MAC is plugged where no bridge is', () => {
    const cluster = containerCluster({running: true});
    const answer = put(cluster, {net0: 'name=eth0,bridge=nowhere', tty: '3'});
    expect(answer.errors).toEqual({
      net0: "unable to hotplug net0: bridge 'nowhere' does not exist\n",
    });
    expect(current(cluster)).not.toHaveProperty('net0');
    expect([...container(cluster).pending.keys()]).toEqual(['net0', 'tty']);
  });

  it('leaves a card as it is that cannot be put on another bridge', () => {
    const cluster = containerCluster({running: true});
    const before = String(config(cluster)['net0']);
    const answer = put(cluster, {net0: before.replace('vmbr0', 'nowhere')});
    expect(answer.errors).toEqual({
      net0: "unable to hotplug net0: bridge 'nowhere' is neither a linux nor an OVS bridge!\n\n",
    });
    expect(config(cluster)['net0']).toBe(before);
  });

  it('has written what came before a card that was plugged, though a later one fails', () => {
    const cluster = containerCluster({running: true});
    const again = {memory: '768', net1: 'name=e2,bridge=vmbr0', net2: 'name=e3,bridge=nowhere'};
    expect(put(cluster, again).status).toBe(400);
    expect(current(cluster)).toMatchObject({memory: 768, net1: expect.stringContaining('name=e2')});
  });

  it.each([
    [{dev0: 'mode=0660'}, 'Path has to be defined'],
    [{hookscript: 'local:snippets/new.yaml'}, "script 'local:snippets/new.yaml' is not executable"],
    [{hookscript: 'local:iso/a.iso'}, "'local:iso/a.iso' is not in the snippets directory"],
    [{hookscript: 'gone:snippets/a'}, "storage 'gone' does not exist"],
  ])('refuses root %j', (params, reason) => {
    const cluster = containerCluster();
    const script = cluster.volumes.get('pve1/local:snippets/hook.sh');
    if (script === undefined) throw new Error('there is no script');
    const volid = 'local:snippets/new.yaml';
    cluster.volumes.set(`pve1/${volid}`, {...script, volid, executable: false});
    expect(call(cluster, 'PUT', '/lxc/200/config', params, 'root@pam').reason).toBe(reason);
  });

  it('fails after it is written where the file names no rootfs', () => {
    const cluster = containerCluster();
    container(cluster).config.delete('rootfs');
    expect(put(cluster, {cores: '3'}).reason).toBe("missing 'rootfs' configuration");
    expect(config(cluster)).toMatchObject({cores: 3});
  });

  it('asks nobody but root for a card without a bridge', () => {
    const cluster = containerCluster({running: true});
    expect(put(cluster, {net1: 'name=eth1'}).reason).toBe('no sdn vnet ID specified');
    const root = call(cluster, 'PUT', '/lxc/200/config', {net1: 'name=eth1'}, 'root@pam');
    expect(root.errors).toEqual({
      net1: 'unable to hotplug net1: unable to get bridge setting\n',
    });
  });

  it('writes a card of a stopped container and then fails where the bridge is not there', () => {
    const cluster = containerCluster();
    const answer = put(cluster, {net1: 'name=eth1,bridge=nowhere'});
    expect(answer.reason).toBe("bridge 'nowhere' does not exist");
    expect(config(cluster)).toHaveProperty('net1');
  });

  it.each([
    ['a wrong digest', {memory: '600', digest: 'a'.repeat(40)}, /^detected modified configuration/],
    ['only a digest', {digest: ''}, /^no options specified$/],
    ['unprivileged', {unprivileged: '1'}, /^unable to modify read-only option: 'unprivileged'$/],
    ['its deletion', {delete: 'unprivileged'}, /^unable to delete read-only option: 'unprivil/],
    ['deleting memory', {delete: 'memory'}, /^unable to delete required option 'memory'$/],
    ['deleting ostype', {delete: 'ostype'}, /^unable to delete required option 'ostype'$/],
    [
      'SLAAC by the host',
      {net1: 'name=a,bridge=vmbr0,host-managed=1,ip6=auto'},
      /^net1: SLAAC is not supported/,
    ],
    ['a wide MTU', {net1: 'name=e1,bridge=vmbr0,mtu=9000'}, /^net1: MTU size '9000' is bigger/],
  ])('refuses %s', (_, params, text) => {
    expect(put(containerCluster({version: '9.1'}), params).reason).toMatch(text);
  });

  it.each([
    [{delete: 'nosuch'}, {delete: "unknown option 'nosuch'"}],
    [{revert: 'digest'}, {revert: "unknown option 'digest'"}],
    [
      {delete: 'cores', cores: '2'},
      {delete: "you can't use '-cores' and -delete cores' at the same time"},
    ],
    [
      {delete: 'cores', revert: 'cores'},
      {delete: "you can't use '-delete cores' and '-revert cores' at the same time"},
    ],
    [{timezone: 'Mars/Olympus'}, {timezone: "invalid format - invalid time zone 'Mars/Olympus'\n"}],
    [
      {nameserver: '1.1.1.1 x'},
      {nameserver: 'invalid format - value does not look like a valid IP address\n'},
    ],
    [
      {net1: 'name=e,hwaddr=01:00:00:00:00:00'},
      {
        net1: [
          'invalid format - format error\nnet1.hwaddr: invalid format - ',
          'value does not look like a valid unicast MAC address\n\n',
        ].join(''),
      },
    ],
    [
      {force: '1'},
      {
        force:
          'property is not defined in schema and the schema does not allow additional properties',
      },
    ],
  ])('answers 400 to %j', (params, errors) => {
    expect(put(containerCluster(), params).errors).toEqual(errors);
  });

  it('accepts an empty delete as an option, and a delete of what is not there', () => {
    const cluster = containerCluster();
    expect(put(cluster, {delete: ''}).status).toBe(200);
    expect(put(cluster, {delete: 'tags'}).status).toBe(200);
  });

  it('breaks a container that loses its architecture until it has one again', () => {
    const cluster = containerCluster();
    const broken = "missing 'arch' - internal error";
    expect(put(cluster, {delete: 'arch'}).reason).toContain(broken);
    expect(put(cluster, {cores: '2'}).reason).toContain(broken);
    expect(exit(cluster, 'POST', '/lxc/200/status/start')).toContain(broken);
    expect(put(cluster, {arch: 'amd64'}).status).toBe(200);
    expect(config(cluster)).toMatchObject({arch: 'amd64', cores: 2});
  });

  it('cannot take back a lock that it set', () => {
    const cluster = containerCluster();
    expect(put(cluster, {lock: 'backup'}).status).toBe(200);
    expect(put(cluster, {delete: 'lock'}).reason).toBe('CT is locked (backup)');
  });
});

describe('a stored value', () => {
  it.each([
    ['description', 'a\r\nb\n\n', 'a\r\nb\n'],
    ['description', 'one', 'one\n'],
    ['tags', 'b;A,b', 'a;b'],
    ['tags', '', ' '],
    ['features', '', ' '],
    ['memory', '0600', 600],
    ['cpulimit', '1.50', '1.50'],
    ['cpuunits', '20000', 10_000],
    ['nameserver', '192.0.2.1;192.0.2.2', '192.0.2.1 192.0.2.2'],
    [
      'net1',
      'bridge=vmbr0,hwaddr=BC:24:11:00:00:aa,firewall=on,name=eth1',
      'name=eth1,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:00:00:aa,type=veth',
    ],
    ['mp0', 'thin:0.5,backup=yes,mp=/data', 'thin:vm-200-disk-1,mp=/data,backup=1,size=512M'],
    ['mp1', 'zfs:1,mp=/z', 'zfs:subvol-200-disk-0,mp=/z,size=1G'],
    ['mp2', 'thin:vm-200-disk-9,mp=/gone', 'thin:vm-200-disk-9,mp=/gone'],
  ])('of %s=%j reads %j', (key, typed, stored) => {
    const cluster = containerCluster();
    expect(put(cluster, {[key]: typed}).reason).toBe('OK');
    expect(config(cluster)[key]).toEqual(stored);
  });

  it('of an empty description is none', () => {
    const cluster = containerCluster();
    put(cluster, {description: 'x'});
    put(cluster, {description: ''});
    expect(config(cluster)).not.toHaveProperty('description');
  });

  it('brings the old digest back when the old text returns', () => {
    const cluster = containerCluster();
    const {digest} = config(cluster);
    put(cluster, {cores: '3'});
    expect(config(cluster)['digest']).not.toBe(digest);
    put(cluster, {cores: '1'});
    expect(config(cluster)['digest']).toBe(digest);
  });
});

describe('a running container', () => {
  it.each([
    ['cores', '2'],
    ['cpulimit', '1'],
    ['cpuunits', '200'],
    ['memory', '1024'],
    ['swap', '0'],
    ['hostname', 'other'],
    ['description', 'x'],
    ['tags', 'a'],
    ['onboot', '1'],
    ['protection', '1'],
    ['startup', 'order=1'],
    ['net0', 'name=eth0,bridge=vmbr0'],
    ['net1', 'name=eth1,bridge=vmbr0'],
    ['mp0', 'thin:1,mp=/a'],
  ])('takes a new %s at once', (key, value) => {
    const cluster = containerCluster({running: true});
    expect(put(cluster, {[key]: value}).reason).toBe('OK');
    expect(current(cluster)).toEqual(config(cluster));
    expect(container(cluster).pending.size).toBe(0);
  });

  it.each([
    ['features', 'nesting=1'],
    ['nameserver', '192.0.2.1'],
    ['searchdomain', 'example.org'],
    ['timezone', 'host'],
    ['tty', '3'],
    ['console', '0'],
    ['cmode', 'shell'],
    ['ostype', 'ubuntu'],
    ['arch', 'arm64'],
    ['debug', '1'],
  ])('lets a new %s wait for the next start, which applies it', (key, value) => {
    const cluster = containerCluster({running: true});
    expect(put(cluster, {[key]: value}).reason).toBe('OK');
    expect([...container(cluster).pending]).toEqual([[key, value]]);
    expect(exit(cluster, 'POST', '/lxc/200/status/reboot')).toBe('OK');
    expect(container(cluster).pending.size).toBe(0);
    expect(container(cluster).config.get(key)).toBe(value);
  });

  it('keeps waiting changes over a stop, until it is started', () => {
    const cluster = containerCluster({running: true});
    put(cluster, {tty: '3'});
    exit(cluster, 'POST', '/lxc/200/status/stop');
    expect(container(cluster).pending.get('tty')).toBe('3');
    exit(cluster, 'POST', '/lxc/200/status/start');
    expect(container(cluster).config.get('tty')).toBe('3');
  });

  it('lets the change and the deletion of a mount wait', () => {
    const cluster = containerCluster({running: true});
    put(cluster, {mp0: 'thin:1,mp=/a', mp1: 'thin:1,mp=/b'});
    put(cluster, {mp0: 'thin:2,mp=/a', delete: 'mp1'});
    expect(call(cluster, 'GET', '/lxc/200/pending').data).toEqual(
      expect.arrayContaining([
        {key: 'mp0', value: 'thin:vm-200-disk-1,mp=/a,size=1G', pending: 'thin:2,mp=/a'},
        {key: 'mp1', value: 'thin:vm-200-disk-2,mp=/b,size=1G', delete: 1},
      ]),
    );
    exit(cluster, 'POST', '/lxc/200/status/reboot');
    expect(config(cluster)).toMatchObject({
      mp0: 'thin:vm-200-disk-3,mp=/a,size=2G',
      unused0: 'thin:vm-200-disk-2',
      unused1: 'thin:vm-200-disk-1',
    });
  });

  it('drops what waits by revert, not by delete', () => {
    const cluster = containerCluster({running: true});
    put(cluster, {timezone: 'host'});
    put(cluster, {delete: 'timezone'});
    expect(config(cluster)).toHaveProperty('timezone', 'host');
    put(cluster, {revert: 'timezone'});
    expect(config(cluster)).not.toHaveProperty('timezone');
  });

  it('loses net1 at once, but net10 only at the next start', () => {
    const cluster = containerCluster({running: true});
    put(cluster, {net1: 'name=a,bridge=vmbr0', net10: 'name=b,bridge=vmbr0'});
    put(cluster, {delete: 'net1,net10'});
    expect(current(cluster)).not.toHaveProperty('net1');
    expect(current(cluster)).toHaveProperty('net10');
    expect(config(cluster)).not.toHaveProperty('net10');
  });

  it.each([
    ['8.4', true],
    ['9.1', false],
  ] as const)('of %s lets a new device wait: %s', (version, waits) => {
    const cluster = containerCluster({running: true, version});
    const answer = call(cluster, 'PUT', '/lxc/200/config', {dev0: '/dev/net/tun'}, 'root@pam');
    expect(answer.reason).toBe('OK');
    expect(container(cluster).pending.has('dev0')).toBe(waits);
    expect(container(cluster).config.has('dev0')).toBe(!waits);
  });
});

describe('volumes of a write', () => {
  it('keeps a detached volume as unused0 and frees it with that', () => {
    const cluster = containerCluster();
    put(cluster, {mp0: 'thin:1,mp=/a'});
    put(cluster, {delete: 'mp0'});
    expect(config(cluster)).toMatchObject({unused0: 'thin:vm-200-disk-1'});
    put(cluster, {delete: 'unused0'});
    expect([...cluster.volumes.keys()]).not.toContain('pve1/thin:vm-200-disk-1');
  });

  it('refuses to touch volumes of a protected container', () => {
    const cluster = containerCluster();
    put(cluster, {mp0: 'thin:1,mp=/a', protection: '1'});
    expect(put(cluster, {delete: 'mp0'}).reason).toBe(
      "can't remove CT 200 drive 'mp0' - protection mode enabled",
    );
    expect(put(cluster, {rootfs: 'thin:vm-200-disk-0,ro=1'}).reason).toBe(
      "can't update CT 200 drive 'rootfs' - protection mode enabled",
    );
  });
});
