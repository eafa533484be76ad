// Why this exists: whether a volume can be snapshotted, linked, copied, renamed or made a base
// depends on its storage's type, its format and what it is; each plugin's table, as facts
// (volume_has_feature in PVE/Storage/*.pm).
import type {Cluster} from '../state.ts';
import {isFileStorage, parseVolid} from '../volume.ts';
import type {Drive} from './drive.ts';
import {drivesOf, isCdrom} from './drive.ts';

/** What may be asked of a volume. */
export type Feature = 'snapshot' | 'clone' | 'template' | 'copy' | 'rename' | 'replicate';

/** A base image, the volume as it is, or a snapshot of it. */
type State = 'base' | 'current' | 'snap';

/** Formats by state; `'*'` is any. */
type Table = Readonly<Partial<Record<Feature, Readonly<Partial<Record<State, string>>>>>>;

const images = 'qcow2 raw vmdk';

const directory: Table = {
  snapshot: {current: 'qcow2', snap: 'qcow2'},
  clone: {base: images},
  template: {current: `${images} subvol`},
  copy: {base: images, current: images, snap: 'qcow2'},
  rename: {current: images},
};

const btrfs: Table = {
  ...directory,
  snapshot: {current: 'qcow2 raw subvol', snap: 'qcow2 raw subvol'},
  clone: {base: `${images} subvol`, current: 'raw', snap: 'raw'},
  copy: {base: `${images} subvol`, current: `${images} subvol`, snap: 'qcow2 raw subvol'},
};

const thin: Table = {
  snapshot: {current: '*'},
  clone: {base: '*', snap: '*'},
  template: {current: '*'},
  copy: {base: '*', current: '*', snap: '*'},
  rename: {current: '*'},
};

const tables: Readonly<Record<string, Table>> = {
  btrfs,
  lvm: {copy: {base: '*', current: '*'}, rename: {current: '*'}},
  lvmthin: thin,
  rbd: {...thin, snapshot: {current: '*', snap: '*'}},
  zfspool: {
    snapshot: {current: '*', snap: '*'},
    clone: {base: '*'},
    template: {current: '*'},
    copy: {base: '*', current: '*'},
    rename: {current: '*'},
    replicate: {base: '*', current: '*'},
  },
};

/** Whether a volume id has a feature, told from its name alone; a path has none. */
export function volumeHas(
  cluster: Cluster,
  volid: string,
  feature: Feature,
  fromSnapshot = false,
): boolean {
  const parts = parseVolid(volid);
  const storage = parts === undefined ? undefined : cluster.storages.get(parts.storage);
  if (parts === undefined || storage === undefined) return false;
  const isBase = /(^|\/)base(vol)?-\d+-[^/]*$/.test(parts.name);
  const state: State = fromSnapshot ? 'snap' : isBase ? 'base' : 'current';
  const table = tables[storage.type] ?? (isFileStorage(storage) ? directory : {});
  const formats = table[feature]?.[state];
  const isTree = /(^|\/)(subvol|basevol)-[^/]*$/.test(parts.name);
  const format = isTree ? 'subvol' : (/\.(\w+)$/.exec(parts.name)?.[1] ?? 'raw');
  return formats === '*' || formats?.split(' ').includes(format) === true;
}

/** Whether every disk of a section has a feature; CDs and the cloud-init image do not count. */
export function sectionHas(
  cluster: Cluster,
  section: ReadonlyMap<string, string>,
  feature: Feature,
  fromSnapshot = false,
): boolean {
  const isDisk = (drive: Drive): boolean => !isCdrom(drive);
  return drivesOf(section)
    .filter(isDisk)
    .every((drive) => volumeHas(cluster, drive.file, feature, fromSnapshot));
}

/** The nodes on which all volumes of a section are to be had. */
export function sharedNodes(
  cluster: Cluster,
  section: ReadonlyMap<string, string>,
  here: string,
): readonly string[] {
  let nodes = [...cluster.nodes.values()].filter((node) => node.listed).map(({name}) => name);
  for (const drive of drivesOf(section)) {
    const storage = cluster.storages.get(parseVolid(drive.file)?.storage ?? '');
    if (storage === undefined) continue;
    const {nodes: only} = storage;
    if (storage.disabled) nodes = [];
    else if (only !== undefined) nodes = nodes.filter((name) => only.has(name));
    else if (!storage.shared) nodes = nodes.filter((name) => name === here);
  }
  return nodes;
}
