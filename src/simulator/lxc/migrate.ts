// Why this exists: a container moves to another node, stopped or with a restart; what forbids it is
// only found in the worker, after whose end the task says no more than `migration aborted`.
import {ApiFailure, fail, paramError} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {require403} from '../permission.ts';
import {requireOnGuest} from '../qemu/access-checks.ts';
import {volumeOwner} from '../qemu/drive.ts';
import {haResource, isManaged, requestHa} from '../qemu/ha.ts';
import type {Job} from '../qemu/volumes.ts';
import {copyMs, storageNamed, volumeNamed} from '../qemu/volumes.ts';
import {act, forkFor, pause} from '../qemu/worker.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, route, vmidOf} from '../route.ts';
import type {Cluster, LxcGuest, Volume} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {allocate, nameOf, requireStorage, volumesOn} from '../volume.ts';
import {loadContainer, saveContainer} from './container-file.ts';
import {takesContainers} from './disks.ts';
import type {Mount} from './mountpoint.ts';
import {allMountsOf, mountsOf, printMount, storageOf, withVolume} from './mountpoint.ts';
import {bootStages, endStages} from './power.ts';
import {lockStages, withContainer} from './worker.ts';

const base = '/nodes/{node}/lxc/{vmid}';

/** POST migrate. */
export function migrateContainer(context: Context): Reply {
  const {cluster, node, params} = context;
  const vmid = vmidOf(context);
  const target = params['target'] ?? '';
  if (target === node) paramError({target: 'target is local node.'});
  if (!cluster.nodes.has(target)) fail(500, `no such cluster node '${target}'`);
  const guest = loadContainer(cluster, node, vmid);
  const isLive = flag(context, 'online') || flag(context, 'restart');
  if (guest.runtime !== undefined && !isLive) {
    fail(500, "can't migrate running container without --online or --restart");
  }
  requireTargets(context, target);
  if (isManaged(cluster, vmid)) {
    return requestHa(context, {
      type: 'hamigrate',
      what: `HA migration for CT ${vmid} to node ${target}`,
      workerType: 'vzmigrate',
      stages: workerStages,
    });
  }
  return data(forkFor(context, 'vzmigrate', vmid, workerStages(context)));
}

/** Other storages than the own ones ask for rights there. */
function requireTargets(context: Context, target: string): void {
  const mapping = context.params['target-storage'];
  if (mapping === undefined) return;
  if (mapping !== '1') requireOnGuest({context, vmid: vmidOf(context)}, ['VM.Config.Disk']);
  for (const id of mapping === '1' ? [] : targetsOf(mapping)) {
    require403(context, `/storage/${id}`, ['Datastore.AllocateSpace']);
    const storage = requireStorage(context.cluster, id, target);
    if (!takesContainers(storage)) {
      const what = `storage '${id}' does not support CT rootdirs`;
      paramError({'target-storage': what});
    }
  }
}

function targetsOf(mapping: string): readonly string[] {
  return mapping.split(',').map((pair) => pair.split(':').at(-1) ?? pair);
}

function mapped(mapping: string | undefined, storage: string): string {
  if (mapping === undefined || mapping === '1') return storage;
  const pairs = mapping.split(',').map((pair) => pair.split(':'));
  const exact = pairs.find(([from, to]) => from === storage && to !== undefined);
  const general = pairs.find(([, to]) => to === undefined);
  return exact?.[1] ?? general?.[0] ?? storage;
}

/** A migration's log lines carry the time. */
function dated(context: Context, job: Job): Job {
  const {cluster, node} = context;
  const now = (): string =>
    new Date(nodeSeconds(cluster, node) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return {...job, log: (line) => job.log(`${now()} ${line}`)};
}

function workerStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  const {cluster} = context;
  const beganMs = cluster.nowMs;
  const duration = (): string => new Date(cluster.nowMs - beganMs).toISOString().slice(11, 19);
  const told = <T>(job: Job, body: () => T): T => {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      job.log(`ERROR: migration aborted (duration ${duration()}): ${error.message}`);
      return fail(500, 'migration aborted');
    }
  };
  return [
    ...lockStages(context, vmid),
    withContainer(context, vmid, (guest, plainJob) => {
      const job = dated(context, plainJob);
      const disks = told(job, () => prepare(context, guest));
      const wasRunning = guest.runtime !== undefined;
      if (wasRunning) job.log(`shutdown CT ${vmid}`);
      const timeoutS = integer(context, 'timeout') ?? 180;
      const end = wasRunning ? endStages(job, guest, {timeoutS, force: false}) : [];
      return [
        ...end,
        {kind: 'then', stages: () => told(job, () => move(context, job, {guest, disks}))},
        ...(wasRunning ? [act(() => job.log('start container on target node'))] : []),
        {
          kind: 'then',
          stages: () => (wasRunning ? bootStages({...job, node: guest.node}, guest) : []),
        },
        act(() => job.log(`migration finished successfully (duration ${duration()})`)),
      ];
    }),
  ];
}

/** A volume that must be copied, and where to. */
interface LocalDisk {
  readonly mount: Mount;
  readonly volume: Volume;
  readonly storage: string;
}

function prepare(context: Context, guest: LxcGuest): readonly LocalDisk[] {
  const {cluster, node, params} = context;
  const target = params['target'] ?? '';
  assertUnlocked(guest);
  if (guest.runtime !== undefined) {
    if (flag(context, 'online')) fail(500, 'lxc live migration is currently not implemented');
    if (!flag(context, 'restart')) {
      fail(500, 'running container can only be migrated in restart mode');
    }
  }
  const disks: LocalDisk[] = [];
  for (const mount of allMountsOf(cluster.version, guest.config)) {
    if (mount.type !== 'volume') {
      if (mount.options.get('shared') === '1') continue;
      fail(500, `cannot migrate local ${mount.type} mount point '${mount.key}'`);
    }
    const id = storageOf(mount.volume);
    if (!takesContainers(requireStorage(cluster, id, node))) {
      fail(500, `content type 'rootdir' is not available on storage '${id}'`);
    }
    const shared = storageNamed(cluster, id).shared;
    const storage = shared ? id : mapped(params['target-storage'], id);
    if (!takesContainers(requireStorage(cluster, storage, target))) {
      const what = `content type 'rootdir' is not available on storage '${storage}'`;
      fail(500, `${mount.volume}: ${what}`);
    }
    if (!shared) disks.push({mount, volume: volumeNamed(cluster, node, mount.volume), storage});
  }
  if (cluster.nodes.get(target)?.online !== true) {
    fail(500, "Can't connect to destination address using public key");
  }
  return disks;
}

interface Moving {
  readonly guest: LxcGuest;
  readonly disks: readonly LocalDisk[];
}

function move(context: Context, job: Job, {guest, disks}: Moving): readonly Stage[] {
  const {cluster, params} = context;
  const target = params['target'] ?? '';
  const address = cluster.nodes.get(target)?.ip ?? '';
  job.log(`starting migration of CT ${guest.vmid} to node '${target}' (${address})`);
  guest.config.set('lock', 'migrate');
  saveContainer(cluster, guest, `migration to ${target} begins`);
  const problems = disks.flatMap((disk) => problemOf(cluster, guest, disk));
  for (const {mount} of disks) {
    job.log(`found local volume '${mount.volume}' (in current VM config)`);
  }
  for (const problem of problems) job.log(problem);
  if (problems.length > 0) abort(job, guest, "can't migrate CT - check log");
  const strange = disks
    .map((disk) => transferProblem(cluster, disk))
    .find((one) => one !== undefined);
  if (strange !== undefined) abort(job, guest, strange);
  const ms = disks.reduce(
    (sum, {storage, volume}) => sum + copyMs(cluster, storage, volume.sizeBytes),
    0,
  );
  return [
    {kind: 'undo', run: () => unlock(cluster, guest)},
    pause(1_000 + ms),
    act(() => {
      for (const disk of disks) copy(job, guest, disk, target);
      job.log('start final cleanup');
      guest.config.delete('lock');
      const from = guest.node;
      guest.node = target;
      recordEffect(cluster, 'migrate', guest.vmid, `${from} -> ${target}`);
      saveContainer(cluster, guest, `migrated to ${target}`);
    }),
  ];
}

function abort(job: Job, guest: LxcGuest, why: string): never {
  job.log(`ERROR: ${why}`);
  job.log('aborting phase 1 - cleanup resources');
  job.log('start final cleanup');
  unlock(job.cluster, guest);
  return fail(500, why);
}

/** ZFS sends and receives streams of its own only. */
function transferProblem(cluster: Cluster, disk: LocalDisk): string | undefined {
  const {volume, storage} = disk;
  const from = storageNamed(cluster, volume.storage).type;
  const to = storageNamed(cluster, storage).type;
  if ((from === 'zfspool') === (to === 'zfspool')) return undefined;
  const what = `storage migration for '${volume.volid}' to storage '${storage}' failed`;
  return `${what} - cannot migrate from storage type '${from}' to '${to}'`;
}

function unlock(cluster: Cluster, guest: LxcGuest): void {
  guest.config.delete('lock');
  saveContainer(cluster, guest, 'migration aborted');
}

const movableTypes = new Set(['dir', 'zfspool', 'lvmthin', 'lvm', 'btrfs']);

/** What keeps a local volume where it is. */
function problemOf(cluster: Cluster, guest: LxcGuest, disk: LocalDisk): readonly string[] {
  const {mount, volume} = disk;
  const {type} = storageNamed(cluster, volume.storage);
  const snapshots = [...guest.snapshots.values()].flatMap((one) => mountsOf(cluster.version, one));
  const inSnapshot = snapshots.some((one) => one.volume === mount.volume);
  const owner = volumeOwner(mount.volume);
  const why =
    owner !== guest.vmid
      ? `owned by other guest (owner = ${owner})`
      : inSnapshot && type !== 'zfspool' && type !== 'btrfs'
        ? 'non-migratable snapshot exists'
        : !movableTypes.has(type)
          ? `storage type '${type}' not supported`
          : volume.parent === undefined
            ? undefined
            : `clone of '${volume.parent.split('/').at(-1)}'`;
  return why === undefined ? [] : [`can't migrate local volume '${mount.volume}': ${why}`];
}

/** The volume is made anew on the target under its name, if that is free there. */
function copy(job: Job, guest: LxcGuest, disk: LocalDisk, target: string): void {
  const {cluster} = job;
  const {volume, storage} = disk;
  const {sizeBytes, format, content, usedBytes, vmid = guest.vmid} = volume;
  const name =
    nameOf(volume)
      .split('/')
      .at(-1)
      ?.replace(/\.raw$/, '') ?? '';
  const isTaken = volumesOn(cluster, target, storage).some((one) => one.volid.includes(name));
  const wish = {storage, node: target, vmid, sizeBytes, format, content, usedBytes};
  const copied = allocate(cluster, isTaken ? wish : {...wish, name});
  copied.data = volume.data;
  for (const snapshot of volume.snapshots) copied.snapshots.add(snapshot);
  job.log(`volume '${volume.volid}' is '${copied.volid}' on the target`);
  for (const section of [guest.config, guest.pending, ...guest.snapshots.values()]) {
    for (const mount of allMountsOf(cluster.version, section)) {
      if (mount.volume !== volume.volid) continue;
      section.set(mount.key, printMount(cluster.version, withVolume(mount, copied.volid)));
    }
  }
  cluster.volumes.delete(`${volume.node ?? ''}/${volume.volid}`);
}

/** 9.1 only: which nodes would do. */
function precheck(context: Context): Reply {
  const {cluster, node} = context;
  const guest = loadContainer(cluster, node, vmidOf(context));
  assertUnlocked(guest);
  const others = [...cluster.nodes.values()].filter((one) => one.listed && one.name !== node);
  return data({
    running: guest.runtime === undefined ? 0 : 1,
    'allowed-nodes': others.map(({name}) => name),
    'not-allowed-nodes': {},
    ...(isManaged(cluster, guest.vmid) ? {'dependent-ha-resources': []} : {}),
  });
}

/** POST remote_migrate: there is no other cluster to be reached. */
function migrateRemotely(context: Context): Reply {
  const {cluster, node, params, path} = context;
  const guest = loadContainer(cluster, node, vmidOf(context));
  assertUnlocked(guest);
  const isLive = flag(context, 'online') || flag(context, 'restart');
  if (guest.runtime !== undefined && !isLive) {
    fail(500, "can't migrate running container without --online or --restart");
  }
  if (haResource(cluster, Number(path['vmid'])) !== undefined) {
    const old = 'cannot migrate HA-managed CT to remote cluster';
    const now = 'cannot remote-migrate CT that is configured for HA';
    paramError({vmid: cluster.version === '8.4' ? old : now});
  }
  const parts = (params['target-endpoint'] ?? '').split(',').map((part) => part.split('='));
  const {host, port = '8006'} = Object.fromEntries(parts);
  return fail(500, `500 Can't connect to ${host}:${port} (Connection refused)`);
}

/** The migration endpoints. */
export const migrateRoutes: readonly Route[] = [
  route('GET', `${base}/migrate`, precheck),
  route('POST', `${base}/migrate`, migrateContainer),
  route('POST', `${base}/remote_migrate`, migrateRemotely),
];
