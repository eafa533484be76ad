// Why this exists: configuration, creation, cloud-init and starting in cases that nobody recorded,
// as stated by PVE/API2/Qemu.pm, PVE/QemuServer.pm and PVE/QemuServer/*.pm (8.4).
import {describe, expect, it} from 'vitest';
import type {Cluster} from '../../src/simulator/state.ts';
import {call, clusterWith, guestOf, refusal, run} from './qemu-calls.ts';

function started(config: Readonly<Record<string, string>>): {
  readonly status: string;
  readonly log: readonly string[];
} {
  const cluster = clusterWith();
  for (const [key, value] of Object.entries(config)) guestOf(cluster, 100).config.set(key, value);
  return run(cluster, 'POST', '/100/status/start');
}

describe('a start', () => {
  it.each([
    [{cores: '9'}, 'MAX 8 vcpus allowed per VM on this node'],
    [{serial0: '/dev/ttyS9'}, 'no such serial device'],
    [{parallel0: '/dev/parport0'}, 'no such parallel device'],
    [{numa: '1', numa0: 'cpus=0,memory=512'}, 'total memory for NUMA nodes must be equal'],
    [{numa: '1', numa0: 'cpus=0'}, 'missing NUMA node0 memory value'],
    [{numa: '1', numa0: 'cpus=0,memory=1024,hostnodes=0'}, 'define a policy for hostnode 0'],
    [{hugepages: '2'}, 'numa needs to be enabled to use hugepages'],
    [{hotplug: 'memory', numa: '1', memory: '1200'}, 'memory size (1200) must be aligned to 512'],
  ])('%j fails', (config, text) => {
    expect(started(config).status).toContain(text);
  });

  it('fails without the snippets of its cloud-init drive', () => {
    const cluster = clusterWith();
    expect(call(cluster, 'PUT', '/100/config', {ide2: 'files:cloudinit'}).status).toBe(200);
    guestOf(cluster, 100).config.set('cicustom', 'user=isos:snippets/no.yaml');
    const {status} = run(cluster, 'POST', '/100/status/start');
    expect(status).toContain("'isos:snippets/no.yaml' does not exist");
  });

  it.each([
    [{bios: 'ovmf'}, 'no efidisk configured! Using temporary efivars disk.'],
    [
      {scsi0: 'files:100/vm-100-disk-0.qcow2,iothread=1'},
      'iothread is only valid with virtio disk or virtio-scsi-single controller, ignoring',
    ],
  ])('%j warns', (config, text) => {
    expect(started(config)).toEqual({status: 'WARNINGS: 1', log: [`WARN: ${text}`]});
  });
});

describe('a creation', () => {
  it('needs a storage with each disk', () => {
    const params = {vmid: '300', storage: 'other', scsi0: '2'};
    expect(refusal(call(clusterWith(), 'POST', '', params))).toEqual({
      scsi0:
        'invalid format - format error\n' +
        "scsi0.file: invalid format - unable to parse volume ID '2'\n\n",
    });
  });

  it.each([
    [{scsi0: 'isos:4'}, {storage: "storage 'isos' does not support vm images"}],
    [{hostpci0: 'pcie=1'}, "500 either 'host' or 'mapping' must be set."],
    [{scsi0: 'files:1,import-from=isos:iso/a.iso'}, {scsi0: wrongType('isos:iso/a.iso', 'iso')}],
    [{scsi0: 'files:nonsense'}, "500 unable to parse directory volume name 'nonsense'"],
    [{scsi0: 'thin:nonsense'}, "500 unable to parse lvm volume name 'nonsense'"],
    [{vmid: '100'}, "500 unable to create VM 100 - VM 100 already exists on node 'pve1'"],
  ])('%j is refused', (params, refused) => {
    expect(refusal(call(clusterWith(), 'POST', '', {vmid: '300', ...params}))).toEqual(refused);
  });

  it.each([
    [{vga: 'serial0,clipboard=vnc'}, 'vga type serial0 is not compatible with VNC clipboard'],
    [{machine: 'viommu=intel'}, 'to use Intel vIOMMU please set the machine type to q35'],
    [{scsi0: 'files:0,import-from=files:100/vm-100-cloudinit.qcow2'}, 'from cloudinit disk'],
  ])('%j fails in its task and leaves nothing', (params, text) => {
    const cluster = clusterWith();
    const {status} = run(cluster, 'POST', '', {vmid: '300', ...params});
    expect(status).toContain('unable to create VM 300 - ');
    expect(status).toContain(text);
    expect(cluster.guests.has(300)).toBe(false);
  });

  it('pins Windows to a machine version and keeps what else the machine has', () => {
    const cluster = clusterWith();
    const params = {vmid: '300', ostype: 'win11', machine: 'q35,viommu=intel'};
    const {log} = run(cluster, 'POST', '', params);
    expect(log).toEqual(["pinning machine type to 'pc-q35-10.0' for Windows guest OS"]);
    expect(guestOf(cluster, 300).config.get('machine')).toBe('pc-q35-10.0,viommu=intel');
  });
});

function wrongType(volid: string, type: string): string {
  return `${volid} has wrong type '${type}' - needs to be 'images' or 'import'`;
}

describe('a write', () => {
  const put = (cluster: Cluster, params: Readonly<Record<string, string>>): unknown =>
    refusal(call(cluster, 'PUT', '/100/config', params));

  it('takes back a saved state, its lock included', () => {
    const cluster = clusterWith();
    run(cluster, 'POST', '/100/status/start');
    expect(run(cluster, 'POST', '/100/status/suspend', {todisk: '1'}).status).toBe('OK');
    expect(guestOf(cluster, 100).config.get('lock')).toBe('suspended');
    expect(put(cluster, {delete: 'vmstate'})).toBe('200 OK');
    const left = ['lock', 'vmstate', 'runningmachine', 'runningcpu'];
    expect(left.filter((key) => guestOf(cluster, 100).config.has(key))).toEqual([]);
    expect([...cluster.volumes.keys()].some((key) => key.includes('state'))).toBe(false);
  });

  it('of the TPM version is refused, as is another format than the volume has', () => {
    const cluster = clusterWith();
    put(cluster, {tpmstate0: 'files:1,version=v1.2'});
    const file = 'files:100/vm-100-disk-1.raw';
    expect(put(cluster, {tpmstate0: `${file},version=v2.0`})).toBe(
      '500 cannot change TPM state version after creation',
    );
    expect(put(cluster, {scsi3: `${file},format=qcow2`})).toContain(
      "'format=qcow2' option different from storage format 'raw'",
    );
    expect(put(cluster, {tpmstate0: 'files:100/vm-100-disk-0.qcow2'})).toBe(
      "500 tpmstate0: volume format is 'qcow2', only 'raw' is supported!",
    );
  });
});

describe('the data of cloud-init', () => {
  function dump(config: Readonly<Record<string, string>>, type: string): unknown {
    const cluster = clusterWith();
    for (const [key, value] of Object.entries(config)) guestOf(cluster, 100).config.set(key, value);
    return call(cluster, 'GET', '/100/cloudinit/dump', {type}).data;
  }

  it('names only cards with an address, and the server of the node', () => {
    expect(dump({}, 'network')).toBe(
      "version: 1\nconfig:\n    - type: nameserver\n      address:\n      - '10.255.255.53'\n",
    );
    const config = {ipconfig0: 'ip=10.0.0.5/24,gw=10.0.0.1,ip6=auto', nameserver: '9.9.9.9'};
    expect(dump(config, 'network')).toBe(
      [
        'version: 1',
        'config:',
        '    - type: physical',
        '      name: eth0',
        "      mac_address: 'bc:24:11:00:00:01'",
        '      subnets:',
        '      - type: static',
        "        address: '10.0.0.5'",
        "        netmask: '255.255.255.0'",
        "        gateway: '10.0.0.1'",
        '      - type: ipv6_slaac',
        '    - type: nameserver',
        '      address:',
        "      - '9.9.9.9'",
        '',
      ].join('\n'),
    );
  });

  it('is a configuration drive for Windows', () => {
    const config = {ostype: 'win11', ipconfig0: 'ip=dhcp', searchdomain: 'a.test b.test'};
    expect(dump(config, 'network')).toBe(
      [
        'auto lo',
        'iface lo inet loopback',
        '',
        '        dns_nameservers 10.255.255.53',
        '        dns_search a.test b.test',
        'auto eth0',
        'iface eth0 inet dhcp',
        '',
      ].join('\n'),
    );
    expect(dump(config, 'meta')).toContain('"network_config": { "content_path": "/content/0000" }');
    expect(dump(config, 'user')).toContain('fqdn: web.a.test b.test\n');
  });
});

describe('small things', () => {
  it('a firmware disk with keys says which certificates it has (create_efidisk)', () => {
    const cluster = clusterWith();
    const efidisk0 = 'files:1,efitype=4m,pre-enrolled-keys=1';
    expect(call(cluster, 'PUT', '/100/config', {efidisk0}).status).toBe(200);
    expect(guestOf(cluster, 100).config.get('efidisk0')).toBe(
      'files:100/vm-100-disk-1.raw,efitype=4m,ms-cert=2023k,pre-enrolled-keys=1,size=528K',
    );
  });

  it('a key that is not there is told in the log of a worker', () => {
    const {log} = run(clusterWith(), 'POST', '/100/config', {delete: 'cores'});
    expect(log.at(-1)).toBe("cannot delete 'cores' - not set in current configuration!");
  });

  it('a password that only looks like a hash is hashed, and no image is told of it', () => {
    const cluster = clusterWith();
    call(cluster, 'PUT', '/100/config', {ide2: 'files:cloudinit'});
    run(cluster, 'POST', '/100/status/start');
    call(cluster, 'PUT', '/100/config', {cipassword: '$5$x'});
    expect(guestOf(cluster, 100).config.get('cipassword')).toMatch(/^\$5\$.+\$/);
    expect(call(cluster, 'GET', '/100/cloudinit').data).toEqual([
      {key: 'cipassword', value: '**********'},
    ]);
  });

  it('the calls on a missing guest that only list fail as well', () => {
    expect(refusal(call(clusterWith(), 'GET', '/999/status'))).toContain('does not exist');
    expect(call(clusterWith(), 'GET', '/999').status).toBe(200);
  });

  it('destroying past a lock is for root', () => {
    expect(refusal(call(clusterWith(), 'DELETE', '/100', {skiplock: '1'}))).toEqual({
      skiplock: 'Only root may use this option.',
    });
  });

  it('since 9.0 a guest can be born under HA', () => {
    const cluster = clusterWith({version: '9.1'});
    const params = {vmid: '300', 'ha-managed': '1'};
    expect(run(cluster, 'POST', '', params).log).toContain('Add as HA resource');
    expect(cluster.sections.get('ha-resources')?.get('vm:300')?.get('state')).toBe('stopped');
  });
});
