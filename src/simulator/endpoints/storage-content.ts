// Why this exists: what lies on a storage of a node: the list, filtered as
// PVE::Storage::Plugin::list_volumes does, and allocating (PVE/API2/Storage/Content.pm).
import {ApiFailure, fail, paramError} from '../failure.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Context, Reply, Route} from '../route.ts';
import {afterDelay, data, integer, route} from '../route.ts';
import type {Cluster, StorageDefinition, Volume} from '../state.ts';
import {allocate, isFileStorage, requireActive, volumesOn} from '../volume.ts';
import {imageFile} from '../volume-name.ts';
import {volumeRoutes} from './storage-volume.ts';

const base = '/nodes/{node}/storage/{storage}/content';

/** `/nodes/{node}/storage/{storage}/content` and below. */
export const contentRoutes: readonly Route[] = [
  route('GET', base, listContent),
  route('POST', base, allocateVolume),
  ...volumeRoutes,
];

function listContent(context: Context): Reply {
  const {cluster, params, node} = context;
  const storage = requireActive(cluster, context.path.storage ?? '', node);
  const vmid = integer(context, 'vmid');
  const wanted = (content: string): boolean =>
    storage.content.has(content) && (params.content ?? content) === content;
  const visible = volumesOn(cluster, node, storage.id)
    .map((volume) => ({volume, content: contentOf(cluster, volume)}))
    .filter(({volume, content}) => wanted(content) && isOwned(volume, content, vmid))
    .filter(({volume}) => mayAccess(context, volume));
  const sorted = visible.sort((left, right) =>
    left.volume.volid.toLowerCase() < right.volume.volid.toLowerCase() ? -1 : 1,
  );
  return data(sorted.map(({volume, content}) => listEntry(storage, volume, content)));
}

/** An image is a container's file system if its owner is a container now. */
function contentOf(cluster: Cluster, volume: Volume): string {
  if (volume.content !== 'images' && volume.content !== 'rootdir') {
    return volume.content;
  }
  return cluster.guests.get(volume.vmid ?? 0)?.kind === 'lxc' ? 'rootdir' : 'images';
}

/** Files that have no owner are left out by a filter, but for snippets and importable images. */
function isOwned(volume: Volume, content: string, vmid: number | undefined): boolean {
  return vmid === undefined || volume.vmid === vmid || ['snippets', 'import'].includes(content);
}

/** Whether a caller may see a volume; others are left out of lists. */
function mayAccess(context: Context, volume: Volume): boolean {
  try {
    requireVolumeAccess({context, vmid: 0}, volume.volid);
    return true;
  } catch (error) {
    if (error instanceof ApiFailure) return false;
    throw error;
  }
}

function listEntry(
  storage: StorageDefinition,
  volume: Volume,
  content: string,
): Record<string, unknown> {
  const base = {
    volid: volume.volid,
    content,
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
  return {
    ...base,
    vmid: volume.vmid,
    ...(isFile ? {used: volume.usedBytes} : {}),
    ...parentOf(storage, volume.parent),
  };
}

/** A thin pool does not tell what a volume was linked to. */
function parentOf(storage: StorageDefinition, parent: string | undefined): {parent?: unknown} {
  if (isFileStorage(storage)) {
    return {parent: parent === undefined ? null : `../${parent}`};
  }
  if (storage.type !== 'zfspool' && storage.type !== 'rbd') return {};
  return {parent: parent === undefined ? null : `${parent}@__base__`};
}

function allocateVolume(context: Context): Reply {
  const {cluster, params, node, path} = context;
  const {filename = '', format: asked} = params;
  const named = /\.(raw|qcow2|vmdk)$/.exec(filename)?.[1];
  if (asked !== undefined && named !== undefined && asked !== named) {
    paramError({format: `different storage formats (${asked} != ${named})`});
  }
  const storage = requireActive(cluster, path.storage ?? '', node);
  const wish: NamedImage = {
    filename,
    format: asked ?? named ?? defaultFormat(storage),
    vmid: Number(params.vmid),
    sizeBytes: sizeOf(params.size ?? '0'),
  };
  refuseName(storage, wish);
  return afterDelay(cluster, storage.allocateMs, () => {
    const {format, sizeBytes, vmid} = wish;
    const name = isFileStorage(storage) ? filename.replace(/\.[^.]+$/, '') : filename;
    const usedBytes = format === 'qcow2' ? 331_776 : 0;
    const image = {storage: storage.id, node, vmid, sizeBytes, format, name, usedBytes};
    return data(allocate(cluster, image).volid);
  });
}

interface NamedImage {
  readonly filename: string;
  readonly format: string;
  readonly vmid: number;
  readonly sizeBytes: number;
}

function defaultFormat(storage: StorageDefinition): string {
  return isFileStorage(storage) ? (storage.options.get('format') ?? 'raw') : 'raw';
}

/** Perl's own deaths name their line. */
const unsupported: Readonly<Record<string, string>> = {
  lvm: 'LVMPlugin.pm line 429',
  lvmthin: 'LvmThinPlugin.pm line 89',
  zfs: 'ZFSPlugin.pm line 343',
  zfspool: 'ZFSPoolPlugin.pm line 240',
};

function refuseName(storage: StorageDefinition, image: NamedImage): void {
  const {filename, format, vmid, sizeBytes} = image;
  if (isFileStorage(storage)) {
    const {format: extension} = imageFile(filename);
    if (extension !== format) {
      const what = `wrong extension for format ('${extension} != '${format}')`;
      fail(500, `illegal name '${filename}' - ${what}`);
    }
    if (format === 'subvol' && sizeBytes !== 0) {
      fail(500, 'storage does not support subvol quotas');
    }
    return;
  }
  if (['pbs', 'iscsi', 'iscsidirect'].includes(storage.type)) {
    fail(500, `can't allocate space in ${storage.type === 'pbs' ? 'pbs' : 'iscsi'} storage`);
  }
  const where = unsupported[storage.type];
  const isVolume = storage.type === 'zfspool' && format === 'subvol';
  if (format !== 'raw' && !isVolume && where !== undefined) {
    fail(500, `unsupported format '${format}' at /usr/share/perl5/PVE/Storage/${where}.`);
  }
  const prefix = `${isVolume ? 'subvol' : 'vm'}-${vmid}-`;
  if (filename !== '' && !filename.startsWith(prefix)) {
    fail(500, `illegal name '${filename}' - should be '${prefix}*'`);
  }
}

/** `size` of an allocation: plain numbers are KiB. */
function sizeOf(text: string): number {
  const unit = text.endsWith('G') ? 1024 ** 3 : text.endsWith('M') ? 1024 ** 2 : 1024;
  return Number.parseInt(text, 10) * unit;
}
