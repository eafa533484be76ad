// Why this exists: how containers use volumes: a raw volume is formatted, a ZFS volume is a file
// system already, freeing spares what others own (PVE::LXC alloc_disk, delete_mountpoint_volume).
import {fail} from '../failure.ts';
import {volumeOwner} from '../qemu/drive.ts';
import type {Feature} from '../qemu/features.ts';
import {volumeHas} from '../qemu/features.ts';
import type {Job} from '../qemu/volumes.ts';
import {allocateImage, copyMs, freeImage, storageNamed} from '../qemu/volumes.ts';
import {randomUuid} from '../random.ts';
import type {Cluster, StorageDefinition, Volume} from '../state.ts';
import {findVolume, isFileStorage, nameOf, parseVolid} from '../volume.ts';
import {contentsOf} from './contents.ts';
import {mkfsLines} from './filesystem.ts';
import type {Mount} from './mountpoint.ts';
import {newDiskWish, printMount, withVolume} from './mountpoint.ts';

/** A new disk of a container. */
export interface DiskWish {
  readonly vmid: number;
  readonly storage: string;
  readonly sizeBytes: number;
}

/** Allocate and format a disk; 500 when the storage does not take containers. */
function allocateDisk(job: Job, wish: DiskWish): Volume {
  const storage = storageNamed(job.cluster, wish.storage);
  if (!takesContainers(storage) && storage.type !== 'zfspool') {
    const what = `content type 'rootdir' is not available or configured`;
    fail(500, `${what} on storage '${storage.id}'`);
  }
  const format = formatOf(storage, wish.sizeBytes);
  const volume = allocateImage(job, {...wish, format, content: 'rootdir'});
  if (format === 'raw') {
    const uuid = randomUuid(job.cluster.random);
    for (const line of mkfsLines(wish.sizeBytes, uuid)) job.log(line);
  }
  return volume;
}

/** Whether a storage may hold containers. */
export function takesContainers(storage: StorageDefinition): boolean {
  return storage.content.has('rootdir');
}

function formatOf(storage: StorageDefinition, sizeBytes: number): string {
  if (storage.type === 'zfspool') return 'subvol';
  return isFileStorage(storage) && sizeBytes === 0 ? 'subvol' : 'raw';
}

/** The mount's text once its new disk is there; other mounts are only printed anew. */
export function createDisk(job: Job, vmid: number, mount: Mount, made: string[]): string {
  const {version} = job.cluster;
  const wish = mount.type === 'volume' ? newDiskWish(mount.volume) : undefined;
  if (wish === undefined) return printMount(version, mount);
  const volume = allocateDisk(job, {vmid, ...wish});
  made.push(volume.volid);
  return printMount(version, withVolume(mount, volume.volid, wish.sizeBytes));
}

/** Give back disks that a failed call had made. */
export function freeMade(job: Job, made: readonly string[]): void {
  for (const volid of made) {
    if (findVolume(job.cluster, job.node, volid) !== undefined) freeImage(job, volid);
  }
}

/** Free a mount's volume if it is a volume and the container's own. */
export function freeOwn(job: Job, vmid: number, mount: Mount): void {
  if (mount.type !== 'volume') return;
  if (volumeOwner(mount.volume) === vmid) freeImage(job, mount.volume);
  else job.log(`ignore deletion of '${mount.volume}', CT ${vmid} isn't the owner!`);
}

/** What can be asked of a volume. A linked clone of a file is qcow2, which is of no use here. */
export function mountHas(
  cluster: Cluster,
  mount: Mount,
  feature: Feature,
  fromSnapshot = false,
): boolean {
  if (mount.type !== 'volume') return false;
  const storage = storageNamed(cluster, parseVolid(mount.volume)?.storage ?? '');
  const isFile = isFileStorage(storage) && storage.type !== 'btrfs';
  return (
    !(isFile && feature === 'clone') && volumeHas(cluster, mount.volume, feature, fromSnapshot)
  );
}

/** Copy a volume's files into a new disk of that container; the caller lets time pass. */
export function copyVolume(
  job: Job,
  source: Volume,
  onto: {vmid: number; storage: string},
): Volume {
  const {tarBytes, ostype} = contentsOf(source);
  const copy = allocateDisk(job, {...onto, sizeBytes: source.sizeBytes});
  const known = source.data === undefined ? {} : {ostype};
  copy.data = {tarBytes, ...known, madeBytes: copy.sizeBytes};
  copy.usedBytes = source.usedBytes;
  return copy;
}

/** What rsync prints at the end; how many files there are is not known. */
export function copyLog(source: Volume): readonly string[] {
  const bytes = contentsOf(source).tarBytes.toLocaleString('en-US');
  return [
    '',
    'Number of files: 1 (dir: 1)',
    'Number of created files: 0',
    'Number of deleted files: 0',
    'Number of regular files transferred: 0',
    `Total file size: ${bytes} bytes`,
    `Total transferred file size: ${bytes} bytes`,
    `Literal data: ${bytes} bytes`,
    'Matched data: 0 bytes',
    'File list size: 0',
    'File list generation time: 0.001 seconds',
    'File list transfer time: 0.000 seconds',
    `Total bytes sent: ${bytes}`,
    'Total bytes received: 254',
    '',
    `sent ${bytes} bytes  received 254 bytes  1,000,000.00 bytes/sec`,
    `total size is ${bytes}  speedup is 1.00`,
  ];
}

/** LVM's name of a volume's snapshot; other storages have none of their own. */
export function lvmSnapshot(cluster: Cluster, volume: Volume, name: string): readonly string[] {
  const isThin = storageNamed(cluster, volume.storage).type === 'lvmthin';
  return isThin ? [`snap_${nameOf(volume)}_${name}`] : [];
}

/** What LVM prints when a logical volume is there. */
export function createdLine(name: string): string {
  return `  Logical volume "${name}" created.`;
}

/** What LVM prints when a logical volume is gone. */
export function removedLine(name: string): string {
  return `  Logical volume "${name}" successfully removed.`;
}

/** Virtual time that making a disk of that wish takes, by its storage. */
export function allocationMs(cluster: Cluster, volume: string): number {
  const wish = newDiskWish(volume);
  return wish === undefined ? 0 : (cluster.storages.get(wish.storage)?.allocateMs ?? 0);
}

/** Virtual time that copying the volume onto a storage takes. */
export function copyTimeMs(cluster: Cluster, source: Volume, storage: string): number {
  return copyMs(cluster, storageNamed(cluster, storage).id, source.sizeBytes);
}
