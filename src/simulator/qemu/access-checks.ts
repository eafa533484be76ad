// Why this exists: beyond the schema's own permission check, each key of a guest's configuration
// has its privilege, some only root may set, and volumes and bridges ask for rights of their own.
import {fail, paramError} from '../failure.ts';
import {requireCard} from '../guest/bridge.ts';
import {isUnusedKey} from '../guest/file.ts';
import {may, require403} from '../permission.ts';
import type {Context} from '../route.ts';
import {parseVolid} from '../volume.ts';
import type {Drive} from './drive.ts';
import {
  isCdrom,
  isCloudInit,
  isSoundDrive,
  newCloudInitStorage,
  newDiskWish,
  parseDrive,
  volumeOwner,
  withOptions,
} from './drive.ts';
import {isDriveKey, isNetKey, keyFacts} from './keys.ts';
import {parseProperties} from './property-string.ts';
import {requireVolumeAccess, volumeType} from './volume-access.ts';
import {storageNamed} from './volumes.ts';

/** A request about one guest; `pool` is the pool a new guest is to join. */
export interface Request {
  readonly context: Context;
  readonly vmid: number;
  readonly pool?: string | undefined;
}

/** Keys whose privilege depends on their value. */
const judgedByValue = /^(?:(?:unused|serial|usb|hostpci|virtiofs)\d+|tags)$/;

/** Require privileges on the guest, or on the pool it is to join. */
export function requireOnGuest(request: Request, privileges: readonly string[], any = false): void {
  const {context, vmid, pool} = request;
  if (pool !== undefined && may(context, `/pool/${pool}`, privileges, any)) return;
  require403(context, `/vms/${vmid}`, privileges, any);
}

/** Each key's own privilege; 500 `only root can set 'args' config` for root's. */
export function requireKeyPrivileges(request: Request, keys: readonly string[]): void {
  if (request.context.auth.isRoot) return;
  for (const key of keys) {
    if (isDriveKey(key) || judgedByValue.test(key)) continue;
    if (key === 'vmstate') {
      requireOnGuest(request, ['VM.Config.Disk', 'VM.PowerMgmt']);
      continue;
    }
    if (key === 'runningmachine') {
      requireOnGuest(request, ['VM.Config.HWType']);
      continue;
    }
    const facts = keyFacts(key);
    const privileges = privilegesIn(facts?.privilege);
    if (facts?.root_only === true || privileges.length === 0) {
      fail(500, `only root can set '${key}' config`);
    }
    requireOnGuest(request, privileges, true);
    if (key === 'startup') require403(request.context, '/', ['Sys.Modify']);
  }
}

/** A drive slot's privilege depends on what is in it. */
export function requireDrivePrivileges(request: Request, drive: Drive): void {
  if (isCloudInit(drive)) requireOnGuest(request, ['VM.Config.Cloudinit', 'VM.Config.CDROM']);
  else requireOnGuest(request, [isCdrom(drive) ? 'VM.Config.CDROM' : 'VM.Config.Disk']);
}

/** Require the use of the bridge of a netN value; any other key asks for none. */
export function requireBridge({context}: Request, key: string, text: string): void {
  if (isNetKey(key)) requireCard(context, parseProperties(key, text));
}

/** Rights on the storages and volumes that a drive string names. */
export function requireDriveStorage(request: Request, drive: Drive, fallback?: string): void {
  const {context} = request;
  const wish = newDiskWish(drive);
  const {file, key} = drive;
  if (newCloudInitStorage(drive) !== undefined || /^(none|cloudinit|)$/.test(file)) {
    // Nothing is asked for.
  } else if (isCdrom(drive) && file === 'cdrom') require403(context, '/', ['Sys.Console']);
  else if (!isCdrom(drive) && wish !== undefined) {
    requireAllocation(request, wish.storage || fallback || '');
  } else {
    requireVolumeAccess(request, file);
    const isImage = parseVolid(file) === undefined || isAttachable(volumeType(request, file));
    if (!isImage) paramError({[key]: "content type needs to be 'images' or 'iso'"});
  }
  const source = drive.options.get('import-from');
  if (source !== undefined) requireImport(request, key, source);
}

/** Rights on what unusedN and vmstatestorage name. */
export function requireOtherStorage(request: Request, set: ReadonlyMap<string, string>): void {
  for (const [key, text] of [...set].sort()) {
    if (!isUnusedKey(key)) continue;
    const volid = parseProperties(key, text).get('file') ?? '';
    if (parseVolid(volid) === undefined) paramError({[key]: `not a valid volid: ${volid}`});
    requireVolumeAccess(request, volid, 'images');
  }
  const state = set.get('vmstatestorage');
  if (state === undefined) return;
  require403(request.context, `/storage/${state}`, ['Datastore.AllocateSpace']);
}

function isAttachable(type: string): boolean {
  return type === 'images' || type === 'iso';
}

/** Datastore.AllocateSpace on a storage that takes images. */
function requireAllocation(request: Request, storage: string): void {
  const {context} = request;
  if (storage === '') fail(500, 'no storage ID specified (and no default storage)');
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  if (!storageNamed(context.cluster, storage).content.has('images')) {
    paramError({storage: `storage '${storage}' does not support vm images`});
  }
}

/** Parse a drive parameter; 400 for what cannot be one, whatever the rights. */
export function checkedDrive(request: Request, key: string, text: string): Drive {
  const drive = parseDrive(key, text);
  // An empty slot is not yet taken for a CD drive.
  const media = parseProperties(key, text).get('media');
  if (!isSoundDrive(withOptions(drive, {media})))
    paramError({[key]: 'unable to parse drive options'});
  if (drive.options.has('import-from')) checkImport(drive);
  if (/^\/(?!dev\/.)/.test(drive.file)) {
    paramError({[key]: `unable to associate path '${drive.file}' to any storage`});
  }
  const isVolume =
    parseVolid(drive.file) !== undefined &&
    newDiskWish(drive) === undefined &&
    newCloudInitStorage(drive) === undefined;
  if (isVolume && volumeType(request, drive.file) === 'iso' && !isCdrom(drive)) {
    paramError({[key]: "explicit 'media=cdrom' is required for iso images"});
  }
  return drive;
}

function checkImport(drive: Drive): void {
  const {key, options} = drive;
  if ((newDiskWish(drive)?.gib ?? 1) !== 0) {
    const syntax = 'use <storage ID>:0,import-from=<source>';
    paramError({[key]: `'import-from' requires special syntax - ${syntax}`});
  }
  const needed =
    key === 'efidisk0' ? ['efitype', 'pre-enrolled-keys'] : key === 'tpmstate0' ? ['version'] : [];
  const missing = needed.find((name) => !options.has(name));
  if (missing !== undefined) {
    paramError({[key]: `need to specify '${missing}' when using 'import-from'`});
  }
}

function requireImport(request: Request, key: string, source: string): void {
  const {context} = request;
  if (parseVolid(source) === undefined) {
    requireVolumeAccess(request, source);
    return;
  }
  const type = volumeType(request, source);
  if (type !== 'images' && type !== 'import') {
    paramError({
      [key]: `${source} has wrong type '${type}' - needs to be 'images' or 'import'`,
    });
  }
  const owner = type === 'images' ? volumeOwner(source) : undefined;
  if (owner !== undefined) require403(context, `/vms/${owner}`, ['VM.Clone']);
  else requireVolumeAccess(request, source);
}

function privilegesIn(text: string | undefined): readonly string[] {
  return text?.match(/\bVM\.[A-Za-z.]+[A-Za-z]/g) ?? [];
}
