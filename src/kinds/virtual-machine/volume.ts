// Why this exists: the text by which Proxmox allocates, imports or attaches a volume.
import type {Body, FieldValue} from '../../core/model.ts';
import {LEAF_CODECS} from '../guest/leaf.ts';
import {GIBIBYTE, MEBIBYTE} from '../guest/quantity.ts';
import {placeOfField} from './field-path.ts';

/** Smallest piece in which a disk may be allocated: storages round to their own blocks. */
const GRAIN = 4 * MEBIBYTE;

/** The text, or why there can be none. */
export type VolumeText =
  | {readonly ok: true; readonly text: string}
  | {readonly ok: false; readonly because: string};

/** `local-lvm:32,discard=on`: a new disk with the declared sub-keys of its slot. */
export function newDisk(slot: string, body: Body, imported: string | null): VolumeText {
  const base = `disks.${slot}`;
  const {file, storage, size, format} = leavesOf(base, body);
  if (typeof file === 'string') return good(file, base, body);
  if (typeof storage !== 'string') return bad(`${slot} says no storage to put the disk on`);
  const shape = typeof format === 'string' ? `,format=${format}` : '';
  if (imported !== null) return good(`${storage}:0,import-from=${imported}${shape}`, base, body);
  if (typeof size !== 'number') return bad(`${slot} says no size`);
  if (size % GRAIN !== 0) return bad(`${slot}: a new disk needs a size in whole pieces of 4MiB`);
  return good(`${storage}:${size / GIBIBYTE}${shape}`, base, body);
}

/** A volume that is there, with the declared sub-keys of its slot. */
export function attachedText(device: string, file: string, body: Body): string {
  return withOptions(file, device, body);
}

/** `local-lvm:1,efitype=4m`: a new EFI disk or TPM state. */
export function newState(group: 'efi' | 'tpm', body: Body): VolumeText {
  const {storage} = leavesOf(group, body);
  if (typeof storage !== 'string') return bad(`${group} says no storage`);
  return good(`${storage}:1`, group, body);
}

/** The declared sub-keys under a slot, as they were declared. */
export function leavesOf(base: string, body: Body): {readonly [leaf: string]: FieldValue} {
  const leaves: {[leaf: string]: FieldValue} = {};
  for (const [path, value] of Object.entries(body)) {
    if (path.startsWith(`${base}.`)) leaves[path.slice(base.length + 1)] = value;
  }
  return leaves;
}

/** Declared sub-keys that are written as they are: neither the volume nor what derives from it. */
export function optionFields(base: string, body: Body): readonly string[] {
  return Object.keys(body).filter((path) => path.startsWith(`${base}.`) && isOption(path));
}

/** True for a sub-key that can be written into the live string. */
export function isOption(path: string): boolean {
  const place = placeOfField(path);
  return (
    place.sub !== null &&
    place.sub !== 'file' &&
    place.sub !== 'size' &&
    place.spec.derived === undefined
  );
}

function good(volume: string, base: string, body: Body): VolumeText {
  return {ok: true, text: withOptions(volume, base, body)};
}

function withOptions(volume: string, base: string, body: Body): string {
  const parts = optionFields(base, body).flatMap((path) => {
    const {sub, type} = placeOfField(path);
    const value = body[path];
    if (value === undefined || value === null || sub === null) return [];
    return [`${sub}=${LEAF_CODECS[type].write(value)}`];
  });
  return [volume, ...parts].join(',');
}

function bad(because: string): VolumeText {
  return {ok: false, because};
}
