// Why this exists: what lies on a storage of a node: list, one volume, allocate, delete.
import {fail} from '../failure.ts';
import type {Caller} from '../permission.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {afterDelay, data, integer, nothing, route} from '../route.ts';
import type {Cluster, StorageDefinition, Volume} from '../state.ts';
import {fork} from '../task.ts';
import {
  allocate,
  filePath,
  findVolume,
  free,
  isFileStorage,
  nameOf,
  requireStorage,
  volumesOn,
} from '../volume.ts';

const base = '/nodes/{node}/storage/{storage}/content';

/** `/nodes/{node}/storage/{storage}/content` and below. */
export const contentRoutes: readonly Route[] = [
  route('GET', base, listContent),
  route('POST', base, allocateVolume),
  route('GET', `${base}/{volume}`, showVolume),
  route('PUT', `${base}/{volume}`, updateVolume),
  route('DELETE', `${base}/{volume}`, deleteVolume),
];

function storageOf(context: Context): StorageDefinition {
  return requireStorage(context.cluster, context.path.storage ?? '', context.node);
}

function listContent(context: Context): Reply {
  const {cluster, params, node} = context;
  const storage = storageOf(context);
  const vmid = integer(context, 'vmid');
  const visible = volumesOn(cluster, node, storage.id)
    .filter((volume) => params.content === undefined || volume.content === params.content)
    // Importable images have no owner, and a filter by owner does not drop them.
    .filter((volume) => vmid === undefined || volume.vmid === vmid || volume.content === 'import')
    .filter((volume) => mayAccess(context, volume));
  return data(visible.map((volume) => listEntry(storage, volume)));
}

/** Whether a caller may see a volume; others are left out of lists. */
function mayAccess(caller: Caller, volume: Volume): boolean {
  const path = `/storage/${volume.storage}`;
  if (may(caller, path, ['Datastore.Allocate'])) {
    return true;
  }
  switch (volume.content) {
    case 'images':
    case 'rootdir':
      return may(caller, `/vms/${volume.vmid}`, ['VM.Config.Disk']);
    case 'backup':
      return (
        may(caller, path, ['Datastore.AllocateSpace']) &&
        may(caller, `/vms/${volume.vmid}`, ['VM.Backup'])
      );
    case 'snippets':
      return false;
    default:
      return may(caller, path, ['Datastore.AllocateSpace', 'Datastore.Audit'], true);
  }
}

function listEntry(storage: StorageDefinition, volume: Volume): Record<string, unknown> {
  const base = {
    volid: volume.volid,
    content: volume.content,
    format: volume.format,
    size: volume.sizeBytes,
    ctime: volume.ctimeS,
  };
  if (volume.content === 'backup') {
    return {
      ...base,
      vmid: volume.vmid,
      subtype: volume.volid.includes('-lxc-') ? 'lxc' : 'qemu',
      ...(volume.notes === undefined ? {} : {notes: volume.notes}),
      ...(volume.protected === true ? {protected: 1} : {}),
    };
  }
  if (volume.content !== 'images' && volume.content !== 'rootdir') {
    return base;
  }
  const isFile = isFileStorage(storage);
  const parent = volume.parent === undefined ? null : parentText(isFile, volume.parent);
  return {
    ...base,
    vmid: volume.vmid,
    ...(isFile ? {used: volume.usedBytes} : {}),
    ...(isFile || parent !== null ? {parent} : {}),
  };
}

function parentText(isFile: boolean, parent: string): string {
  return isFile ? `../${parent}` : parent;
}

function allocateVolume(context: Context): Reply {
  const {cluster, params, node} = context;
  const storage = storageOf(context);
  const filename = params.filename ?? '';
  const vmid = Number(params.vmid);
  const match = /^(.+)\.(raw|qcow2|vmdk|subvol)$/.exec(filename);
  const isFile = isFileStorage(storage);
  const format = params.format ?? match?.[2] ?? 'raw';
  const sizeBytes = sizeOf(params.size ?? '0');
  return afterDelay(cluster, storage.allocateMs, () => {
    const name = isFile ? (match?.[1] ?? filename) : filename;
    const wish = {storage: storage.id, node, vmid, sizeBytes, format, name, usedBytes: 331_776};
    return data(allocate(cluster, wish).volid);
  });
}

/** `size` of an allocation: plain numbers are KiB. */
function sizeOf(text: string): number {
  const unit = text.endsWith('G') ? 1024 ** 3 : text.endsWith('M') ? 1024 ** 2 : 1024;
  return Number.parseInt(text, 10) * unit;
}

function volidOf(context: Context): string {
  const text = context.path.volume ?? '';
  return text.includes(':') ? text : `${context.path.storage}:${text}`;
}

function checkName(volid: string): void {
  const file = volid.split('/').at(-1) ?? '';
  if (/:\d+\//.test(volid) && !/\.(raw|qcow2|vmdk|subvol)$/.test(file)) {
    fail(500, `unable to parse volume filename '${file}'`);
  }
}

function requireVolume(context: Context): Volume {
  const volid = volidOf(context);
  checkName(volid);
  const volume = findVolume(context.cluster, context.node, volid);
  return volume ?? fail(500, `volume_size_info on '${volid}' failed`);
}

function showVolume(context: Context): Reply {
  const storage = storageOf(context);
  const volume = requireVolume(context);
  if (!mayAccess(context, volume)) {
    require403(context, `/storage/${storage.id}`, ['Datastore.Allocate']);
  }
  // An archive is measured as a raw file, in blocks.
  const isBackup = volume.content === 'backup';
  const size = isBackup ? Math.ceil(volume.sizeBytes / 4096) * 4096 : volume.sizeBytes;
  return data({
    path: pathOf(storage, volume),
    size,
    used: isBackup ? size : volume.usedBytes,
    format: isBackup ? 'raw' : volume.format,
    ...(volume.notes === undefined ? {} : {notes: volume.notes}),
    ...(volume.content === 'backup' ? {protected: volume.protected === true ? 1 : 0} : {}),
  });
}

const folders: Readonly<Record<string, string>> = {
  iso: 'template/iso',
  vztmpl: 'template/cache',
  backup: 'dump',
  snippets: 'snippets',
  import: 'import',
};

/** Where a volume lies on its node. */
export function pathOf(storage: StorageDefinition, volume: Volume): string {
  const file = nameOf(volume).split('/').at(-1) ?? '';
  const folder = folders[volume.content];
  if (folder !== undefined) {
    return `${storage.options.get('path') ?? `/mnt/pve/${storage.id}`}/${folder}/${file}`;
  }
  return isFileStorage(storage)
    ? filePath(storage, volume.vmid ?? 0, file)
    : `/dev/${storage.options.get('vgname') ?? storage.id}/${file}`;
}

function requireBackupRights(context: Context, volume: Volume): void {
  const path = `/storage/${volume.storage}`;
  const isBackup = volume.content === 'backup' && volume.vmid !== undefined;
  if (!isBackup || may(context, path, ['Datastore.Allocate'])) {
    require403(context, path, ['Datastore.Allocate']);
    return;
  }
  require403(context, path, ['Datastore.AllocateSpace']);
  require403(context, `/vms/${volume.vmid}`, ['VM.Backup']);
}

function updateVolume(context: Context): Reply {
  const {params} = context;
  storageOf(context);
  const volume = requireVolume(context);
  requireBackupRights(context, volume);
  if (volume.content !== 'backup') {
    fail(500, `attribute 'notes' not supported for content '${volume.content}'`);
  }
  volume.notes = params.notes ?? volume.notes ?? '';
  if (params.protected !== undefined) {
    volume.protected = params.protected === '1';
  }
  return nothing;
}

function deleteVolume(context: Context): Reply {
  const {cluster, node} = context;
  const storage = storageOf(context);
  const volid = volidOf(context);
  checkName(volid);
  const volume = findVolume(cluster, node, volid);
  const owner = ownerOf(volid, volume);
  if (volume === undefined && owner !== undefined) {
    requireBackupRights(context, stand(context, volid, owner));
  } else if (volume !== undefined) {
    requireBackupRights(context, volume);
  } else {
    require403(context, `/storage/${storage.id}`, ['Datastore.Allocate']);
  }
  const upid = fork(cluster, {
    node,
    type: 'imgdel',
    id: owner === undefined ? storage.id : `${owner}@${storage.id}`,
    auth: context.auth,
    stages: [{kind: 'do', run: (worker) => remove(worker, {cluster, node, storage, volid})}],
  });
  return integer(context, 'delay') === undefined ? data(upid) : nothing;
}

function remove(
  worker: {readonly log: (line: string) => void},
  what: {
    readonly cluster: Cluster;
    readonly node: string;
    readonly storage: StorageDefinition;
    readonly volid: string;
  },
): void {
  const {cluster, node, storage, volid} = what;
  const volume = findVolume(cluster, node, volid);
  if (volume?.protected === true) {
    fail(500, `cannot remove protected volume '${nameOf(volume)}' on '${storage.id}'`);
  }
  if (volume === undefined) {
    const content = volid.includes(':backup/') ? 'backup' : 'images';
    const gone = {volid, storage: storage.id, content, vmid: ownerOf(volid, undefined)};
    worker.log(`disk image '${goneFile(storage, gone)}' does not exist`);
  }
  free(cluster, node, volid);
  worker.log(`Removed volume '${volid}'`);
}

function goneFile(
  storage: StorageDefinition,
  gone: {readonly volid: string; readonly content: string; readonly vmid: number | undefined},
): string {
  const file = gone.volid.split('/').at(-1) ?? '';
  const root = storage.options.get('path') ?? '';
  return gone.content === 'backup'
    ? `${root}/dump/${file}`
    : filePath(storage, gone.vmid ?? 0, file);
}

function ownerOf(volid: string, volume: Volume | undefined): number | undefined {
  const inName = /(?::|\/)(?:vm|base|subvol)-(\d+)-|vzdump-(?:qemu|lxc)-(\d+)-/.exec(volid);
  const folder = /:(\d+)\//.exec(volid)?.[1];
  const found = volume?.vmid ?? folder ?? inName?.[1] ?? inName?.[2];
  return found === undefined ? undefined : Number(found);
}

/** A stand-in for a volume that is not there, to check who might delete it. */
function stand(context: Context, volid: string, vmid: number): Volume {
  return {
    volid,
    storage: context.path.storage ?? '',
    node: context.node,
    format: 'raw',
    sizeBytes: 0,
    usedBytes: 0,
    vmid,
    parent: undefined,
    content: volid.includes(':backup/') ? 'backup' : 'images',
    ctimeS: 0,
    snapshots: new Set(),
  };
}
