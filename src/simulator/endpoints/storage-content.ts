// Why this exists: what lies on a storage of a node: list, one volume, allocate, delete.
import {fail, paramError} from '../failure.ts';
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
  parseVolid,
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
  const sorted = visible.sort((left, right) =>
    left.volid.toLowerCase() < right.volid.toLowerCase() ? -1 : 1,
  );
  return data(sorted.map((volume) => listEntry(storage, volume)));
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
      return (
        may(caller, path, ['Datastore.Audit']) &&
        may(caller, `/vms/${volume.vmid}`, ['VM.Config.Disk'])
      );
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
  const {format: asked} = params;
  if (asked !== undefined && match?.[2] !== undefined && asked !== match[2]) {
    paramError({format: `different storage formats (${asked} != ${match[2]})`});
  }
  const format = asked ?? match?.[2] ?? 'raw';
  refuseName(storage, {filename, format, extension: match?.[2], vmid});
  const sizeBytes = sizeOf(params.size ?? '0');
  return afterDelay(cluster, storage.allocateMs, () => {
    const name = isFile ? (match?.[1] ?? filename) : filename;
    const wish = {storage: storage.id, node, vmid, sizeBytes, format, name, usedBytes: 331_776};
    return data(allocate(cluster, wish).volid);
  });
}

function refuseName(
  storage: StorageDefinition,
  wish: {
    readonly filename: string;
    readonly format: string;
    readonly extension: string | undefined;
    readonly vmid: number;
  },
): void {
  const {filename, format, extension, vmid} = wish;
  if (!isFileStorage(storage)) {
    if (format !== 'raw') {
      fail(500, `unsupported format '${format}'`);
    }
    if (!filename.startsWith(`vm-${vmid}-`)) {
      fail(500, `illegal name '${filename}' - should be 'vm-${vmid}-*'`);
    }
    return;
  }
  if (extension === undefined) {
    fail(500, `unable to parse volume filename '${filename}'`);
  }
  if (extension !== format) {
    fail(
      500,
      `illegal name '${filename}' - wrong extension for format ('${extension} != '${format}')`,
    );
  }
}

/** `size` of an allocation: plain numbers are KiB. */
function sizeOf(text: string): number {
  const unit = text.endsWith('G') ? 1024 ** 3 : text.endsWith('M') ? 1024 ** 2 : 1024;
  return Number.parseInt(text, 10) * unit;
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
  return volume ?? fail(500, `volume_size_info on '${volid}' failed - no format`);
}

function showVolume(context: Context): Reply {
  const storage = storageOf(context);
  const volume = requireVolume(context);
  requireAccess(context, volume);
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

/** Whoever may read a volume may also note and protect it. */
function updateVolume(context: Context): Reply {
  const {params} = context;
  const storage = storageOf(context);
  const volume = requireVolume(context);
  requireAccess(context, volume);
  for (const attribute of ['notes', 'protected'] as const) {
    if (params[attribute] !== undefined) {
      refuseAttribute(storage, volume, attribute);
    }
  }
  volume.notes = params.notes ?? volume.notes ?? '';
  if (params.protected !== undefined) {
    volume.protected = params.protected === '1';
  }
  return nothing;
}

function refuseAttribute(storage: StorageDefinition, volume: Volume, attribute: string): void {
  if (!isFileStorage(storage) && storage.type !== 'pbs') {
    const text =
      attribute === 'notes'
        ? `volume notes are not supported for ${storage.type}`
        : `attribute '${attribute}' is not supported for storage type '${storage.type}'`;
    fail(500, text);
  }
  if (volume.content !== 'backup') {
    const isNotes = attribute === 'notes';
    fail(
      500,
      isNotes ? 'only backups can have notes' : `only backups support attribute '${attribute}'`,
    );
  }
}

/** Refuse with the text that PVE::Storage::check_volume_access has for it. */
function requireAccess(context: Context, volume: Volume): void {
  const path = `/storage/${volume.storage}`;
  if (may(context, path, ['Datastore.Allocate'])) {
    return;
  }
  const isImage = volume.content === 'images' || volume.content === 'rootdir';
  if (['iso', 'vztmpl', 'import'].includes(volume.content)) {
    require403(context, path, ['Datastore.AllocateSpace', 'Datastore.Audit'], true);
  } else if (volume.content === 'backup' && volume.vmid !== undefined) {
    require403(context, path, ['Datastore.AllocateSpace']);
    require403(context, `/vms/${volume.vmid}`, ['VM.Backup']);
  } else if (isImage && volume.vmid !== undefined) {
    require403(context, path, ['Datastore.Audit']);
    require403(context, `/vms/${volume.vmid}`, ['VM.Config.Disk']);
  } else {
    fail(500, `missing privileges to access ${volume.volid}`);
  }
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
