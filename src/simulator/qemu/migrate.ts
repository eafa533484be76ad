// Why this exists: a guest moves to another node, running or not, with local disks or without; the
// precheck tells what would forbid it (facts.md section 10).
import {fail, paramError} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, route, vmidOf} from '../route.ts';
import type {Cluster, QemuGuest, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume, put, requireStorage} from '../volume.ts';
import {assertUnlocked} from './config-update.ts';
import type {Drive} from './drive.ts';
import {drivesOf, isCdrom, isCloudInit, parseDrive, printDrive, withFile} from './drive.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {isManaged, requestHa} from './ha.ts';
import {isNetKey} from './keys.ts';
import {parseProperties} from './property-string.ts';
import type {Job} from './volumes.ts';
import {copyMs, storageNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}/migrate';
const rootOnly = ['force', 'migration_type', 'migration_network'];

/** A volume that must be copied, and where to. */
interface LocalDisk {
  readonly drive: Drive;
  readonly volume: Volume;
  readonly storage: string;
}

function migrate(context: Context): Reply {
  const {cluster, node, params, auth} = context;
  const vmid = vmidOf(context);
  const target = params['target'] ?? '';
  if (target === node) paramError({target: 'target is local node.'});
  for (const name of rootOnly) {
    if (params[name] !== undefined && !auth.isRoot) {
      paramError({[name]: 'Only root may use this option.'});
    }
  }
  if (!cluster.nodes.has(target)) fail(500, `no such cluster node '${target}'`);
  const guest = loadGuest(cluster, node, vmid);
  assertUnlocked(guest);
  if (guest.runtime !== undefined && !flag(context, 'online')) {
    fail(500, "can't migrate running VM without --online");
  }
  for (const storage of targetStorages(params['targetstorage'])) {
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
    requireStorage(cluster, storage, target);
  }
  if (isManaged(cluster, vmid)) {
    return requestHa(context, {
      type: 'hamigrate',
      what: `HA migration for VM ${vmid} to node ${target}`,
      workerType: 'qmigrate',
      stages: (manager) => workerStages(manager),
    });
  }
  return data(forkFor(context, 'qmigrate', vmid, workerStages(context)));
}

function workerStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    ...lockStages(context, vmid),
    withGuest(context, vmid, (guest, job) => migrateStages(context, guest, job)),
  ];
}

function migrateStages(context: Context, guest: QemuGuest, job: Job): readonly Stage[] {
  const {cluster, node, params} = context;
  const target = params['target'] ?? '';
  const online = guest.runtime !== undefined;
  const address = cluster.nodes.get(target)?.ip ?? '';
  job.log(`starting migration of VM ${guest.vmid} to node '${target}' (${address})`);
  if (cluster.nodes.get(target)?.online !== true) {
    fail(500, `migration aborted (duration 00:00:00): Can't connect to destination address`);
  }
  assertUnlocked(guest);
  const problem = blocking(context, guest, target);
  if (problem !== undefined) fail(500, `migration aborted (duration 00:00:00): ${problem}`);
  const disks = localDisks(context, guest);
  for (const {drive} of disks) job.log(`found local disk '${drive.file}' (attached)`);
  guest.config.set('lock', 'migrate');
  saveGuest(cluster, guest, `migration to ${target} begins`);
  const copyTimeMs = disks.reduce(
    (sum, disk) => sum + copyMs(cluster, disk.storage, disk.volume.sizeBytes),
    0,
  );
  const made: string[] = [];
  return [
    {kind: 'undo', run: () => undoMigration(cluster, guest, made)},
    pause((online ? 3_000 : 1_000) + copyTimeMs),
    act(() => {
      const sources = disks.map((disk) => copyDisk(job, guest, disk, {target, made}));
      for (const volume of sources) cluster.volumes.delete(`${node}/${volume.volid}`);
      made.length = 0;
      guest.config.delete('lock');
      guest.node = target;
      recordEffect(cluster, 'migrate', guest.vmid, `${node} -> ${target}`);
      saveGuest(cluster, guest, `migrated to ${target}`);
      job.log('migration finished successfully (duration 00:00:03)');
    }),
  ];
}

function undoMigration(cluster: Cluster, guest: QemuGuest, made: readonly string[]): void {
  for (const key of made) cluster.volumes.delete(key);
  guest.config.delete('lock');
  saveGuest(cluster, guest, 'migration aborted');
}

function copyDisk(
  job: Job,
  guest: QemuGuest,
  disk: LocalDisk,
  move: {readonly target: string; readonly made: string[]},
): Volume {
  const {drive, volume, storage} = disk;
  const volid = `${storage}:${volume.volid.slice(volume.storage.length + 1)}`;
  const shared = storageNamed(job.cluster, storage).shared;
  const node = shared ? undefined : move.target;
  put(job.cluster, {...volume, volid, storage, node});
  move.made.push(`${node ?? ''}/${volid}`);
  recordEffect(job.cluster, 'allocate', guest.vmid, `${volid} on ${move.target}`);
  const text = /^unused/.test(drive.key) ? volid : printDrive(withFile(drive, volid));
  guest.config.set(drive.key, text);
  return volume;
}

/** What forbids the migration; undefined when nothing does. */
function blocking(context: Context, guest: QemuGuest, target: string): string | undefined {
  const {cluster} = context;
  const online = guest.runtime !== undefined;
  const resources = localResources(guest);
  if (resources.length > 0) {
    return `can't migrate VM which uses local devices: ${resources.join(', ')}`;
  }
  for (const drive of drivesOf(guest.config).filter(isCdrom)) {
    const volume = findVolume(cluster, guest.node, drive.file);
    if (volume?.node !== undefined && !isCloudInit(drive)) {
      return `can't migrate '${drive.file}': local cdrom image`;
    }
  }
  const disks = localDisks(context, guest);
  const attached = disks.filter(({drive}) => !isCloudInit(drive));
  if (online && attached.length > 0) {
    if (!flag(context, 'with-local-disks')) {
      return "can't live migrate attached local disks without with-local-disks option";
    }
    if (guest.snapshots.size > 0) {
      return 'online storage migration not possible if snapshot exists';
    }
  }
  const linked = attached.find(({volume}) => volume.parent !== undefined);
  if (linked !== undefined) return `can't migrate '${linked.drive.file}' as it's a linked clone`;
  const nodes = disks.map(({storage}) => storageNamed(cluster, storage));
  const missing = nodes.find(({nodes: only}) => only !== undefined && !only.has(target));
  if (missing !== undefined) return `storage '${missing.id}' is not available on node '${target}'`;
  return missingBridge(cluster, guest, target);
}

function missingBridge(cluster: Cluster, guest: QemuGuest, target: string): string | undefined {
  if (guest.runtime === undefined) return undefined;
  for (const [key, text] of guest.config) {
    const bridge = isNetKey(key) ? parseProperties(key, text).get('bridge') : undefined;
    if (bridge !== undefined && cluster.nodes.get(target)?.bridges.has(bridge) === false) {
      return `bridge '${bridge}' does not exist on node '${target}'`;
    }
  }
  return undefined;
}

/** Devices that tie the guest to its node. */
function localResources(guest: QemuGuest): readonly string[] {
  return [...guest.config]
    .filter(([key, text]) => {
      if (/^(hostpci|usb)\d+$/.test(key)) return !/^spice|mapping=/i.test(text);
      return /^(serial|parallel)\d+$/.test(key) && text !== 'socket';
    })
    .map(([key]) => key);
}

function localDisks(context: Context, guest: QemuGuest): readonly LocalDisk[] {
  const {cluster, params} = context;
  const drives = [
    ...drivesOf(guest.config),
    ...[...guest.config]
      .filter(([key]) => /^unused\d+$/.test(key))
      .map(([key, volid]) => parseDrive(key, volid)),
  ].filter((drive) => !isCdrom(drive) || isCloudInit(drive));
  return drives.flatMap((drive) => {
    const volume = findVolume(cluster, guest.node, drive.file);
    if (volume?.node === undefined) return [];
    return [{drive, volume, storage: mapStorage(params['targetstorage'], volume.storage)}];
  });
}

function mapStorage(mapping: string | undefined, storage: string): string {
  if (mapping === undefined || mapping === '1') return storage;
  const pairs = mapping.split(',').map((pair) => pair.split(':'));
  const exact = pairs.find(([from, to]) => from === storage && to !== undefined);
  const general = pairs.find(([, to]) => to === undefined);
  return exact?.[1] ?? general?.[0] ?? storage;
}

function targetStorages(mapping: string | undefined): readonly string[] {
  if (mapping === undefined || mapping === '1') return [];
  return mapping.split(',').map((pair) => pair.split(':').at(-1) ?? pair);
}

function precheck(context: Context): Reply {
  const {cluster, node} = context;
  const guest = loadGuest(cluster, node, vmidOf(context));
  const disks = localDisks(context, guest);
  const answer: Record<string, unknown> = {
    running: guest.runtime === undefined ? 0 : 1,
    local_disks: disks.map(({drive, volume}) => ({
      volid: drive.file,
      size: volume.sizeBytes,
      cdrom: isCdrom(drive) ? 1 : 0,
      is_unused: /^unused/.test(drive.key) ? 1 : 0,
      drivename: drive.key,
    })),
    local_resources: localResources(guest),
    'mapped-resources': [],
    'mapped-resource-info': {},
  };
  if (guest.runtime === undefined) {
    const others = [...cluster.nodes.keys()].filter((name) => name !== node);
    const refused = new Map<string, readonly string[]>();
    for (const name of others) {
      const missing = unavailable(cluster, disks, name);
      if (missing.length > 0) refused.set(name, missing);
    }
    answer['allowed_nodes'] = others.filter((name) => !refused.has(name));
    answer['not_allowed_nodes'] = Object.fromEntries(
      [...refused].map(([name, missing]) => [name, {unavailable_storages: missing}]),
    );
  }
  return data(answer);
}

function unavailable(
  cluster: Cluster,
  disks: readonly LocalDisk[],
  node: string,
): readonly string[] {
  const storages = new Set(disks.map(({volume}) => volume.storage));
  return [...storages].filter((id) => {
    const only = storageNamed(cluster, id).nodes;
    return only !== undefined && !only.has(node);
  });
}

/** The migration endpoints. */
export const migrateRoutes: readonly Route[] = [
  route('GET', base, precheck),
  route('POST', base, migrate),
];
