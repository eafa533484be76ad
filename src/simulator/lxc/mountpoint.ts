// Why this exists: rootfs and mpN name a volume, a directory of the node or a device, or ask for a
// new disk; everything that touches storage needs to know which.
import {ApiFailure, fail} from '../failure.ts';
import {isUnusedKey} from '../guest/file.ts';
import {formatSize, parseSize} from '../qemu/size.ts';
import type {Version} from '../state.ts';
import {parseVolid} from '../volume.ts';
import {isMountKey, parseProperties, printProperties} from './keys.ts';

/** A parsed rootfs, mpN or unusedN. */
export interface Mount {
  readonly key: string;
  /** A volume id, a path, or `storage:GiB`. */
  readonly volume: string;
  readonly type: 'volume' | 'bind' | 'device';
  /** Where it is mounted; `/` for rootfs. */
  readonly path: string;
  /** All sub-keys but the volume, as text. */
  readonly options: ReadonlyMap<string, string>;
}

/** Parse the value of rootfs, mpN or unusedN; 500 `format error` when something is missing. */
export function parseMount(version: Version, key: string, text: string): Mount {
  const properties = parseProperties(version, isUnusedKey(key) ? 'unused0' : key, text);
  const missing = ['volume', ...(/^mp/.test(key) ? ['mp'] : [])].filter(
    (one) => !properties.has(one),
  );
  if (missing.length > 0) {
    const text = 'property is missing and it is not optional';
    throw new ApiFailure(
      500,
      'format error',
      Object.fromEntries(missing.map((one) => [one, text])),
    );
  }
  const volume = properties.get('volume') ?? '';
  properties.delete('volume');
  const path = key === 'rootfs' ? '/' : (properties.get('mp') ?? '');
  return {key, volume, type: typeOf(volume), path, options: properties};
}

function typeOf(volume: string): Mount['type'] {
  if (!volume.startsWith('/')) return 'volume';
  return volume.startsWith('/dev/') ? 'device' : 'bind';
}

/** Print a mount; its size is rewritten with the largest unit that divides it. */
export function printMount(version: Version, mount: Mount): string {
  const size = mount.options.get('size');
  const bytes = size === undefined ? Number.NaN : parseSize(size);
  const properties = new Map([['volume', mount.volume], ...mount.options]);
  if (!Number.isNaN(bytes)) properties.set('size', formatSize(bytes));
  // Every mount is printed by the sub-keys of mpN, whose options rootfs shares.
  return printProperties(version, isUnusedKey(mount.key) ? 'unused0' : 'mp0', properties);
}

/** The same mount with another volume and, when given, its size. */
export function withVolume(mount: Mount, volume: string, sizeBytes?: number): Mount {
  const options = new Map(mount.options);
  if (sizeBytes !== undefined) options.set('size', formatSize(sizeBytes));
  return {...mount, volume, options};
}

/** The mounts of a section, rootfs first, then mp0, mp1 …; unreadable ones are left out. */
export function mountsOf(version: Version, section: ReadonlyMap<string, string>): readonly Mount[] {
  const index = (key: string): number => (key === 'rootfs' ? -1 : Number(key.slice(2)));
  const keys = [...section.keys()].filter(isMountKey).sort((a, b) => index(a) - index(b));
  return keys.flatMap((key) => readable(version, key, section.get(key) ?? ''));
}

function readable(version: Version, key: string, text: string): readonly Mount[] {
  try {
    return [parseMount(version, key, text)];
  } catch (error) {
    if (error instanceof ApiFailure) return [];
    throw error;
  }
}

/** The mounts of a section and what it keeps as unusedN. */
export function allMountsOf(
  version: Version,
  section: ReadonlyMap<string, string>,
): readonly Mount[] {
  const unused = [...section].filter(([key]) => isUnusedKey(key));
  return [
    ...mountsOf(version, section),
    ...unused.map(([key, text]) => parseMount(version, key, text)),
  ];
}

/** What a `storage:GiB` volume asks for; undefined for anything else. */
export function newDiskWish(volume: string): {storage: string; sizeBytes: number} | undefined {
  const match = /^([^:\s]+):(\d+(?:\.\d+)?)$/.exec(volume);
  if (match?.[1] === undefined) return undefined;
  return {storage: match[1], sizeBytes: Math.floor(Number(match[2]) * 1024) * 1024 ** 2};
}

/** The storage of a volume id; 500 `unable to parse volume ID '…'`. */
export function storageOf(volume: string): string {
  return parseVolid(volume)?.storage ?? fail(500, `unable to parse volume ID '${volume}'`);
}
