// Why this exists: what a person types means one thing however it is spelt, and every mistake is
// told on its line with what to do.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Json} from '../../core/json.ts';
import type {Body, SourceRange} from '../../core/model.ts';
import {VM_CODES, type VmCode} from './codes.ts';
import {normalise} from './normalise.ts';
import {desiredOf, documentOf} from './samples.ts';

type Spec = {readonly [key: string]: Json};

const REF = {secretRef: {name: 'harness', key: 'p'}};
const DISK = {storage: 'local-lvm', size: '8GiB'};

describe('a spec', () => {
  it('becomes fields: bytes, seconds, lists in order, and no defaults', () => {
    const body = desiredOf({
      memory: '4GiB',
      startup: {up: '1m30s'},
      tags: ['b', 'A', 'b'],
      disks: {scsi0: {size: '32GiB', discard: 'on'}},
      networks: {net0: {mac: 'bc:24:11:00:00:aa', trunks: '20;3'}},
      cloudInit: {password: REF, ipConfig: {net0: {ip: '10.0.0.5/24'}}, drive: null},
      cpu: {flags: '+aes;-pcid'},
      config: {vga: 'std,memory=32', tablet: 0, hotplug: '1'},
    }).body;
    expect(body).toEqual({
      name: 'neo4j-db',
      node: 'pve1',
      memory: 2 ** 32,
      'startup.up': 90,
      tags: ['A', 'b'],
      'disks.scsi0': true,
      'disks.scsi0.size': 2 ** 35,
      'disks.scsi0.discard': true,
      'networks.net0': true,
      'networks.net0.mac': 'BC:24:11:00:00:AA',
      'networks.net0.trunks': ['20', '3'],
      'cloudInit.password': REF,
      'cloudInit.ipConfig.net0.ip': '10.0.0.5/24',
      'cloudInit.drive': null,
      'cpu.flags': ['+aes', '-pcid'],
      'config.vga.type': 'std',
      'config.vga.memory': 32,
      'config.tablet': false,
      'config.hotplug': 'disk,network,usb',
    } satisfies Body);
  });

  it('keeps null, and takes the empty for null', () => {
    const {body} = desiredOf({description: '', tags: [], config: {vga: null, rng0: null}});
    expect(body).toMatchObject({description: null, tags: null, 'config.vga': null});
  });

  it('takes the manifest’s name for the guest’s, unless said otherwise', () => {
    expect(desiredOf({}).body['name']).toBe('neo4j-db');
    expect(desiredOf({name: 'other'}).body['name']).toBe('other');
    expect(desiredOf({name: null}).body['name']).toBeNull();
  });

  it('declares no power with ignore', () => {
    expect(desiredOf({power: 'ignore'}).body).not.toHaveProperty('power');
    expect(desiredOf({power: 'running'}).body['power']).toBe('running');
  });

  it.for<[string, Spec, Spec]>([
    ['a number as text', {cpu: {cores: '02'}}, {cpu: {cores: 2}}],
    ['decimals', {cpu: {limit: '1.50'}}, {cpu: {limit: 1.5}}],
    ['units', {memory: '4096MiB'}, {memory: '4GiB'}],
    ['Proxmox’s own units', {memory: '4G'}, {memory: '4GiB'}],
    ['tag order', {tags: ['b', 'a']}, {tags: 'a;b,a'}],
    ['tags as text', {tags: 'b;a'}, {tags: ['a', 'b']}],
    [
      'MAC case',
      {networks: {net0: {mac: 'bc:24:11:00:00:aa'}}},
      {networks: {net0: {mac: 'BC:24:11:00:00:AA'}}},
    ],
    ['discard', {disks: {scsi0: {discard: 'on'}}}, {disks: {scsi0: {discard: true}}}],
    ['property order', {config: {vga: 'memory=32,type=std'}}, {config: {vga: 'std,memory=32'}}],
    ['a packed key as a map', {config: {vga: {memory: 32}}}, {config: {vga: 'memory=32'}}],
    ['line ends', {description: 'a\r\nb  \n\n'}, {description: 'a\nb'}],
    [
      'encoded keys',
      {cloudInit: {sshKeys: ['ssh-rsa%20AAAA%20me']}},
      {cloudInit: {sshKeys: ['ssh-rsa AAAA me']}},
    ],
    [
      'twice encoded keys',
      {cloudInit: {sshKeys: 'ssh-rsa%2520AAAA%2520me'}},
      {cloudInit: {sshKeys: ['ssh-rsa AAAA me']}},
    ],
    ['hotplug', {config: {hotplug: 'usb,disk,network'}}, {config: {hotplug: '1'}}],
  ])('means the same in another spelling: %s', ([, one, other]) => {
    expect(desiredOf(one).body).toEqual(desiredOf(other).body);
  });

  it('says where each field was written', () => {
    const range: SourceRange = {
      file: 'defaults.yaml',
      start: {line: 7, column: 3, offset: 99},
      end: {line: 7, column: 9, offset: 105},
    };
    const document = documentOf({vmid: 150, memory: '4GiB'}, {ranges: {'/spec/memory': range}});
    expect(normalise(document).desired[0]?.ranges['memory']).toEqual(range);
  });

  it('claims VMID, MAC, addresses and volumes for itself, and names what it uses', () => {
    const {claims} = desiredOf({
      pool: 'team',
      networks: {net0: {bridge: 'vmbr1', mac: 'BC:24:11:00:00:AA'}},
      disks: {scsi0: DISK, scsi1: {file: 'fast:vm-150-disk-1'}},
      cloudInit: {ipConfig: {net0: {ip: '10.0.70.50/24', ip6: 'auto'}}},
      config: {hostpci0: 'mapping=gpu', usb0: 'spice', serial0: 'socket'},
    });
    const words = claims.map(
      ({space, value, exclusive}) => `${space} ${value}${exclusive ? '!' : ''}`,
    );
    expect(words.sort()).toEqual([
      'address 10.0.70.50!',
      'bridge vmbr1',
      'device hostpci0',
      'mac BC:24:11:00:00:AA!',
      'name neo4j-db',
      'node pve1',
      'pool team',
      'storage fast',
      'storage local-lvm',
      'vmid 150!',
      'volume fast:vm-150-disk-1!',
    ]);
  });

  it('is in normal form already when read from its normal form', () => {
    const sizes = fc.integer({min: 1, max: 4096}).map((mebibytes) => `${mebibytes * 16}MiB`);
    const specs = fc.record(
      {
        memory: sizes,
        tags: fc.array(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,6}$/), {maxLength: 5}),
        description: fc.string({maxLength: 40}),
        onboot: fc.boolean(),
        shares: fc.integer({min: 0, max: 50_000}),
      },
      {requiredKeys: []},
    );
    fc.assert(
      fc.property(specs, (spec) => {
        const once = desiredOf(spec).body;
        const again = desiredOf({
          ...spec,
          ...pick(once, 'tags'),
          ...pick(once, 'description'),
        }).body;
        expect(again).toEqual(once);
      }),
    );
  });
});

/** Each code with the least that makes it, and the pointer where it is told. */
const MISTAKES: {readonly [Code in VmCode]: readonly [spec: Spec | null, at: string]} = {
  'vm-spec-missing': [null, '/spec'],
  'vm-vmid-missing': [{vmid: null}, '/spec/vmid'],
  'vm-vmid-range': [{vmid: 99}, '/spec/vmid'],
  'vm-value': [{cpu: {cores: 'many'}}, '/spec/cpu/cores'],
  'vm-quantity-unit': [{memory: 4096}, '/spec/memory'],
  'vm-duration-unit': [{startup: {up: 30}}, '/spec/startup/up'],
  'vm-out-of-range': [{networks: {net0: {tag: 4095}}}, '/spec/networks/net0/tag'],
  'vm-word': [{disks: {scsi0: {cache: 'writeboth'}}}, '/spec/disks/scsi0/cache'],
  'vm-pattern': [{config: {startdate: 'tomorrow'}}, '/spec/config/startdate'],
  'vm-separator': [{networks: {net0: {bridge: 'vmbr0,firewall=0'}}}, '/spec/networks/net0/bridge'],
  'vm-name': [{name: 'under_score'}, '/spec/name'],
  'vm-not-absent': [{power: null}, '/spec/power'],
  'vm-description-too-long': [{description: 'x'.repeat(8000)}, '/spec/description'],
  'vm-description-marker': [
    {description: 'Notes\n<!-- pvegit/v1 installation=a cluster=b vmid=1 -->'},
    '/spec/description',
  ],
  'vm-tag': [{tags: ['a b!']}, '/spec/tags'],
  'vm-memory-too-small': [{memory: '8MiB'}, '/spec/memory'],
  'vm-memory-not-whole': [{memory: '2000000KiB'}, '/spec/memory'],
  'vm-balloon-over-memory': [{memory: '1GiB', balloon: '2GiB'}, '/spec/balloon'],
  'vm-vcpus-over-cores': [{cpu: {cores: 2, vcpus: 3}}, '/spec/cpu/vcpus'],
  'vm-slot-unknown': [{disks: {scsi31: DISK}}, '/spec/disks/scsi31'],
  'vm-slot-twice': [{disks: {ide2: DISK}, cdroms: {ide2: {file: 'none'}}}, '/spec/cdroms/ide2'],
  'vm-disk-size-not-whole': [{disks: {scsi0: {size: '100B'}}}, '/spec/disks/scsi0/size'],
  'vm-disk-size-zero': [{disks: {scsi0: {size: '0GiB'}}}, '/spec/disks/scsi0/size'],
  'vm-disk-file-and-storage': [
    {disks: {scsi1: {...DISK, file: 'local-lvm:vm-150-disk-1'}}},
    '/spec/disks/scsi1/file',
  ],
  'vm-disk-import-storage': [
    {disks: {scsi0: {'import-from': 'local:import/a.qcow2'}}},
    '/spec/disks/scsi0',
  ],
  'vm-disk-limits-mixed': [{disks: {scsi0: {mbps: 5, mbps_rd: 6}}}, '/spec/disks/scsi0/mbps'],
  'vm-disk-part-bus': [{disks: {sata0: {iothread: true}}}, '/spec/disks/sata0/iothread'],
  'vm-foreign-volume': [
    {disks: {scsi1: {file: 'local-lvm:vm-151-disk-0'}}},
    '/spec/disks/scsi1/file',
  ],
  'vm-absolute-path': [{disks: {scsi1: {file: '/dev/sda'}}}, '/spec/disks/scsi1/file'],
  'vm-cdrom-bus': [{cdroms: {virtio3: {file: 'none'}}}, '/spec/cdroms/virtio3'],
  'vm-mac': [{networks: {net0: {mac: 'BD:24:11:00:00:01'}}}, '/spec/networks/net0/mac'],
  'vm-bridge-missing': [{empty: {}, networks: {net0: {model: 'virtio'}}}, '/spec/networks/net0'],
  'vm-model-missing': [{empty: {}, networks: {net0: {bridge: 'vmbr0'}}}, '/spec/networks/net0'],
  'vm-address': [
    {cloudInit: {ipConfig: {net0: {ip: '10.0.70.50'}}}},
    '/spec/cloudInit/ipConfig/net0/ip',
  ],
  'vm-gateway': [
    {cloudInit: {ipConfig: {net0: {ip: '10.0.70.50/24', gw: 'x'}}}},
    '/spec/cloudInit/ipConfig/net0/gw',
  ],
  'vm-gateway-without-address': [
    {cloudInit: {ipConfig: {net0: {ip: 'dhcp', gw: '10.0.70.1'}}}},
    '/spec/cloudInit/ipConfig/net0/gw',
  ],
  'vm-gateway-outside': [
    {cloudInit: {ipConfig: {net0: {ip: '10.0.70.50/24', gw: '10.0.71.1'}}}},
    '/spec/cloudInit/ipConfig/net0/gw',
  ],
  'vm-ip-config-without-card': [
    {networks: {net0: {tag: 3}}, cloudInit: {ipConfig: {net1: {ip: 'dhcp'}}}},
    '/spec/cloudInit/ipConfig/net1',
  ],
  'vm-cloud-init-drive': [{cloudInit: {drive: {slot: 'ide2'}}}, '/spec/cloudInit/drive'],
  'vm-ssh-key': [{cloudInit: {sshKeys: ['-----BEGIN']}}, '/spec/cloudInit/sshKeys'],
  'vm-secret-literal': [{cloudInit: {password: 'hunter2'}}, '/spec/cloudInit/password'],
  'vm-boot-device': [{disks: {scsi1: null}, boot: {order: ['scsi1']}}, '/spec/boot/order'],
  'vm-boot-unknown': [{boot: {order: ['floppy']}}, '/spec/boot/order'],
  'vm-nameserver': [{cloudInit: {nameserver: ['dns.test']}}, '/spec/cloudInit/nameserver'],
  'vm-unused': [{unused: {unused0: {}}}, '/spec/unused/unused0'],
  'vm-config-field': [{config: {cores: 4}}, '/spec/config/cores'],
  'vm-config-unknown': [{config: {watchdogg: 'i6300esb'}}, '/spec/config/watchdogg'],
  'vm-config-refused': [{config: {lock: 'backup'}}, '/spec/config/lock'],
  'vm-config-sub-key': [{config: {vga: 'std,ram=4'}}, '/spec/config/vga'],
  'vm-config-uuid': [{config: {smbios1: 'uuid=x'}}, '/spec/config/smbios1'],
  'vm-creation-two': [{clone: {vmid: 100}, empty: {}}, '/spec/empty'],
  'vm-clone-vmid': [{clone: {}}, '/spec/clone'],
  'vm-retain-self': [{retainDisks: {vmid: 150, disks: ['scsi1']}}, '/spec/retainDisks/vmid'],
  'vm-clone-self': [{clone: {vmid: 150}}, '/spec/clone'],
  'vm-clone-linked-storage': [{clone: {vmid: 100, full: false, storage: 'fast'}}, '/spec/clone'],
  'vm-template-running': [{power: 'running', config: {template: true}}, '/spec/config/template'],
  'root-only': [{config: {args: '-foo'}}, '/spec/config/args'],
};

describe('a mistake', () => {
  it.for(Object.entries(MISTAKES))('has the code %s', ([code, [spec, at]]) => {
    const ranges = new Proxy<{[pointer: string]: SourceRange}>(
      {},
      {get: (_, pointer) => rangeOf(String(pointer)), has: () => true},
    );
    const document = documentOf(spec === null ? {} : {vmid: 150, ...spec}, {ranges});
    const whole = spec === null ? {...document, value: {}} : document;
    const {diagnostics, desired} = normalise(whole);
    const found = diagnostics.find((one) => one.code === code);
    expect(diagnostics.map((one) => one.code)).toEqual([code]);
    expect(found?.range?.file).toBe(at);
    expect(found?.remedy).toBeTruthy();
    expect(found?.detail.length).toBeGreaterThan(5);
    expect(desired).toHaveLength(found?.severity === 'error' ? 0 : 1);
    expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
  });

  it('is told for all at once, each on its own line', () => {
    const {diagnostics} = normalise(
      documentOf({vmid: 1, memory: 5, cpu: {cores: 0}, disks: {scsi99: {}}}),
    );
    expect(diagnostics.map(({code}) => code)).toEqual([
      'vm-vmid-range',
      'vm-out-of-range',
      'vm-quantity-unit',
      'vm-slot-unknown',
    ]);
  });

  it.for([
    ['memory', {memory: '4GB'}, '4GiB'],
    ['a word', {networks: {net0: {model: 'vitrio'}}}, 'virtio'],
    ['a key', {config: {tabelt: 1}}, 'tablet'],
    ['a sub-key', {config: {vga: 'std,memroy=16'}}, 'memory'],
  ] as const)('suggests what was meant: %s', ([, spec, suggestion]) => {
    const {diagnostics} = normalise(documentOf({vmid: 150, ...spec}));
    expect(diagnostics[0]?.suggestion).toBe(suggestion);
  });

  it('has a sentence for each code', () => {
    expect(Object.keys(MISTAKES).sort()).toEqual(Object.keys(VM_CODES).sort());
  });
});

/** A field of a body as it could stand in a spec again. */
function pick(body: Body, field: string): Spec {
  const value = body[field];
  if (value === undefined) return {};
  return {[field]: Array.isArray(value) ? [...value] : typeof value === 'object' ? null : value};
}

/** A range that names the pointer it stands for. */
function rangeOf(pointer: string): SourceRange {
  const position = {line: 1, column: 1, offset: 0};
  return {file: pointer, start: position, end: position};
}

it.each(['%s%n', '../..', 'pve1/qemu/100/status/stop?x=', 'a b'])(
  'no node is called %j, which would stand in the path of every call',
  (node) => {
    const {diagnostics} = normalise(documentOf({vmid: 150, node}));
    expect(diagnostics.map(({code, severity}) => [code, severity])).toEqual([
      ['vm-value', 'error'],
    ]);
  },
);
