// Why this exists: every field of a virtual machine, once. The JSON Schema, the union of templates
// that fields.ts must judge, reading, writing and the README's table all derive from this data.
import type {LeafFacts} from '../guest/facts.ts';
import {qemuFamilies} from '../guest/key-facts.ts';
import {DEVICE_TABLE} from './device-table.ts';
import type {FieldSpec} from './field-spec.ts';

/** Fields by template, as the user writes them. */
export const FIELD_TABLE = {
  name: {type: 'text', key: 'name', says: 'Name of the guest; null for none.', examples: ['web-1']},
  node: {
    type: 'text',
    key: null,
    sticky: true,
    says: 'Where to create the guest; afterwards a change asks for a migration.',
    examples: ['pve1'],
  },
  pool: {type: 'text', key: null, says: 'Resource pool; null takes the guest out of its pool.'},
  power: {
    type: 'text',
    key: null,
    words: ['running', 'stopped', 'ignore'],
    sticky: true,
    says: 'Whether the guest runs; `ignore` leaves that to people.',
  },
  tags: {type: 'tags', key: 'tags', says: 'Tags, managed as a whole; case and order do not count.'},
  description: {type: 'description', key: 'description', says: 'Notes, Markdown.'},
  protection: {
    type: 'boolean',
    key: 'protection',
    absent: 0,
    says: 'Refuse to delete the guest or its disks.',
  },
  onboot: {type: 'boolean', key: 'onboot', absent: 0, says: 'Start when the node starts.'},
  'startup.order': {type: 'integer', key: 'startup', sub: 'order', says: 'Place in the order.'},
  'startup.up': {type: 'seconds', key: 'startup', sub: 'up', says: 'Wait after its start.'},
  'startup.down': {type: 'seconds', key: 'startup', sub: 'down', says: 'Wait for its shutdown.'},
  'agent.enabled': {
    type: 'boolean',
    key: 'agent',
    sub: 'enabled',
    says: 'Talk to the guest agent.',
  },
  'agent.type': {type: 'text', key: 'agent', sub: 'type', says: 'Channel of the agent.'},
  'agent.fstrim_cloned_disks': {
    type: 'boolean',
    key: 'agent',
    sub: 'fstrim_cloned_disks',
    says: 'Trim after a disk was moved or cloned.',
  },
  'agent.freeze-fs': {
    type: 'boolean',
    key: 'agent',
    sub: 'freeze-fs',
    says: 'Freeze file systems for backups.',
  },
  'cpu.cores': {type: 'integer', key: 'cores', says: 'Cores per socket.', examples: [2]},
  'cpu.sockets': {type: 'integer', key: 'sockets', says: 'Sockets.'},
  'cpu.vcpus': {type: 'integer', key: 'vcpus', says: 'Processors plugged in; null means all.'},
  'cpu.type': {
    type: 'text',
    key: 'cpu',
    sub: 'cputype',
    says: 'Processor model.',
    examples: ['x86-64-v2-AES', 'host'],
  },
  'cpu.flags': {
    type: 'set',
    key: 'cpu',
    sub: 'flags',
    says: 'Processor flags, each with + or -.',
    examples: [['+aes']],
  },
  'cpu.hidden': {type: 'boolean', key: 'cpu', sub: 'hidden', says: 'Hide the hypervisor.'},
  'cpu.hv-vendor-id': {
    type: 'text',
    key: 'cpu',
    sub: 'hv-vendor-id',
    says: 'Hyper-V vendor that Windows sees.',
  },
  'cpu.phys-bits': {type: 'text', key: 'cpu', sub: 'phys-bits', says: 'Physical address bits.'},
  'cpu.guest-phys-bits': {
    type: 'integer',
    key: 'cpu',
    sub: 'guest-phys-bits',
    says: 'Physical address bits that the guest may use (9.x).',
  },
  'cpu.level': {type: 'integer', key: 'cpu', sub: 'level', says: 'CPUID level (9.x).'},
  'cpu.limit': {
    type: 'number',
    key: 'cpulimit',
    absent: 0,
    says: 'Most processors’ worth of time; 0 means no limit.',
  },
  'cpu.units': {type: 'integer', key: 'cpuunits', absent: 100, says: 'Weight against others.'},
  'cpu.numa': {type: 'boolean', key: 'numa', absent: 0, says: 'Show NUMA nodes to the guest.'},
  'cpu.affinity': {type: 'text', key: 'affinity', says: 'Host processors (only root@pam).'},
  memory: {
    type: 'mebibytes',
    key: 'memory',
    sub: 'current',
    says: 'Memory with a unit.',
    examples: ['4GiB'],
  },
  balloon: {
    type: 'mebibytes',
    key: 'balloon',
    says: 'Least memory under pressure; 0MiB turns ballooning off, null leaves all to the guest.',
    examples: ['2GiB'],
  },
  shares: {type: 'integer', key: 'shares', absent: 1000, says: 'Weight for automatic ballooning.'},
  localtime: {
    type: 'boolean',
    key: 'localtime',
    says: 'Set the real-time clock to local time, as Windows expects.',
  },
  'boot.order': {
    type: 'sequence',
    key: 'boot',
    sub: 'order',
    says: 'Devices to boot from, first one first.',
    examples: [['scsi0', 'net0']],
  },
  ...DEVICE_TABLE,
  'config.*': {
    type: 'text',
    key: 'config',
    says: 'A configuration key of Proxmox that has no field.',
  },
  'config.*.*': {type: 'text', key: 'config', sub: '*', says: 'A sub-key of such a key.'},
} as const satisfies Readonly<Record<string, FieldSpec>>;

/** Every template of a virtual machine's fields. */
export type FieldTemplate = keyof typeof FIELD_TABLE;

/** Disk slots, as they may be named under `disks` and `cdroms`. */
export const DRIVE_FAMILIES = ['ideN', 'sataN', 'scsiN', 'virtioN'] as const;

/** All fields with their specs. */
export function fieldEntries(): readonly (readonly [FieldTemplate, FieldSpec])[] {
  return ENTRIES;
}

/** Made once: every field of every manifest asks. */
const ENTRIES =
  // Safe: the keys of the table are exactly the templates.
  Object.entries(FIELD_TABLE) as (readonly [FieldTemplate, FieldSpec])[];

/** What the key table says of a field's value; null for what is no configuration. */
export function specFacts(spec: FieldSpec): LeafFacts | null {
  const known = FACTS.get(spec);
  if (known !== undefined) return known;
  const facts = findFacts(spec);
  FACTS.set(spec, facts);
  return facts;
}

/** The tables never change, and every field of every guest asks. */
const FACTS = new WeakMap<FieldSpec, LeafFacts | null>();

function findFacts(spec: FieldSpec): LeafFacts | null {
  if (spec.key === null || spec.key === 'config' || spec.derived !== undefined) return null;
  const families = spec.key === 'drive' ? DRIVE_FAMILIES : [spec.key];
  const facts = qemuFamilies().filter(([family]) => families.some((name) => name === family));
  for (const [, key] of facts) {
    const leaf = spec.sub === undefined ? key : key.properties?.[spec.sub];
    if (leaf) return leaf;
  }
  return null;
}
