// Why this exists: a plan that calls a reboot "benign" hides it; every key's hot-plug class is held
// against the judgement of its field, running and stopped.
import {describe, expect, it} from 'vitest';
import type {FieldValue, Risk} from '../../core/model.ts';
import {qemuFamilies} from '../guest/key-facts.ts';
import {configKeys, configLeafType, configSubKeys} from './config-key.ts';
import {fieldEntries} from './field-table.ts';
import {FIELDS} from './fields.ts';
import {CONFIG, observedOf, type World} from './samples.ts';

const FULL = 'network,disk,usb,cpu,memory,cloudinit';

interface Case {
  readonly field: string;
  readonly from?: FieldValue;
  readonly to: FieldValue;
  readonly config?: Readonly<Record<string, string>>;
  readonly running: Risk;
  /** With every word of hotplug; the same as running unless said. */
  readonly full?: Risk;
  readonly stopped?: Risk;
  readonly reason: string;
}

function riskOf({field, from, to, config = {}}: Case, world: World, hotplug?: string): Risk {
  const text = hotplug === undefined ? {} : {hotplug};
  const observed = observedOf({...world, config: {...CONFIG, ...config, ...text}});
  const rule = FIELDS[field] ?? ruleOf(field);
  return rule.risk({field, slots: [], from, to, observed, desired: null}).risk;
}

function ruleOf(field: string) {
  const [group, , leaf] = field.split('.');
  const template = leaf === undefined ? `${group}.*` : `${group}.*.${leaf}`;
  const rule = FIELDS[template];
  if (!rule) throw new Error(`no rule for ${field}`);
  return rule;
}

/** One edit of each field of the table, with what Proxmox does to a running guest. */
const CASES: readonly Case[] = [
  {field: 'name', to: 'x', running: 'benign', reason: 'at once'},
  {field: 'tags', to: ['a'], running: 'benign', reason: 'at once'},
  {field: 'description', to: 'x', running: 'benign', reason: 'at once'},
  {field: 'onboot', to: true, running: 'benign', reason: 'at once'},
  {field: 'startup.order', to: 2, running: 'benign', reason: 'at once'},
  {field: 'protection', to: true, running: 'benign', reason: 'it only protects'},
  {
    field: 'protection',
    from: true,
    to: false,
    running: 'destructive',
    stopped: 'destructive',
    reason: 'taken off',
  },
  {
    field: 'protection',
    from: true,
    to: null,
    running: 'destructive',
    stopped: 'destructive',
    reason: 'taken off',
  },
  {field: 'agent.enabled', to: true, running: 'disruptive', reason: 'pending'},
  {
    field: 'agent.fstrim_cloned_disks',
    to: true,
    config: {agent: '1'},
    running: 'benign',
    reason: 'the one hot part of agent',
  },
  {
    field: 'agent.fstrim_cloned_disks',
    to: true,
    running: 'disruptive',
    reason: 'nothing of agent was there at the start',
  },
  {field: 'cpu.cores', from: 2, to: 4, running: 'disruptive', reason: 'pending'},
  {field: 'cpu.sockets', to: 2, running: 'disruptive', reason: 'pending'},
  {field: 'cpu.type', to: 'host', running: 'disruptive', reason: 'pending'},
  {field: 'cpu.numa', to: true, running: 'disruptive', reason: 'pending'},
  {field: 'cpu.limit', to: 2, running: 'benign', reason: 'cgroup'},
  {field: 'cpu.units', to: 50, running: 'benign', reason: 'cgroup'},
  {
    field: 'cpu.vcpus',
    from: 1,
    to: 2,
    config: {cores: '2'},
    running: 'disruptive',
    full: 'benign',
    reason: 'class cpu',
  },
  {
    field: 'cpu.vcpus',
    from: 1,
    to: 9,
    config: {cores: '2'},
    running: 'disruptive',
    reason: 'more than there is room for',
  },
  {
    field: 'memory',
    from: 2 ** 31,
    to: 2 ** 32,
    config: {numa: '1'},
    running: 'disruptive',
    full: 'benign',
    reason: 'class memory',
  },
  {
    field: 'memory',
    from: 2 ** 31,
    to: 2 ** 32,
    running: 'disruptive',
    reason: 'memory hot-plug needs NUMA',
  },
  {
    field: 'memory',
    from: 2 ** 31,
    to: 2 ** 32,
    config: {numa: '1', numa0: 'cpus=0'},
    running: 'disruptive',
    reason: 'not with numaN',
  },
  {
    field: 'memory',
    from: 2 ** 31,
    to: 2 ** 29,
    config: {numa: '1'},
    running: 'disruptive',
    reason: 'less than 1GiB',
  },
  {
    field: 'memory',
    from: 2 ** 31,
    to: 2 ** 31 + 2 ** 20,
    config: {numa: '1'},
    running: 'disruptive',
    reason: 'no whole piece',
  },
  {field: 'balloon', from: 2 ** 30, to: 2 ** 29, running: 'benign', reason: 'QEMU is told'},
  {field: 'balloon', from: 2 ** 30, to: 0, running: 'disruptive', reason: 'turned off'},
  {field: 'shares', to: 50, running: 'benign', reason: 'at once'},
  {field: 'boot.order', to: ['net0'], running: 'disruptive', reason: 'pending'},
  {field: 'disks.scsi0.cache', to: 'writeback', running: 'disruptive', reason: 'cold part'},
  {field: 'disks.scsi0.ssd', to: true, running: 'disruptive', reason: 'cold part'},
  {field: 'disks.scsi0.discard', to: true, running: 'disruptive', reason: 'cold part'},
  {
    field: 'disks.scsi0.iothread',
    from: true,
    to: false,
    running: 'disruptive',
    reason: 'cold part',
  },
  {field: 'disks.scsi0.mbps', to: 50, running: 'benign', reason: 'throttles are told to QEMU'},
  {field: 'disks.scsi0.backup', to: false, running: 'benign', reason: 'configuration only'},
  {
    field: 'disks.scsi0.size',
    from: 2 ** 35,
    to: 2 ** 36,
    running: 'benign',
    reason: 'grows online',
  },
  {field: 'disks.scsi1', to: true, running: 'benign', reason: 'class disk is on by default'},
  {field: 'disks.scsi1.cache', to: 'writeback', running: 'benign', reason: 'part of a new disk'},
  {
    field: 'disks.scsi1',
    to: true,
    config: {hotplug: '0'},
    running: 'disruptive',
    reason: 'hotplug is off',
  },
  {field: 'disks.scsi0', from: true, to: null, running: 'disruptive', reason: 'unplugged'},
  {field: 'disks.sata0', to: true, running: 'disruptive', reason: 'no hot-plug on SATA'},
  {
    field: 'unused.unused0',
    from: true,
    to: null,
    running: 'destructive',
    stopped: 'destructive',
    reason: 'data goes',
  },
  {
    field: 'cdroms.ide2.file',
    from: 'none',
    to: 'local:iso/a.iso',
    config: {ide2: 'none,media=cdrom'},
    running: 'benign',
    reason: 'a medium',
  },
  {field: 'cdroms.ide2', to: true, running: 'disruptive', reason: 'no hot-plug on IDE'},
  {field: 'networks.net0.tag', to: 7, running: 'benign', reason: 'the tap is moved'},
  {
    field: 'networks.net0.bridge',
    from: 'vmbr0',
    to: 'vmbr1',
    running: 'benign',
    reason: 'the tap is moved',
  },
  {
    field: 'networks.net0.bridge',
    to: 'vmbr1',
    config: {net0: 'virtio=BC:24:11:00:01:50'},
    running: 'disruptive',
    reason: 'a card of another sort, unplugged and plugged',
  },
  {
    field: 'networks.net0.model',
    from: 'virtio',
    to: 'e1000',
    running: 'disruptive',
    reason: 'unplugged and plugged',
  },
  {
    field: 'networks.net0.mac',
    to: 'BC:24:11:00:00:02',
    running: 'disruptive',
    reason: 'unplugged and plugged',
  },
  {field: 'networks.net0', from: true, to: null, running: 'disruptive', reason: 'unplugged'},
  {field: 'networks.net1', to: true, running: 'benign', reason: 'class network is on by default'},
  {field: 'cloudInit.user', to: 'dmg', running: 'benign', reason: 'configuration only'},
  {field: 'efi', to: true, running: 'disruptive', reason: 'pending'},
  {field: 'tpm', to: true, running: 'disruptive', reason: 'pending'},
  {
    field: 'power',
    from: 'running',
    to: 'stopped',
    running: 'disruptive',
    stopped: 'disruptive',
    reason: 'service ends',
  },
  {field: 'power', from: 'stopped', to: 'running', running: 'benign', reason: 'service begins'},
  {
    field: 'node',
    from: 'pve1',
    to: 'pve2',
    running: 'benign',
    stopped: 'disruptive',
    reason: 'online; offline',
  },
];

describe('the risk of a field', () => {
  it.for(CASES)('$field on a running guest is $running: $reason', (one) => {
    expect(riskOf(one, {status: 'running'})).toBe(one.running);
  });

  it.for(CASES)('$field on a stopped guest: $reason', (one) => {
    expect(riskOf(one, {status: 'stopped'})).toBe(one.stopped ?? 'benign');
  });

  it.for(CASES.filter(({config}) => config?.['hotplug'] === undefined))(
    '$field with every word of hotplug: $reason',
    (one) => {
      expect(riskOf(one, {status: 'running'}, FULL)).toBe(one.full ?? one.running);
    },
  );

  it.for(CASES)('$field is judged as running while the run state is not known', (one) => {
    const unknown = riskOf(one, {status: 'unknown'});
    if (one.field !== 'node') expect(unknown).toBe(one.running);
  });
});

describe('every key under config:', () => {
  const edits = configKeys().flatMap(([key, facts]) => {
    const subs = configSubKeys(key, facts);
    const leaves = subs.length > 0 ? subs : [null];
    return leaves.map((sub) => {
      const leaf = sub === null ? facts : (facts.properties?.[sub] ?? {});
      const type = configLeafType(sub === null ? key : '', leaf);
      const to =
        type === 'boolean' ? true : type === 'text' ? 'x' : type === 'hotplug' ? 'disk' : 7;
      return {field: sub === null ? `config.${key}` : `config.${key}.${sub}`, to, key, facts};
    });
  });

  it.for(edits)('$field follows its hot-plug class', ({field, to, key, facts}) => {
    const cold = facts.hotplug !== 'immediate';
    const one: Case = {field, to, running: cold ? 'disruptive' : 'benign', reason: ''};
    const word = facts.hotplug.replace('class:', '');
    const inDefault = ['network', 'disk', 'usb'].includes(word);
    const linux = {...one, config: {ostype: 'l26'}};
    expect(riskOf(one, {status: 'stopped'})).toBe('benign');
    if (key === 'ostype') return;
    expect(riskOf(linux, {status: 'running'})).toBe(inDefault ? 'benign' : one.running);
    const words = facts.hotplug.startsWith('class:') ? 'benign' : one.running;
    expect(riskOf(linux, {status: 'running'}, FULL)).toBe(key === 'hotplug' ? 'disruptive' : words);
    expect(riskOf(linux, {status: 'running'}, '0')).toBe(one.running);
  });
});

describe('coverage', () => {
  it('has a place for every key of a QEMU guest but the four that nobody may manage', () => {
    const fields = new Set(fieldEntries().map(([, {key}]) => key));
    const config = new Set(configKeys().map(([key]) => key.replace(/\d+$/, 'N')));
    const plain = new Set(configKeys().map(([key]) => key));
    const left = qemuFamilies()
      .map(([family]) => family)
      .filter((family) => !fields.has(family) && !config.has(family) && !plain.has(family))
      .filter((family) => !['ideN', 'sataN', 'scsiN', 'virtioN'].includes(family));
    expect(left).toEqual(['cdrom', 'lock', 'smp', 'vmgenid']);
  });
});
