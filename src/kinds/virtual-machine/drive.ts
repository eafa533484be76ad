// Why this exists: one key such as `ide2` may be a disk, a CD drive or the cloud-init drive; what
// it is stands in its value.
import type {KeyFacts} from '../guest/facts.ts';
import {familyFacts, qemuKey} from '../guest/key-facts.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {type PropertyString, parseProperties} from '../guest/property-string.ts';
import {DRIVE_FAMILIES} from './field-table.ts';

/** A drive as it stands in the configuration. */
export interface Drive {
  readonly slot: string;
  readonly kind: 'disk' | 'cdrom' | 'cloud-init';
  readonly parts: PropertyString;
  /** Volume id, `none`, `cdrom`, or a path. */
  readonly file: string;
  /** Storage of the volume; null for what lies on none. */
  readonly storage: string | null;
}

/** True for `scsi0`, `ide2` and the like. */
export function isDriveSlot(key: string): boolean {
  const known = qemuKey(key);
  return known !== null && DRIVE_FAMILIES.some((family) => family === known.family);
}

/** The facts by which a drive's string is read: those of its bus, with what other buses add. */
export function driveFacts(slot: string): KeyFacts {
  return familyFacts(qemuKey(slot)?.family ?? 'scsiN');
}

/** The sub-keys of a drive's string. */
export function driveParts(slot: string, text: string): PropertyString {
  return parseProperties(text, driveFacts(slot));
}

/** Reads one drive. */
export function readDrive(slot: string, text: string): Drive {
  const parts = driveParts(slot, text);
  const file = parts.get('file') ?? '';
  const cdrom = parts.get('media') === 'cdrom' || file === 'none' || file === 'cdrom';
  const kind = !cdrom ? 'disk' : isCloudInitVolume(file) ? 'cloud-init' : 'cdrom';
  return {slot, kind, parts, file, storage: storageOf(file)};
}

/** All drives of a configuration, in the order of their slots' names. */
export function drivesOf(config: LiveConfig): readonly Drive[] {
  return [...config]
    .filter(([key]) => isDriveSlot(key))
    .map(([key, text]) => readDrive(key, text))
    .toSorted((a, b) => (a.slot < b.slot ? -1 : 1));
}

/** The cloud-init drive, if there is one. */
export function cloudInitDrive(config: LiveConfig): Drive | null {
  return drivesOf(config).find(({kind}) => kind === 'cloud-init') ?? null;
}

/** `local-lvm` of `local-lvm:vm-150-disk-0`; null for paths and `none`. */
export function storageOf(file: string): string | null {
  const cut = file.indexOf(':');
  return cut > 0 && !file.startsWith('/') ? file.slice(0, cut) : null;
}

/** `qcow2` of `local:150/vm-150-disk-0.qcow2`; `raw` where the name has no such ending. */
export function formatOf(file: string): string {
  return /\.(raw|qcow2|vmdk|qed|cloop|qcow)$/.exec(file)?.[1] ?? 'raw';
}

/**
 * VMID in a volume's name (`vm-150-disk-0`, `base-100-disk-0`, the last part of a linked clone), or
 * of the folder that it lies in, which counts for Proxmox whatever the name says; null for ISO
 * images and the like, which nobody owns.
 */
export function volumeOwner(file: string): number | null {
  const folder = /[:/](\d+)\/[^/]*$/.exec(file)?.[1];
  if (folder !== undefined) return Number(folder);
  const name = file.slice(file.lastIndexOf('/') + 1).replace(/^[^:]*:/, '');
  const match = /^(?:vm|base|subvol|basevol)-(\d+)-/.exec(name);
  return match ? Number(match[1]) : null;
}

/** True for a volume that a template was made of: it is never written again. */
export function isBaseVolume(file: string): boolean {
  return /[:/](?:base|basevol)-\d+-[^/]*$/.test(file);
}

/** VMID of the template whose base volume a linked clone stands on; null for all others. */
export function baseOwner(file: string): number | null {
  const match = /(?:^|[:/])base-(\d+)-[^/]*\//.exec(file);
  return match ? Number(match[1]) : null;
}

function isCloudInitVolume(file: string): boolean {
  return /[:/]vm-\d+-cloudinit(\.[a-z0-9]+)?$/.test(file) || /^[^:/]+:cloudinit$/.test(file);
}
