// Why this exists: volumes and what storages do with them: names, indices, allocation, free, clone,
// copy, resize, snapshot. Texts as facts.md section 8; who may do it is checked by the caller.
import {fail} from './failure.ts';
import {splitList} from './route.ts';
import type {Cluster, StorageDefinition, Volume} from './state.ts';
import {nodeSeconds, recordEffect} from './state.ts';

const fileTypes = new Set(['dir', 'nfs', 'cifs', 'btrfs', 'cephfs', 'glusterfs']);

/** The definition of a storage that is there, enabled, and on that node; else 500 with the text. */
export function requireStorage(cluster: Cluster, id: string, node: string): StorageDefinition {
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  if (storage.disabled) {
    fail(500, `storage '${id}' is disabled`);
  }
  if (storage.nodes !== undefined && !storage.nodes.has(node)) {
    fail(500, `storage '${id}' is not available on node '${node}'`);
  }
  return storage;
}

/** The same, and it can be used now: what is reached over a network may be out of reach. */
export function requireActive(cluster: Cluster, id: string, node: string): StorageDefinition {
  const storage = requireStorage(cluster, id, node);
  if (storage.outOfReach === true) {
    fail(500, `storage '${id}' is not online`);
  }
  const problem = contentProblem(storage);
  return problem === undefined ? storage : fail(500, problem);
}

/** Why a storage of files that is for nothing cannot be used: there is no folder for `none`. */
export function contentProblem(storage: StorageDefinition): string | undefined {
  return isFileStorage(storage) && storage.content.has('none') ? "unknown vtype 'none'" : undefined;
}

/** Whether a storage keeps images as files (`100/vm-100-disk-0.qcow2`). */
export function isFileStorage(storage: StorageDefinition): boolean {
  return fileTypes.has(storage.type);
}

/** The formats of a storage, the default first. */
export function formatsOf(storage: StorageDefinition): readonly string[] {
  return isFileStorage(storage) ? ['raw', 'qcow2', 'vmdk', 'subvol'] : ['raw'];
}

/** Split `storage:name`; undefined when it is not a volume id. */
export function parseVolid(volid: string): {storage: string; name: string} | undefined {
  const match = /^([a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]):(.+)$/.exec(volid);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : {storage: match[1], name: match[2]};
}

/** The volume of that id as seen from a node. */
export function findVolume(cluster: Cluster, node: string, volid: string): Volume | undefined {
  return cluster.volumes.get(`${node}/${volid}`) ?? cluster.volumes.get(`/${volid}`);
}

/** All volumes of a storage as seen from a node. */
export function volumesOn(cluster: Cluster, node: string, storage: string): readonly Volume[] {
  return [...cluster.volumes.values()].filter(
    (volume) => volume.storage === storage && (volume.node === undefined || volume.node === node),
  );
}

/** What `allocate` makes. Without `name` the lowest free `vm-ID-disk-N` is taken. */
export interface Allocation {
  readonly storage: string;
  readonly node: string;
  readonly vmid: number;
  readonly sizeBytes: number;
  readonly format?: string;
  /** The last part, without folder and extension, e.g. `vm-100-cloudinit`. */
  readonly name?: string;
  readonly usedBytes?: number;
  readonly parent?: string;
  readonly content?: string;
}

/** Allocate an image; 500 when the name exists. Records the effect `allocate`. */
export function allocate(cluster: Cluster, wish: Allocation): Volume {
  const storage = requireStorage(cluster, wish.storage, wish.node);
  const format = wish.format ?? formatsOf(storage)[0] ?? 'raw';
  const name = wish.name ?? freeName(cluster, storage, {...wish, format});
  const volid = `${storage.id}:${imageName(storage, wish, name, format)}`;
  if (findVolume(cluster, wish.node, volid) !== undefined) {
    fail(500, existsText(storage, wish.vmid, name, format));
  }
  const volume: Volume = {
    volid,
    storage: storage.id,
    node: storage.shared ? undefined : wish.node,
    format,
    sizeBytes: wish.sizeBytes,
    usedBytes: wish.usedBytes ?? 4096,
    vmid: wish.vmid,
    parent: wish.parent,
    content: wish.content ?? 'images',
    ctimeS: nodeSeconds(cluster, wish.node),
    snapshots: new Set(),
  };
  put(cluster, volume);
  recordEffect(cluster, 'allocate', wish.vmid, `${volid} ${wish.sizeBytes}`);
  return volume;
}

/** Put a volume into the cluster as it is (uploads, backups, prepared tests). */
export function put(cluster: Cluster, volume: Volume): void {
  cluster.volumes.set(`${volume.node ?? ''}/${volume.volid}`, volume);
}

/** Destroy a volume. 500 when it is a base in use. Records the effect `free`. */
export function free(cluster: Cluster, node: string, volid: string): void {
  const volume = findVolume(cluster, node, volid);
  if (volume === undefined) {
    return;
  }
  const child = childrenOf(cluster, volume)[0];
  if (child !== undefined) {
    fail(500, `base volume '${nameOf(volume)}' is still in use by linked clones`);
  }
  cluster.volumes.delete(`${volume.node ?? ''}/${volid}`);
  recordEffect(cluster, 'free', volume.vmid, volid);
}

/** Volumes that need this one; a thin pool's clones go on without what they were linked to. */
export function childrenOf(cluster: Cluster, base: Volume): readonly Volume[] {
  if (cluster.storages.get(base.storage)?.type === 'lvmthin') return [];
  return volumesOn(cluster, base.node ?? '', base.storage).filter(
    (volume) => volume.parent === nameOf(base),
  );
}

/** The part of a volid after the storage. */
export function nameOf(volume: Volume): string {
  return volume.volid.slice(volume.storage.length + 1);
}

/** Grow (or shrink, the caller checks) a volume. Records the effect `resize`. */
export function resizeVolume(cluster: Cluster, volume: Volume, sizeBytes: number): void {
  volume.sizeBytes = sizeBytes;
  recordEffect(cluster, 'resize', volume.vmid, `${volume.volid} ${sizeBytes}`);
}

/** Rename: to another owner, or `vm-…` to `base-…` when it becomes a template's. */
export function renameVolume(cluster: Cluster, volume: Volume, to: RenamedVolume): Volume {
  const storage = cluster.storages.get(volume.storage) ?? fail(500, 'no such storage');
  const wish = {
    storage: storage.id,
    node: volume.node ?? to.node,
    vmid: to.vmid,
    parent: volume.parent,
    format: volume.format,
  };
  const name = to.name ?? freeName(cluster, storage, wish);
  const volid = `${storage.id}:${imageName(storage, wish, name, volume.format)}`;
  cluster.volumes.delete(`${volume.node ?? ''}/${volume.volid}`);
  const renamed: Volume = {...volume, volid, vmid: to.vmid};
  put(cluster, renamed);
  recordEffect(cluster, 'rename', to.vmid, `${volume.volid} -> ${volid}`);
  return renamed;
}

/** Where a renamed volume goes. */
export interface RenamedVolume {
  readonly node: string;
  readonly vmid: number;
  readonly name?: string;
}

/** The lowest free `vm-ID-disk-N` on that storage, `subvol-…` for a file system. */
function freeName(
  cluster: Cluster,
  storage: StorageDefinition,
  wish: {readonly node: string; readonly vmid: number; readonly format: string},
): string {
  const taken = new Set(
    volumesOn(cluster, wish.node, storage.id)
      .filter((volume) => volume.vmid === wish.vmid)
      .map(
        (volume) => /(?:vm|base|subvol|basevol)-\d+-disk-(\d+)(?:\.\w+)?$/.exec(volume.volid)?.[1],
      ),
  );
  let index = 0;
  while (taken.has(String(index))) {
    index += 1;
  }
  return `${wish.format === 'subvol' ? 'subvol' : 'vm'}-${wish.vmid}-disk-${index}`;
}

/** Where a file storage keeps a volume on its node, e.g. `/srv/images/100/vm-100-disk-0.raw`. */
export function filePath(storage: StorageDefinition, vmid: number, file: string): string {
  return `${folderOf(storage, 'images')}/${vmid}/${file}`;
}

const folders: Readonly<Record<string, string>> = {
  images: 'images',
  rootdir: 'private',
  iso: 'template/iso',
  vztmpl: 'template/cache',
  backup: 'dump',
  snippets: 'snippets',
  import: 'import',
};

/** The directory of one content of a file storage, `content-dirs` considered. */
export function folderOf(storage: StorageDefinition, content: string): string {
  const named = splitList(storage.options.get('content-dirs') ?? '')
    .map((part) => part.split('='))
    .find(([kind]) => kind === content)?.[1];
  const root = storage.options.get('path') ?? `/mnt/pve/${storage.id}`;
  return `${root}/${named ?? folders[content] ?? content}`;
}

function imageName(
  storage: StorageDefinition,
  wish: {readonly vmid: number; readonly parent?: string | undefined},
  name: string,
  format: string,
): string {
  const linkedTo = wish.parent === undefined ? '' : `${wish.parent}/`;
  if (!isFileStorage(storage)) {
    return storage.type === 'zfspool' || storage.type === 'rbd' ? `${linkedTo}${name}` : name;
  }
  return `${linkedTo}${wish.vmid}/${name}.${format}`;
}

function existsText(
  storage: StorageDefinition,
  vmid: number,
  name: string,
  format: string,
): string {
  return isFileStorage(storage)
    ? `disk image '${filePath(storage, vmid, `${name}.${format}`)}' already exists`
    : `lvcreate '${storage.options.get('vgname') ?? 'pve'}/${name}' error: already exists`;
}

/** The size that a guest sees of an image; an import's file is smaller than what it holds. */
export function virtualBytes(volume: Volume): number {
  const {data} = volume;
  if (typeof data === 'object' && data !== null && 'virtualBytes' in data) {
    return Number(data.virtualBytes);
  }
  return volume.sizeBytes;
}
