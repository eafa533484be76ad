// Why this exists: property strings that the schema only names (`pve-qm-hostpci`, `prune-backups`)
// have sub-keys, patterns and rules in Proxmox's code; here they are as facts.
import type {Version} from '../state.ts';
import type {ParamFacts} from './api.ts';
import {cpuProblem} from './cpu-models.ts';

/** Sub-keys of a property string. */
type SubKeys = Readonly<Record<string, ParamFacts>>;

/** A rule over the parsed sub-keys, asked when each of them is fine; the text, or undefined. */
export type Rule = (
  values: Readonly<Record<string, string>>,
  version: Version,
) => string | undefined;

const text = {type: 'string', optional: 1} as const;
const bool = {type: 'boolean', optional: 1} as const;
const keep = {type: 'integer', minimum: 0, optional: 1} as const;
const base64 = {...text, pattern: '[A-Za-z0-9+\\/]+={0,2}'} as const;
const pci = '(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\\.[a-f0-9])?';
const pciId = {...text, pattern: '0x[0-9a-fA-F]{4}'} as const;
const flag = '(?:[+-])(?:[a-zA-Z0-9\\-_\\.]+)';
const uuid = '[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}';

const cpu: SubKeys = {
  cputype: {...text, default_key: 1},
  'reported-model': text,
  hidden: bool,
  'hv-vendor-id': {...text, pattern: '[a-zA-Z0-9]{1,12}'},
  flags: {...text, pattern: `${flag}(?:;${flag})*`},
  'phys-bits': {...text, format: 'pve-phys-bits'},
};

const hostpci: SubKeys = {
  host: {...text, default_key: 1, pattern: `${pci}(?:;${pci})*`},
  mapping: {...text, format: 'pve-configid'},
  rombar: bool,
  romfile: {...text, pattern: '[^,;]+'},
  pcie: bool,
  'x-vga': bool,
  'legacy-igd': bool,
  mdev: {...text, pattern: '[^/\\.:]+'},
  'vendor-id': pciId,
  'device-id': pciId,
  'sub-vendor-id': pciId,
  'sub-device-id': pciId,
};

const formats: Readonly<Record<string, SubKeys>> = {
  'backup-fleecing': {
    enabled: {...bool, default_key: 1},
    storage: {...text, format: 'pve-storage-id'},
  },
  'backup-performance': {
    'max-workers': {type: 'integer', minimum: 1, maximum: 256, optional: 1},
    'pbs-entries-max': {type: 'integer', minimum: 1, optional: 1},
  },
  'proxmox-remote': {
    host: {type: 'string'},
    port: {type: 'integer', optional: 1},
    apitoken: {type: 'string'},
    fingerprint: {...text, pattern: '([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}'},
  },
  'prune-backups': {
    'keep-all': bool,
    'keep-last': keep,
    'keep-hourly': keep,
    'keep-daily': keep,
    'keep-weekly': keep,
    'keep-monthly': keep,
    'keep-yearly': keep,
  },
  'pve-qm-boot': {
    legacy: {...text, default_key: 1, pattern: '[acdn]{1,4}'},
    order: {...text, format: 'pve-qm-bootdev-list'},
  },
  'pve-qm-smbios1': {
    uuid: {...text, pattern: uuid},
    version: base64,
    serial: base64,
    manufacturer: base64,
    product: base64,
    sku: base64,
    family: base64,
    base64: bool,
  },
};

const byVersion: Readonly<Record<Version, Readonly<Record<string, SubKeys>>>> = {
  '8.4': {...formats, 'pve-vm-cpu-conf': cpu, 'pve-qm-hostpci': hostpci},
  '9.1': {
    ...formats,
    'pve-vm-cpu-conf': {
      ...cpu,
      'guest-phys-bits': {type: 'integer', minimum: 32, maximum: 64, optional: 1},
    },
    'pve-qm-hostpci': {...hostpci, driver: {...text, enum: ['vfio', 'keep']}},
  },
};

/** The sub-keys of a format that only Proxmox's code describes; undefined for others. */
export function describedSubKeys(version: Version, format: string): SubKeys | undefined {
  return byVersion[version][format];
}

const isSet = (value: string | undefined): boolean => value !== undefined && Number(value) > 0;

/** Rules beyond the sub-keys' own, by format. */
export const rules: Readonly<Record<string, Rule>> = {
  'backup-fleecing': ({enabled, storage}) =>
    enabled === '1' && storage === undefined
      ? "'storage' parameter is required when 'enabled' is set\n"
      : undefined,
  'prune-backups': ({'keep-all': all, ...others}) =>
    all === '1' && Object.values(others).some(isSet)
      ? 'keep-all cannot be set together with other options.\n'
      : undefined,
  'pve-vm-cpu-conf': cpuProblem,
};
