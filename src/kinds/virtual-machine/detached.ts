// Why this exists: a disk that left the manifest is still there as `unusedN`; when the manifest
// names its slot again (a revert), the same volume comes back, not an empty one beside it.
import type {Change} from '../../core/action.ts';
import type {Body, Observed, ResourceRecord} from '../../core/model.ts';
import {configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {parseDiskSize} from '../guest/quantity.ts';
import {storageOf, volumeOwner} from './drive.ts';
import {deviceOf} from './edits.ts';

/** A volume that was in a slot. */
export interface FormerVolume {
  readonly file: string;
  /** The size that Git wants, where that is more than it has. */
  readonly growsTo: number | null;
}

/** What the changes detach, by the field that it leaves: `local-lvm:vm-150-disk-1,size=4G`. */
export function detachesOf(
  changes: readonly Change[],
  observed: Observed,
): {readonly [field: string]: string} {
  const live = configuredOf(observed);
  const entries = changes.flatMap(({field, to}) => {
    if (deviceOf(field) !== field || (to ?? null) !== null) return [];
    const text = live.get(keyOfDevice(field)) ?? '';
    const [file = ''] = text.split(',');
    const vmid = Number(observed.key.slice('guest/'.length));
    if (volumeOwner(file) !== vmid || isCloudInit(field)) return [];
    const size = sizeIn(text);
    return [[field, size === null ? file : `${file},size=${size}`] as const];
  });
  return Object.fromEntries(entries);
}

/** The volume that was in a device's slot, if it is still unused and fits what is wanted. */
export function formerVolume(
  device: string,
  body: Body,
  record: ResourceRecord | null,
  live: LiveConfig,
): FormerVolume | null {
  const text = record?.detached?.[device];
  if (text === undefined) return null;
  const [file = ''] = text.split(',');
  if (![...live].some(([key, value]) => /^unused\d+$/.test(key) && value === file)) return null;
  const storage = body[`${device}.storage`];
  if (typeof storage === 'string' && storage !== storageOf(file)) return null;
  const size = parseDiskSize(sizeIn(text) ?? '');
  const wanted = body[`${device}.size`];
  if (typeof wanted !== 'number' || size === null || wanted === size) return {file, growsTo: null};
  return wanted > size ? {file, growsTo: wanted} : null;
}

function keyOfDevice(device: string): string {
  if (device === 'efi') return 'efidisk0';
  return device === 'tpm' ? 'tpmstate0' : device.slice(device.indexOf('.') + 1);
}

function sizeIn(text: string): string | null {
  return /,size=([^,]+)/.exec(text)?.[1] ?? null;
}

function isCloudInit(field: string): boolean {
  return field === 'cloudInit.drive' || field.startsWith('cdroms.');
}
