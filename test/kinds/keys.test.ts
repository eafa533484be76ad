// Why this exists: every configuration key can be managed, on a running and on a stopped guest,
// under the default and under the full `hotplug`: one edit is one change with the predicted risk,
// the cluster confirms the prediction, and the next plan is empty.
import {describe, expect, it} from 'vitest';
import type {Json} from '../../src/core/json.ts';
import {configKeys, configSubKeys} from '../../src/kinds/virtual-machine/config-key.ts';
import {lab, liveGuest, planNow, runPass, settle, wish} from './lab.ts';

type Spec = {readonly [key: string]: Json};

interface KeyEdit {
  readonly key: string;
  /** What the key is before; undefined: not there. */
  readonly from?: Json;
  readonly to: Json;
  /** Paths that the edit changes; the key itself, or this sub-key of it. */
  readonly sub?: string;
}

/** Keys that only root@pam may set, or that need hardware: their judgement is a table elsewhere. */
const NOT_HERE = /^(hostpci|virtiofs|parallel)\d+$/;

const PLAIN: {readonly [key: string]: Json} = {
  acpi: false,
  autostart: true,
  bios: 'ovmf',
  bootdisk: 'scsi0',
  freeze: true,
  hotplug: 'network,disk',
  keyboard: 'de',
  kvm: false,
  migrate_downtime: 0.5,
  migrate_speed: 10,
  ostype: 'l24',
  reboot: false,
  scsihw: 'virtio-scsi-pci',
  startdate: '2026-01-05',
  tablet: false,
  tdf: true,
  vmstatestorage: 'local-lvm',
};

const PACKED: readonly KeyEdit[] = [
  {key: 'audio0', from: 'device=AC97', to: 'device=AC97,driver=none', sub: 'driver'},
  {key: 'audio0', from: 'device=AC97', to: 'device=intel-hda', sub: 'device'},
  {key: 'machine', from: 'q35', to: 'q35,viommu=intel', sub: 'viommu'},
  {key: 'machine', from: 'q35', to: 'pc', sub: 'type'},
  {key: 'machine', from: 'q35', to: 'q35,enable-s3=1', sub: 'enable-s3'},
  {key: 'machine', from: 'q35', to: 'q35,enable-s4=1', sub: 'enable-s4'},
  {key: 'rng0', from: 'source=/dev/urandom', to: 'source=/dev/random', sub: 'source'},
  {key: 'rng0', from: '/dev/urandom', to: '/dev/urandom,max_bytes=512', sub: 'max_bytes'},
  {key: 'rng0', from: '/dev/urandom', to: '/dev/urandom,period=500', sub: 'period'},
  {key: 'vga', from: 'std', to: 'virtio', sub: 'type'},
  {key: 'vga', from: 'std', to: 'std,memory=64', sub: 'memory'},
  {key: 'vga', from: 'std', to: 'std,clipboard=vnc', sub: 'clipboard'},
  {key: 'watchdog', from: 'ib700', to: 'ib700,action=reset', sub: 'action'},
  {key: 'watchdog', from: 'ib700', to: 'i6300esb', sub: 'model'},
  {key: 'watchdog', to: 'i6300esb', sub: 'model'},
  ...['manufacturer', 'product', 'version', 'serial', 'sku', 'family'].map((sub) => {
    return {key: 'smbios1', to: `${sub}=QUFB,base64=1`, from: 'base64=1', sub};
  }),
  ...Array.from({length: 8}, (_, index) => {
    const key = `numa${index}`;
    return {key, from: `cpus=${index},memory=512`, to: `cpus=${index},memory=1024`, sub: 'memory'};
  }),
  ...Array.from({length: 4}, (_, index) => ({key: `serial${index}`, to: 'socket'})),
  {key: 'usb0', to: 'spice', sub: 'host'},
  {key: 'usb0', from: 'spice', to: 'spice,usb3=1', sub: 'usb3'},
];

const EDITS: readonly KeyEdit[] = [
  ...Object.entries(PLAIN).map(([key, to]) => ({key, to})),
  ...PACKED,
];

/** Pluggable memory needs NUMA, and takes no nodes of one's own. */
const FULL = 'network,disk,usb,cpu,memory';
const FULL_WITH_NODES = 'network,disk,usb,cpu';

describe.each([
  ['running', 'default'],
  ['running', 'full'],
  ['stopped', 'default'],
] as const)('a key of a %s guest under %s hotplug', (power, hotplug) => {
  it.for(EDITS)('$key becomes $to', ({key, from, to, sub}) => {
    const world = lab();
    const full = hotplug === 'full' && key !== 'hotplug';
    const nodes = /^numa\d/.test(key);
    const words = full ? {hotplug: nodes ? FULL_WITH_NODES : FULL} : {};
    const base: Spec = {
      ...{vmid: 150, node: 'pve1', power, clone: {vmid: 100, full: true}},
      ...(full && !nodes ? {cpu: {numa: true}, memory: '2GiB'} : {}),
    };
    const config = {...words, [key]: from ?? null};
    world.desired = [wish({...base, config})];
    settle(world);

    world.desired = [wish({...base, config: {...config, [key]: to}})];
    const actions = planNow(world).actions.filter(({verb}) => verb !== 'none');
    const path = sub === undefined ? `config.${key}` : `config.${key}.${sub}`;
    expect(actions.flatMap(({changes}) => changes.map(({field}) => field))).toEqual([path]);
    const [action] = actions;
    const cycles = action?.steps.some(
      (step) => step.kind !== 'until' && step.operation === 'shutdown',
    );
    expect(cycles).toBe(action?.risk === 'disruptive');

    const started = world.cluster.guests.get(150)?.runtime?.startedAtMs;
    const {done} = runPass(world);
    expect(done).toHaveLength(1);
    const live = liveGuest(world, 150);
    expect(live.active, 'nothing may be left pending').toEqual({});
    expect(world.cluster.guests.get(150)?.runtime?.startedAtMs === started).toBe(!cycles);
    settle(world);
  });
});

describe('the list of edits', () => {
  it('names every key that a token may set', () => {
    const edited = new Set(EDITS.map(({key}) => key));
    const left = configKeys()
      .filter(
        ([key, facts]) =>
          facts.rootOnly !== true && facts.since === undefined && !NOT_HERE.test(key),
      )
      .map(([key]) => key)
      .filter((key) => !edited.has(key) && !/^usb([1-9]|1\d)$/.test(key));
    // Made by Proxmox when a guest becomes a template; under config: it is only a mark.
    expect(left).toEqual(['template']);
  });

  it('names every sub-key of those keys', () => {
    const edited = new Set(EDITS.map(({key, sub}) => `${key}.${sub}`));
    const left = configKeys()
      .filter(
        ([key, facts]) => facts.rootOnly !== true && !NOT_HERE.test(key) && !/^usb[1-9]/.test(key),
      )
      .flatMap(([key, facts]) => configSubKeys(key, facts).map((sub) => `${key}.${sub}`))
      .filter((name) => !edited.has(name) && !/^numa\d\./.test(name));
    expect(left).toEqual(['machine.aw-bits', 'smbios1.base64', 'usb0.mapping']);
  });
});
