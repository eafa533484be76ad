// Why this exists: what is true of each configuration key (type, hot-plug class, who may set it),
// read from generated data, so that no rule below repeats a fact.
import type {Version} from '../state.ts';
import table from './keys.generated.json' with {type: 'json'};

/** One sub-key of a property string. */
export interface SubKeyFacts {
  readonly type?: string;
  readonly alias?: string;
  readonly keyAlias?: string;
  readonly default_key?: boolean;
  readonly required?: boolean;
}

/** One configuration key; `hotplug` is `immediate`, `class:<word>`, `pending` or `refused`. */
export interface KeyFacts {
  readonly type: string;
  readonly hotplug: string;
  readonly since: string;
  readonly format?: string;
  readonly root_only?: boolean;
  readonly privilege?: string;
  readonly indexed?: number;
  readonly properties?: Readonly<Record<string, SubKeyFacts>>;
}

const facts: Readonly<Record<string, KeyFacts>> = table;

/** The facts of a key such as `cores` or `scsi3`; undefined when Proxmox knows no such key. */
export function keyFacts(key: string): KeyFacts | undefined {
  if (!key.endsWith('N') && facts[key] !== undefined) return facts[key];
  const match = /^([a-z]+)(0|[1-9]\d*)$/.exec(key);
  const found = match === null ? undefined : facts[`${match[1]}N`];
  return found !== undefined && Number(match?.[2]) < (found.indexed ?? 0) ? found : undefined;
}

/** Whether `delete` and `revert` know the key; read-only ones count, `digest` does not. */
export function optionExists(version: Version, key: string): boolean {
  const facts = key === 'digest' || key === 'cdrom' ? undefined : keyFacts(key);
  return facts !== undefined && (facts.since === '8.4' || version !== '8.4');
}

/** Whether a key names a drive slot: ide, sata, scsi, virtio, efidisk0 or tpmstate0. */
export function isDriveKey(key: string): boolean {
  return (
    /^((ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$/.test(key) && keyFacts(key) !== undefined
  );
}

/** Whether a key names a network card. */
export function isNetKey(key: string): boolean {
  return /^net\d+$/.test(key) && keyFacts(key) !== undefined;
}

const cloudInitKeys = new Set([
  'citype',
  'ciuser',
  'cipassword',
  'ciupgrade',
  'cicustom',
  'searchdomain',
  'nameserver',
  'sshkeys',
]);

/** Whether GET cloudinit lists the key also when nothing changed. */
export function isCloudInitKey(key: string): boolean {
  return cloudInitKeys.has(key);
}

/** Whether a change of the key makes the cloud-init image out of date. */
export function feedsCloudInit(key: string): boolean {
  return cloudInitKeys.has(key) || key === 'name' || isNetKey(key) || /^ipconfig\d+$/.test(key);
}

/** All drive slots in the order in which Proxmox looks for the first disk. */
export const driveKeys: readonly string[] = [
  ...slots('ide', 4),
  ...slots('scsi', 31),
  ...slots('virtio', 16),
  ...slots('sata', 6),
  'efidisk0',
  'tpmstate0',
];

function slots(bus: string, count: number): readonly string[] {
  return Array.from({length: count}, (_, index) => `${bus}${index}`);
}
