// Why this exists: one volume of a storage: its facts, notes and protection, and its end
// (PVE/API2/Storage/Content.pm; attributes in PVE/Storage/DirPlugin.pm).
import {protectedLimit} from '../backup/limits.ts';
import {fail, paramError} from '../failure.ts';
import {require403} from '../permission.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Context, Reply, Route} from '../route.ts';
import {answerInTime, data, integer, nothing, route} from '../route.ts';
import type {StorageDefinition, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Worker} from '../task.ts';
import {fork} from '../task.ts';
import {
  filePath,
  findVolume,
  folderOf,
  free,
  isFileStorage,
  nameOf,
  parseVolid,
  requireActive,
  virtualBytes,
  volumesOn,
} from '../volume.ts';
import type {VolumeName} from '../volume-name.ts';
import {readVolumeName} from '../volume-name.ts';

const base = '/nodes/{node}/storage/{storage}/content/{volume}';

/** `/nodes/{node}/storage/{storage}/content/{volume}`. */
export const volumeRoutes: readonly Route[] = [
  route('GET', base, showVolume),
  route('PUT', base, updateVolume),
  route('DELETE', base, deleteVolume),
];

/** A volume that a call names, whether it is there or not. */
interface Named {
  readonly storage: StorageDefinition;
  readonly volid: string;
  readonly name: VolumeName;
}

function namedVolume(context: Context): Named {
  const volid = volidOf(context);
  const id = volid.slice(0, volid.indexOf(':'));
  const storage = context.cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  return {storage, volid, name: readVolumeName(storage, volid.slice(id.length + 1))};
}

function volidOf(context: Context): string {
  const {volume = '', storage = ''} = context.path;
  if (!volume.includes(':')) {
    return `${storage}:${volume}`;
  }
  const named = parseVolid(volume)?.storage;
  if (named === undefined) {
    paramError({volume: `unable to parse volume ID '${volume}'\n`});
  }
  if (named !== storage) {
    paramError({volume: `storage ID mismatch (${named} != ${storage})\n`});
  }
  return volume;
}

/** Neither a disabled storage nor one of another node is a reason not to look. */
function showVolume(context: Context): Reply {
  const {storage, volid, name} = namedVolume(context);
  requireVolumeAccess({context, vmid: 0}, volid);
  const volume = findVolume(context.cluster, context.node, volid) ?? refuseMissing(storage, volid);
  const {format} = name;
  const isFile = isFileStorage(storage);
  const isWhole = isFile && name.content !== 'images' && name.content !== 'import';
  const size = sizeSeen(volume, name);
  if (size === 0 && format !== 'subvol') {
    fail(500, `volume '${volid}' has size zero`);
  }
  const used = isWhole ? roundUp(volume.sizeBytes, 4096) : volume.usedBytes;
  return data({
    path: pathOf(storage, volume),
    size,
    used: isFile || storage.type === 'zfspool' ? used : 0,
    format,
    ...(name.content === 'backup'
      ? {notes: volume.notes ?? '', protected: volume.protected === true ? 1 : 0}
      : {}),
  });
}

/** Files that are no images are measured as raw ones, in sectors. */
function sizeSeen(volume: Volume, {content, format}: VolumeName): number {
  if (content === 'import') {
    return virtualBytes(volume);
  }
  return content === 'images' || format !== 'raw'
    ? volume.sizeBytes
    : roundUp(volume.sizeBytes, 512);
}

function roundUp(bytes: number, step: number): number {
  return Math.ceil(bytes / step) * step;
}

function refuseMissing(storage: StorageDefinition, volid: string): never {
  const name = volid.slice(storage.id.length + 1);
  if (storage.type === 'lvm' || storage.type === 'lvmthin') {
    const vg = storage.options.get('vgname') ?? storage.id;
    const cause = `Failed to find logical volume "${vg}/${name}"`;
    fail(500, `can't get size of '/dev/${vg}/${name}':   ${cause}`);
  }
  if (storage.type === 'zfspool') {
    const pool = storage.options.get('pool') ?? storage.id;
    fail(500, `zfs error: cannot open '${pool}/${name}': dataset does not exist`);
  }
  return fail(500, `volume_size_info on '${volid}' failed - no format`);
}

/** Where a volume lies on its node. */
export function pathOf(storage: StorageDefinition, volume: Volume): string {
  const file = nameOf(volume).split('/').at(-1) ?? '';
  if (!isFileStorage(storage)) {
    const pool = storage.options.get('pool') ?? storage.id;
    if (storage.type === 'zfspool') {
      const isFolder = /^(subvol|basevol)-/.test(file);
      return isFolder
        ? `${storage.options.get('mountpoint') ?? `/${pool}`}/${file}`
        : `/dev/zvol/${pool}/${file}`;
    }
    return `/dev/${storage.options.get('vgname') ?? storage.id}/${file}`;
  }
  const isImage = volume.content === 'images' || volume.content === 'rootdir';
  return isImage
    ? filePath(storage, volume.vmid ?? 0, file)
    : `${folderOf(storage, volume.content)}/${file}`;
}

/** Whoever may read a volume may also note and protect it. */
function updateVolume(context: Context): Reply {
  const {params, cluster, node} = context;
  const {storage, volid, name} = namedVolume(context);
  requireVolumeAccess({context, vmid: 0}, volid);
  const volume = findVolume(cluster, node, volid);
  if (params.notes !== undefined) {
    refuseAttribute(storage, name, 'notes');
    keep(context, volume, {notes: params.notes});
  }
  if (params.protected !== undefined) {
    if (params.protected === '1' && volume?.protected !== true) {
      refuseBeyondLimit(context, {storage, volid, name});
    }
    refuseAttribute(storage, name, 'protected');
    keep(context, volume, {protected: params.protected === '1'});
  }
  return nothing;
}

/** Notes and protection are files beside the archive, which need not be there. */
function keep(
  {cluster}: Context,
  volume: Volume | undefined,
  change: {readonly notes?: string; readonly protected?: boolean},
): void {
  if (volume === undefined) return;
  Object.assign(volume, change);
  recordEffect(cluster, 'attribute', volume.vmid, `${volume.volid} ${Object.keys(change)[0]}`);
}

/** Without Datastore.Allocate five backups of a guest may be protected, unless the storage says. */
function refuseBeyondLimit(context: Context, {storage, volid, name}: Named): void {
  const {cluster, node} = context;
  if (name.content !== 'backup' || name.vmid === undefined) return;
  const limit = protectedLimit(context, storage);
  const kindOf = (one: string): string => /vzdump-(\w+)-/.exec(one)?.[1] ?? '';
  const count = volumesOn(cluster, node, storage.id).filter(
    (one) =>
      one.protected === true && one.vmid === name.vmid && kindOf(one.volid) === kindOf(volid),
  ).length;
  if (limit > -1 && limit <= count) {
    const what = 'The number of protected backups per guest is limited to';
    fail(500, `${what} ${limit} on storage '${storage.id}'`);
  }
}

const withoutNotes: Readonly<Record<string, string>> = {
  lvm: 'LVMPlugin',
  lvmthin: 'LvmThinPlugin',
  zfspool: 'ZFSPoolPlugin',
  rbd: 'RBDPlugin',
};

function refuseAttribute(storage: StorageDefinition, name: VolumeName, attribute: string): void {
  if (!isFileStorage(storage) && storage.type !== 'pbs') {
    const plugin = `PVE::Storage::${withoutNotes[storage.type] ?? storage.type}`;
    const text =
      attribute === 'notes'
        ? `volume notes are not supported for ${plugin} at ` +
          '/usr/share/perl5/PVE/Storage/Plugin.pm line 1171.'
        : `attribute '${attribute}' is not supported for storage type '${storage.type}'`;
    fail(500, text);
  }
  if (name.content !== 'backup') {
    const isNotes = attribute === 'notes';
    fail(
      500,
      isNotes ? 'only backups can have notes' : `only backups support attribute '${attribute}'`,
    );
  }
}

function deleteVolume(context: Context): Reply {
  const {cluster, node} = context;
  const named = namedVolume(context);
  const {storage, name} = named;
  const path = `/storage/${storage.id}`;
  if (name.content === 'backup' && name.vmid !== undefined) {
    require403(context, path, ['Datastore.AllocateSpace']);
    require403(context, `/vms/${name.vmid}`, ['VM.Backup']);
  } else {
    require403(context, path, ['Datastore.Allocate']);
  }
  const upid = fork(cluster, {
    node,
    type: 'imgdel',
    id: name.vmid === undefined ? storage.id : `${name.vmid}@${storage.id}`,
    auth: context.auth,
    stages: [{kind: 'do', run: (worker) => remove(worker, node, named)}],
  });
  return answerInTime(cluster, {
    upid,
    delayS: integer(context, 'delay'),
    everyMs: 1_000,
    failure: (status) => (/^(OK|WARNINGS: \d+)$/.test(status) ? null : status),
  });
}

function remove(worker: Worker, node: string, {storage, volid, name}: Named): void {
  const {cluster} = worker;
  requireActive(cluster, storage.id, node);
  const volume = findVolume(cluster, node, volid);
  if (volume?.protected === true) {
    fail(500, `cannot remove protected volume '${nameOf(volume)}' on '${storage.id}'`);
  }
  if (volume === undefined && isFileStorage(storage) && name.format !== 'subvol') {
    worker.log(`disk image '${placeOf(storage, name)}' does not exist`);
  }
  free(cluster, node, volid);
  worker.log(`Removed volume '${volid}'`);
}

function placeOf(storage: StorageDefinition, {content, file, vmid}: VolumeName): string {
  return content === 'images'
    ? filePath(storage, vmid ?? 0, file)
    : `${folderOf(storage, content)}/${file}`;
}
