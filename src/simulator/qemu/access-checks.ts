// Why this exists: beyond the schema's own permission check, each key of a guest's configuration
// has its privilege, some only root may set, and volumes and bridges ask for rights of their own.
import {fail, paramError} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context} from '../route.ts';
import {findVolume, parseVolid} from '../volume.ts';
import type {Drive} from './drive.ts';
import {
  isCdrom,
  isCloudInit,
  newCloudInitStorage,
  newDiskWish,
  parseDrive,
  volumeOwner,
} from './drive.ts';
import {isDriveKey, isNetKey, keyFacts} from './keys.ts';
import {parseProperties} from './property-string.ts';
import {storageNamed} from './volumes.ts';

/** A request about one guest; `pool` is the pool a new guest is to join. */
export interface Request {
  readonly context: Context;
  readonly vmid: number;
  readonly pool?: string | undefined;
}

const rawPath =
  'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 581.';

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
    if (isDriveKey(key) || /^(unused|serial|usb|hostpci)\d+$/.test(key) || key === 'tags') continue;
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

/** Real host devices are root's; mapped ones and sockets need VM.Config.HWType. */
export function requireDevicePrivileges(request: Request, key: string, text: string): void {
  const {context} = request;
  if (context.auth.isRoot) return;
  const properties = parseProperties(key, text);
  const mapping = properties.get('mapping');
  const kind = /^(serial|usb|hostpci)\d+$/.exec(key)?.[1];
  if (kind === undefined) return;
  const real = `only root can set '${key}' config for`;
  if (kind === 'serial' && text !== 'socket') fail(500, `${real} real devices`);
  if (kind === 'usb' && mapping === undefined && !/^spice$/i.test(properties.get('host') ?? '')) {
    fail(500, `${real} real devices`);
  }
  if (kind === 'hostpci' && mapping === undefined) fail(500, `${real} non-mapped devices`);
  if (mapping !== undefined) {
    require403(context, `/mapping/${kind === 'usb' ? 'usb' : 'pci'}/${mapping}`, ['Mapping.Use']);
  }
  requireOnGuest(request, ['VM.Config.HWType']);
}

/** SDN.Use on a card's bridge, with its VLAN. */
export function requireBridge(request: Request, key: string, text: string): void {
  const {context} = request;
  if (!isNetKey(key) || context.auth.isRoot) return;
  const net = parseProperties(key, text);
  const bridge = net.get('bridge') ?? fail(500, 'no sdn vnet ID specified');
  const tag = net.get('tag');
  const path = `/sdn/zones/localnetwork/${bridge}${tag === undefined ? '' : `/${tag}`}`;
  require403(context, path, ['SDN.Use']);
}

/** Rights on the storages and volumes that a drive string names. */
export function requireDriveStorage(request: Request, drive: Drive): void {
  const wish = newDiskWish(drive);
  if (newCloudInitStorage(drive) !== undefined || /^(none|cloudinit|)$/.test(drive.file)) return;
  if (drive.file === 'cdrom') require403(request.context, '/', ['Sys.Console']);
  else if (wish !== undefined) requireAllocation(request, wish.storage);
  else requireVolume(request, drive.key, drive.file);
  const source = drive.options.get('import-from');
  if (source !== undefined) requireImport(request, drive.key, source);
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

/** Parse a drive parameter; 400 for a path outside every storage and for a wrong import. */
export function checkedDrive(key: string, text: string): Drive {
  const drive = parseDrive(key, text);
  if (drive.file.startsWith('/') && !drive.file.startsWith('/dev/')) {
    paramError({[key]: `unable to associate path '${drive.file}' to any storage`});
  }
  if (drive.options.has('import-from') && (newDiskWish(drive)?.gib ?? 1) !== 0) {
    const syntax = 'use <storage ID>:0,import-from=<source>';
    paramError({[key]: `'import-from' requires special syntax - ${syntax}`});
  }
  return drive;
}

function requireVolume(request: Request, key: string, volid: string): void {
  const {context, vmid} = request;
  if (context.auth.isRoot) return;
  const parts = parseVolid(volid) ?? fail(500, rawPath);
  storageNamed(context.cluster, parts.storage);
  const owner = volumeOwner(volid);
  if (owner === undefined) {
    const needed = ['Datastore.AllocateSpace', 'Datastore.Audit'];
    require403(context, `/storage/${parts.storage}`, needed, true);
  } else if (owner !== vmid) {
    const path = `/vms/${owner}`;
    if (!may(context, `/storage/${parts.storage}`, ['Datastore.Allocate'])) {
      require403(context, path, ['VM.Config.Disk']);
    }
  }
  const content = findVolume(context.cluster, context.node, volid)?.content ?? 'images';
  if (content !== 'images' && content !== 'iso') {
    paramError({[key]: "content type needs to be 'images' or 'iso'"});
  }
}

function requireImport(request: Request, key: string, source: string): void {
  const {context} = request;
  const parts = parseVolid(source);
  if (parts === undefined) {
    if (!context.auth.isRoot) fail(500, rawPath);
    return;
  }
  storageNamed(context.cluster, parts.storage);
  const owner = volumeOwner(source);
  if (owner !== undefined) require403(context, `/vms/${owner}`, ['VM.Clone']);
  else if (!parts.name.startsWith('import/')) {
    const type = parts.name.split('/')[0] ?? '';
    paramError({
      [key]: `${source} has wrong type '${type}' - needs to be 'images' or 'import'`,
    });
  }
}

function privilegesIn(text: string | undefined): readonly string[] {
  return text?.match(/\bVM\.[A-Za-z.]+[A-Za-z]/g) ?? [];
}
