// Why this exists: how QEMU guests use volumes: the log lines Proxmox prints while it makes, copies
// or frees one, paths, and what may be snapshotted, linked or copied. Storage itself is volume.ts.
import {fail} from '../failure.ts';
import type {Cluster, StorageDefinition, Volume} from '../state.ts';
import type {Allocation} from '../volume.ts';
import {
  allocate,
  childrenOf,
  findVolume,
  formatsOf,
  free,
  isFileStorage,
  nameOf,
  parseVolid,
  requireStorage,
} from '../volume.ts';
import {volumeHas} from './features.ts';
import {renderBytes} from './size.ts';

/** Where work is done; `log` writes to the task, or nowhere for a plain call. */
export interface Job {
  readonly cluster: Cluster;
  readonly node: string;
  readonly log: (line: string) => void;
}

/** What to allocate on the job's node. */
export type ImageWish = Omit<Allocation, 'node'>;

/** ext4 holds no larger file, and the recorded system's directories were on it. */
const maxFileBytes = 16 * 1024 ** 4;

/** The definition, or 500 `storage 'x' does not exist`. */
export function storageNamed(cluster: Cluster, id: string): StorageDefinition {
  return cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
}

/** The volume, or 500 `volume '…' does not exist`. */
export function volumeNamed(cluster: Cluster, node: string, volid: string): Volume {
  const parts = parseVolid(volid);
  if (parts !== undefined) storageNamed(cluster, parts.storage);
  return findVolume(cluster, node, volid) ?? fail(500, `volume '${volid}' does not exist`);
}

/** The path that Proxmox prints for a volume. */
export function volumePath(cluster: Cluster, volid: string): string {
  const parts = parseVolid(volid);
  if (parts === undefined) return volid;
  const {storage: id, name} = parts;
  const storage = storageNamed(cluster, id);
  const last = name.split('/').at(-1) ?? name;
  const pool = storage.options.get('pool') ?? id;
  if (isFileStorage(storage)) {
    const root = storage.options.get('path') ?? `/mnt/pve/${id}`;
    if (name.startsWith('iso/')) return `${root}/template/iso/${last}`;
    if (/^(import|snippets|backup)\//.test(name)) return `${root}/${name}`;
    return `${root}/images/${name.split('/').at(-2) ?? ''}/${last}`;
  }
  if (storage.type === 'zfspool') return `/dev/zvol/${pool}/${last}`;
  if (storage.type === 'rbd') return `rbd:${pool}/${last}`;
  return `/dev/${storage.options.get('vgname') ?? id}/${last}`;
}

/** Allocate an image and log it as the storage's tool would. */
export function allocateImage(job: Job, wish: ImageWish): Volume {
  const {cluster, node, log} = job;
  const storage = requireStorage(cluster, wish.storage, node);
  const format = imageFormat(storage, wish.format);
  const tooLarge = isFileStorage(storage) && format === 'raw' && wish.sizeBytes > maxFileBytes;
  const volume = allocate(cluster, {
    ...wish,
    format,
    node,
    usedBytes: format === 'raw' ? 4096 : 266_240,
  });
  const path = volumePath(cluster, volume.volid);
  if (isFileStorage(storage) && !/^(raw|qcow2|vmdk|subvol)$/.test(format)) {
    free(cluster, node, volume.volid);
    fail(500, `unable to parse volume filename '${path.split('/').at(-1)}'`);
  }
  if (tooLarge) {
    free(cluster, node, volume.volid);
    const why = `qemu-img: ${path}: The image size is too large for file format 'raw'`;
    fail(500, `unable to create image: ${why}`);
  }
  for (const line of allocationLog(storage, path, volume)) log(line);
  return volume;
}

/** Block storages know no formats; only a container's volume on ZFS is a file system. */
function imageFormat(storage: StorageDefinition, wanted: string | undefined): string {
  if (isFileStorage(storage)) return wanted ?? formatsOf(storage)[0] ?? 'raw';
  return wanted === 'subvol' ? 'subvol' : 'raw';
}

/** Destroy a volume; that the file is missing is only logged. A base in use is 500. */
export function freeImage(job: Job, volid: string): void {
  const volume = findVolume(job.cluster, job.node, volid);
  if (volume === undefined) {
    job.log(`disk image '${volumePath(job.cluster, volid)}' does not exist`);
    return;
  }
  if (childrenOf(job.cluster, volume).length > 0) {
    fail(500, `base volume '${nameOf(volume)}' is still in use by linked clones`);
  }
  free(job.cluster, job.node, volid);
  const {type} = storageNamed(job.cluster, volume.storage);
  if (type === 'lvm' || type === 'lvmthin') {
    job.log(`  Logical volume "${nameOf(volume)}" successfully removed.`);
  }
}

/** Whether the storage can take snapshots of such a volume. */
export function canSnapshot(cluster: Cluster, volume: Volume): boolean {
  return volumeHas(cluster, volume.volid, 'snapshot');
}

/** Whether the volume is a template's, made to be linked to. */
export function isBase(volume: Volume): boolean {
  return /(^|\/)base(vol)?-\d+-[^/]*$/.test(nameOf(volume));
}

/** The progress lines of a copy. */
export function transferLog(bytes: number): readonly string[] {
  const total = renderBytes(bytes);
  return [`transferred 0.0 B of ${total} (0.00%)`, `transferred ${total} of ${total} (100.00%)`];
}

/** Virtual time that copying so many bytes onto the storage takes. */
export function copyMs(cluster: Cluster, storage: string, bytes: number): number {
  const {copyMsPerGiB, allocateMs} = storageNamed(cluster, storage);
  return allocateMs + Math.round((copyMsPerGiB * bytes) / 1024 ** 3);
}

function allocationLog(
  storage: StorageDefinition,
  path: string,
  volume: Volume,
): readonly string[] {
  const name = path.split('/').at(-1) ?? path;
  const {format, sizeBytes: size, parent} = volume;
  if (!isFileStorage(storage)) {
    const lvm = storage.type === 'lvm' || storage.type === 'lvmthin';
    return lvm ? [`  Logical volume "${name}" created.`] : [];
  }
  if (format === 'subvol') return [];
  if (format === 'raw') return [`Formatting '${path}', fmt=raw size=${size} preallocation=off`];
  if (format === 'vmdk') {
    return [`Formatting '${path}', fmt=vmdk size=${size} compat6=off hwversion=undefined`];
  }
  const tail = 'lazy_refcounts=off refcount_bits=16';
  const head = `Formatting '${path}', fmt=${format} cluster_size=65536 extended_l2=off`;
  if (parent === undefined) {
    return [`${head} preallocation=metadata compression_type=zlib size=${size} ${tail}`];
  }
  const backing = `backing_file=../${parent} backing_fmt=${parent.split('.').at(-1)}`;
  return [
    `clone ${parent}: images, ${name}, ${volume.vmid} to ${name} (base=../${parent})`,
    `${head} compression_type=zlib size=${size} ${backing} ${tail}`,
  ];
}
