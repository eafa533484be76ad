// Why this exists: what import writes must be provable on guests that no test cluster has, and what
// cannot be said must be said in words.
import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../../core/json.ts';
import type {Exported} from '../../core/kind.ts';
import type {Body, Inventory, Observed, Read} from '../../core/model.ts';
import {exportGuest} from './export.ts';
import {observe} from './observe.ts';

const UUID = '5f1d0f3a-7a1b-4a7e-9d65-0c6a1b2f3e4d';
const MARKED = 'notes\n<!-- pvegit/v1 installation=other cluster=home vmid=150 -->';

interface Wish {
  readonly config: {readonly [key: string]: string};
  readonly pending?: {readonly [key: string]: string};
  readonly listed?: JsonObject;
  readonly snapshots?: readonly string[];
}

function inventoryOf({config, pending = {}, listed = {}, snapshots = []}: Wish): Inventory {
  const read = (path: string, data: Read['outcome'] & {ok: true}): [string, Read] => [
    path,
    {path, outcome: data},
  ];
  const entries = Object.entries(config).map(([key, value]) => {
    return {key, value, ...(pending[key] === undefined ? {} : {pending: pending[key]})};
  });
  const listing = [
    {type: 'node', node: 'pve1', status: 'online'},
    {type: 'qemu', vmid: 150, node: 'pve1', status: 'stopped', name: 'web', ...listed},
  ];
  const names = [...snapshots, 'current'].map((name) => ({name}));
  return {
    cluster: 'home',
    takenAt: 0,
    release: '8.4',
    clockOffsetMs: {},
    reads: Object.fromEntries([
      read('/cluster/resources', {ok: true, data: listing}),
      read('/nodes/pve1/qemu/150/pending', {ok: true, data: entries}),
      read('/nodes/pve1/qemu/150/snapshot', {ok: true, data: names}),
    ]),
  };
}

function exported(wish: Wish, inherited: Body = {}): Exported {
  const smbios1 = `uuid=${UUID}`;
  const inventory = inventoryOf({...wish, config: {name: 'web', smbios1, ...wish.config}});
  const seen = observe('guest/150', inventory, 'home');
  // Safe: the listing and the configuration are there, so that the guest is present.
  const {observed} = seen as {readonly observed: Observed};
  return exportGuest({observed, name: 'web', inherited, inventory});
}

function specOf(wish: Wish, inherited: Body = {}): unknown {
  return exported(wish, inherited).value['spec'];
}

function notesOf(wish: Wish): readonly string[] {
  return exported(wish).notes.map(({says}) => says);
}

describe('the manifest of an existing guest', () => {
  it('says nothing that Proxmox has by itself', () => {
    const config = {
      cores: '1',
      sockets: '1',
      memory: '512',
      onboot: '0',
      ostype: 'other',
      acpi: '1',
    };
    expect(specOf({config})).toEqual({vmid: 150, node: 'pve1', power: 'stopped'});
  });

  it('names the guest that may be adopted', () => {
    expect(exported({config: {}}).value['metadata']).toEqual({
      name: 'web',
      annotations: {'pvegit/adopt': UUID},
    });
  });

  it('writes property strings as groups, with units', () => {
    const config = {
      memory: '3000',
      startup: 'up=90,order=3',
      net1: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,trunks=20;10',
      scsi10: 'local:150/vm-150-disk-1.qcow2,size=528K',
      scsi2: 'local-lvm:vm-150-disk-0,size=1.5T,iops_rd=100',
    };
    expect(JSON.stringify(specOf({config}))).toBe(
      JSON.stringify({
        vmid: 150,
        node: 'pve1',
        power: 'stopped',
        startup: {order: 3, up: '90s'},
        memory: '3000MiB',
        disks: {
          scsi2: {storage: 'local-lvm', size: '1536GiB', iops_rd: 100},
          scsi10: {storage: 'local', size: '528KiB', format: 'qcow2'},
        },
        networks: {
          net1: {model: 'virtio', mac: 'BC:24:11:00:00:01', bridge: 'vmbr0', trunks: ['10', '20']},
        },
      }),
    );
  });

  it('keeps a name that no manifest may have', () => {
    expect(specOf({config: {name: 'Web'}})).toMatchObject({name: 'Web'});
  });

  it('leaves running to HA, and to nobody for a template', () => {
    expect(specOf({config: {}, listed: {hastate: 'started'}})).not.toHaveProperty('power');
    expect(specOf({config: {template: '1'}})).not.toHaveProperty('power');
  });

  it('overrules what is inherited and differs, and nothing else', () => {
    const config = {cores: '1', cpu: 'host', ostype: 'l26', onboot: '1'};
    const inherited: Body = {
      'cpu.cores': 4,
      'cpu.type': 'host',
      'cpu.numa': true,
      'config.ostype': 'l26',
      'networks.net0': true,
      'networks.net0.model': 'virtio',
      'boot.order': ['scsi0'],
      power: 'running',
    };
    expect(specOf({config}, inherited)).toEqual({
      vmid: 150,
      node: 'pve1',
      power: 'stopped',
      onboot: true,
      cpu: {cores: 1, numa: null},
      boot: {order: null},
      networks: {net0: null},
    });
  });
});

describe('what a manifest cannot say', () => {
  it.each([
    [
      'a host device',
      {scsi1: '/dev/disk/by-id/ata-X'},
      'scsi1 is /dev/disk/by-id/ata-X of the host',
    ],
    ['what only root may set', {args: '-no-hpet'}, 'Not managed: config.args'],
    ['a PCI device by address', {hostpci0: '0000:01:00.0,pcie=1'}, 'Not managed: config.hostpci0'],
    ['a key of tomorrow', {frobnicate: '1'}, 'frobnicate, a key that this pvegit does not know'],
    ['the old boot order', {boot: 'cdn', bootdisk: 'scsi0'}, 'boot is cdn, the old spelling'],
    ['a password', {cipassword: '**********'}, 'password is set and cannot be read'],
    ['a lock', {lock: 'backup'}, 'It was locked (backup)'],
    ['a detached volume', {unused3: 'local-lvm:vm-150-disk-9'}, 'unused: {unused3: null}'],
    ['somebody else’s marker', {description: MARKED}, 'has the marker of another'],
    ['no identity', {smbios1: 'manufacturer=x'}, 'cannot be adopted'],
  ])('%s is told beside it', (_, config, says) => {
    expect(notesOf({config}).join('\n')).toContain(says);
  });

  it('a pending change is told with both values', () => {
    const wish = {config: {memory: '2048'}, pending: {memory: '4096'}, listed: {status: 'running'}};
    expect(notesOf(wish)).toEqual([
      'A change is pending in Proxmox: memory is 2GiB now and 4GiB after a stop and start.',
    ]);
    expect(specOf(wish)).toMatchObject({memory: '4GiB'});
  });

  it('snapshots and HA are told', () => {
    const notes = notesOf({config: {}, snapshots: ['a', 'b'], listed: {hastate: 'started'}});
    expect(notes).toEqual([
      'HA manages it, so whether it runs is left to HA and not declared.',
      'Snapshots are left alone: a, b.',
    ]);
  });

  it('a note stands at its place where the manifest has it', () => {
    const scsi0 = 'local-zfs:base-900-disk-0/vm-150-disk-0,size=8G';
    expect(exported({config: {scsi0}}).notes).toEqual([
      {path: 'spec.disks.scsi0', says: 'A linked clone: it stands on a base volume of 900.'},
    ]);
  });
});

describe('a text that no manifest may hold', () => {
  it.each([
    ['a bell', 'a\u0007b'],
    ['a character that turns the line round', 'first\na\u202eb'],
    ['a next line', 'a\u0085b'],
  ])('is told and left out: %s', (_, description) => {
    const wish = {config: {description, cores: '2'}};
    expect(specOf(wish)).not.toHaveProperty('description');
    expect(specOf(wish)).toMatchObject({cpu: {cores: 2}});
    expect(notesOf(wish)).toContainEqual(expect.stringMatching(/^Not managed: description\./));
  });
});

it('a serial number with a blank at its end is exported as it is', () => {
  const {value, notes} = exported({config: {scsi0: 'local-lvm:vm-150-disk-0,serial=b%20'}});
  expect(value['spec']).toMatchObject({disks: {scsi0: {serial: 'b '}}});
  expect(notes).toEqual([]);
});
