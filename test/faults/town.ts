// Why this exists: schedules need more than two guests: a town is a cluster with many houses
// (guests that the repository speaks of) of every sort, beside neighbours: nobody's business.
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import type {Random} from '../../src/simulator/random.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {publishNow} from '../../src/simulator/statistics.ts';

const GIB = 1024 ** 3;

/** What the repository says of one guest. */
export interface House {
  readonly vmid: number;
  readonly name: string;
  readonly node: string;
  /** Full clone of 100 on local disks, linked clone of 101 on shared ones, or made empty. */
  readonly from: 'full' | 'linked' | 'empty';
  readonly memoryGiB: number;
  readonly cores: number;
  readonly diskGiB: number;
  /** A second disk. */
  readonly second: boolean;
  /** Null: the document does not say. */
  readonly power: 'running' | 'stopped' | null;
  readonly protection: boolean;
  readonly retain: boolean;
  /** VMIDs that it needs. */
  readonly needs: readonly number[];
}

/** VMIDs of guests that no document speaks of; none may ever be written to. */
export const NEIGHBOURS = [100, 101, 200, 201, 202, 203, 204] as const;

/** A VMID that a document claims although a neighbour lives there. */
export const TAKEN = 200;

const MARK = '<!-- pvegit/v1 installation=';

/** The cluster of a town, without its houses. */
export function townCluster(seed: number, nodes: readonly string[]): Cluster {
  const cluster = demoCluster({
    seed,
    nodes,
    storages: {
      local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
      'local-lvm': {type: 'lvmthin', content: ['images'], totalGiB: 4000},
      shared: {type: 'rbd', content: ['images'], shared: true, totalGiB: 9000, allocateMs: 300},
    },
  });
  addGuest(cluster, 101, {
    node: 'pve1',
    config: {
      ...identity(101),
      name: 'golden',
      template: '1',
      boot: 'order=scsi0',
      scsihw: 'virtio-scsi-single',
      scsi0: 'shared:base-101-disk-0,size=2G',
    },
    volumes: {'shared:base-101-disk-0': 2 * GIB},
  });
  neighbour(cluster, 200, {name: 'stranger', scsi0: 'shared:vm-200-disk-0,size=4G'}, true);
  const {nowMs} = cluster;
  cluster.guests.set(201, {
    kind: 'lxc',
    vmid: 201,
    node: 'pve1',
    config: new Map([['hostname', 'box']]),
    pending: new Map(),
    pendingDelete: new Map(),
    snapshots: new Map(),
    runtime: {pid: 201, startedAtMs: nowMs},
  });
  neighbour(cluster, 202, {
    name: 'of-work',
    description: `${MARK}work cluster=harness vmid=202 -->`,
  });
  neighbour(cluster, 203, {
    name: 'copied',
    description: `${MARK}home cluster=harness vmid=150 -->`,
  });
  neighbour(cluster, 204, {
    name: 'former',
    description: `${MARK}home cluster=harness vmid=204 -->`,
  });
  publishNow(cluster);
  return cluster;
}

function neighbour(
  cluster: Cluster,
  vmid: number,
  config: Readonly<Record<string, string>>,
  running = false,
): void {
  const disk = `shared:vm-${vmid}-disk-0`;
  addGuest(cluster, vmid, {
    node: cluster.nodes.has('pve2') ? 'pve2' : 'pve1',
    config: {memory: '512', ...identity(vmid), ...config},
    running,
    ...(config['scsi0'] === undefined ? {} : {volumes: {[disk]: 4 * GIB}}),
  });
}

function identity(vmid: number) {
  return {smbios1: `uuid=11111111-2222-4333-8444-${String(vmid).padStart(12, '0')}`};
}

/** Draws a house; those of one town have successive VMIDs from 150. */
export function drawHouse(random: Random, vmid: number, nodes: readonly string[]): House {
  const from = pick(random, ['full', 'linked', 'empty', 'empty'] as const);
  return {
    vmid,
    name: `house-${vmid}`,
    node: from === 'full' ? 'pve1' : pick(random, nodes),
    from,
    memoryGiB: 1 + random.below(3),
    cores: 1 + random.below(3),
    diskGiB: 4 + random.below(4),
    second: from === 'empty' && random.below(3) === 0,
    power: pick(random, ['running', 'running', 'stopped', null] as const),
    protection: random.below(6) === 0,
    retain: random.below(6) === 0,
    needs: vmid > 150 && random.below(5) === 0 ? [150 + random.below(vmid - 150)] : [],
  };
}

/** The same house with one thing changed. */
export function rebuilt(random: Random, house: House, nodes: readonly string[]): House {
  const edits: readonly ((house: House) => House)[] = [
    (old) => ({...old, memoryGiB: 1 + random.below(4)}),
    (old) => ({...old, memoryGiB: 1 + random.below(4), cores: 1 + random.below(4)}),
    (old) => ({...old, diskGiB: old.diskGiB + 1 + random.below(3)}),
    (old) => ({...old, second: old.from === 'empty' && !old.second}),
    (old) => ({...old, node: old.from === 'full' ? old.node : pick(random, nodes)}),
    (old) => ({...old, power: pick(random, ['running', 'stopped', null] as const)}),
    (old) => ({...old, protection: !old.protection}),
    (old) => ({...old, retain: !old.retain}),
    (old) => ({...old, name: `house-${old.vmid}${'x'.repeat(random.below(3))}`}),
  ];
  return pick(random, edits)(house);
}

/** The repository's files for these houses; a `Defaults` keeps an emptied town from being empty. */
export function filesOfHouses(houses: ReadonlyMap<number, House>): {
  readonly [path: string]: string;
} {
  const documents = [...houses.values()].map((house) => {
    const needs = house.needs.flatMap((vmid) => houses.get(vmid)?.name ?? []);
    return [`${house.vmid}.yaml`, textOf(house, needs)];
  });
  return {'defaults.yaml': DEFAULTS, ...Object.fromEntries(documents)};
}

const DEFAULTS = `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: all}
spec:
  VirtualMachine: {onboot: true}
`;

/** The document of a house, as JSON, which is YAML. */
export function textOf(house: House, needs: readonly string[] = []): string {
  const {vmid, name, node, from, memoryGiB, cores, diskGiB, second, power} = house;
  const size = `${diskGiB}GiB`;
  const disks = from === 'empty' ? {scsi0: {storage: 'shared', size}} : {scsi0: {size}};
  const made = {
    full: {clone: {vmid: 100, full: true}},
    linked: {clone: {vmid: 101, full: false}},
    empty: {empty: {}},
  }[from];
  return JSON.stringify({
    apiVersion: 'pvegit/v1',
    kind: 'VirtualMachine',
    metadata: {
      name,
      annotations: house.retain ? {'pvegit/on-delete': 'retain'} : {},
    },
    spec: {
      vmid,
      node,
      ...made,
      ...(power === null ? {} : {power}),
      ...(needs.length === 0 ? {} : {dependsOn: needs}),
      cpu: {cores},
      memory: `${memoryGiB}GiB`,
      protection: house.protection,
      disks: {...disks, ...(second ? {scsi1: {storage: 'shared', size: '2GiB'}} : {})},
    },
  });
}

/** One of several, as the seed says. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
