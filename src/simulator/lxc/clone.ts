// Why this exists: a copy of a container: what is refused at once, which locks source and target
// carry meanwhile, and what a copy keeps, drops and makes new (clone_vm of pve-container).
import {ApiFailure, fail, forbid} from '../failure.ts';
import {copyScope} from '../firewall/scope.ts';
import {lxcLockFile} from '../flock.ts';
import {assertUnlocked, isUnusedKey} from '../guest/file.ts';
import {require403} from '../permission.ts';
import {joinPool} from '../qemu/create.ts';
import type {Job} from '../qemu/volumes.ts';
import {allocateImage, freeImage, storageNamed, volumeNamed} from '../qemu/volumes.ts';
import {act, forkFor, jobOf, pause} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {data, integer, underLock, vmidOf} from '../route.ts';
import type {LxcGuest, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {nameOf, requireStorage} from '../volume.ts';
import {requireBridge} from './access-checks.ts';
import {emptyContainer, loadContainer, saveContainer, setValue} from './container-file.ts';
import {systemInside} from './contents.ts';
import {copyLog, copyTimeMs, copyVolume, mountHas} from './disks.ts';
import {isMountKey, isNetKey} from './keys.ts';
import type {Mount} from './mountpoint.ts';
import {mountsOf, printMount, withVolume} from './mountpoint.ts';
import {withNewMac} from './network.ts';
import {setUpSystem} from './system.ts';

/** One clone, everything decided. */
interface Clone {
  readonly context: Context;
  readonly source: LxcGuest;
  readonly target: LxcGuest;
  readonly mounts: readonly Mount[];
  readonly full: boolean;
  /** The node on which the target is to end. */
  readonly node: string;
}

/** POST clone. */
export function cloneContainer(context: Context): Reply {
  const {cluster, params, node} = context;
  const vmid = vmidOf(context);
  const newid = integer(context, 'newid') ?? 0;
  const pool = params['pool'];
  if (pool !== undefined && !cluster.pools.has(pool)) forbid(`pool '${pool}' does not exist`);
  const target = targetNode(context);
  return underLock(cluster, {file: lxcLockFile(vmid)}, () => {
    const source = loadContainer(cluster, node, vmid);
    assertUnlocked(source);
    source.config.set('lock', 'disk');
    try {
      const clone = begin(context, source, {newid, node: target});
      return data(forkFor(context, 'vzclone', vmid, cloneStages(clone)));
    } catch (error) {
      source.config.delete('lock');
      throw error;
    }
  });
}

/** Where the copy ends; onto another node only by a shared storage. */
function targetNode(context: Context): string {
  const {cluster, params, node} = context;
  const named = params['target'] ?? node;
  const target = named === 'localhost' ? node : named;
  if (!cluster.nodes.has(target)) fail(500, `no such cluster node '${target}'`);
  const id = params['storage'];
  if (id === undefined) return target;
  requireStorage(cluster, id, node);
  if (target !== node && !requireStorage(cluster, id, target).shared) {
    fail(500, `can't clone to non-shared storage '${id}'`);
  }
  return target;
}

function begin(
  context: Context,
  source: LxcGuest,
  onto: {readonly newid: number; readonly node: string},
): Clone {
  const {cluster, params} = context;
  const taken = cluster.guests.get(onto.newid);
  if (taken !== undefined) {
    const kind = taken.kind === 'qemu' ? 'VM' : 'CT';
    fail(500, `${kind} ${onto.newid} already exists on node '${taken.node}'`);
  }
  const full = (params['full'] ?? (source.config.get('template') === '1' ? '0' : '1')) === '1';
  if (params['storage'] !== undefined && !full) {
    fail(500, "parameter 'storage' not allowed for linked clones");
  }
  const name = params['snapname'];
  const section = name === undefined ? source.config : source.snapshots.get(name);
  if (section === undefined) return fail(500, `snapshot '${name}' does not exist`);
  const target = emptyContainer(onto.newid, context.node);
  const mounts = mountsOf(cluster.version, section);
  const clone: Clone = {context, source, target, mounts, full, node: onto.node};
  for (const key of [...section.keys()].sort()) take(clone, key, section.get(key) ?? '');
  assertShared(clone);
  finishConfig(clone);
  cluster.guests.set(onto.newid, target);
  recordEffect(cluster, 'create', onto.newid, `clone of ${source.vmid} begins`);
  const firewall = cluster.firewall.get(`vm/${source.vmid}`);
  if (firewall !== undefined) cluster.firewall.set(`vm/${onto.newid}`, copyScope(firewall));
  return clone;
}

/** Take one key over; a mount is only checked, its volume is copied later. */
function take(clone: Clone, key: string, text: string): void {
  const {context, target} = clone;
  if (isUnusedKey(key)) return;
  if (isMountKey(key)) checkMount(clone, key);
  else if (isNetKey(key)) {
    const card = withNewMac(context.cluster, text);
    requireBridge({context, vmid: target.vmid}, card);
    target.config.set(key, card);
  } else target.config.set(key, text);
}

function checkMount(clone: Clone, key: string): void {
  const {context, mounts, source, full} = clone;
  const {cluster, node, params} = context;
  const mount = mounts.find((one) => one.key === key);
  if (mount === undefined) return;
  if (mount.type !== 'volume')
    fail(500, `unable to clone mountpoint '${key}' (type ${mount.type})`);
  const volume = volumeNamed(cluster, node, mount.volume);
  const onto = storageNamed(cluster, params['storage'] ?? volume.storage);
  require403(context, `/storage/${onto.id}`, ['Datastore.AllocateSpace']);
  const fromSnapshot = params['snapname'] !== undefined;
  if (full && source.runtime !== undefined && !fromSnapshot) {
    fail(500, 'Cannot do full clones on a running container without snapshots');
  }
  if (!full && !mountHas(cluster, mount, 'clone', fromSnapshot)) {
    fail(500, `Linked clone feature for '${mount.volume}' is not available`);
  }
}

function assertShared(clone: Clone): void {
  const {context, mounts, node} = clone;
  if (node === context.node) return;
  for (const mount of mounts) {
    const volume = volumeNamed(context.cluster, context.node, mount.volume);
    if (!storageNamed(context.cluster, context.params['storage'] ?? volume.storage).shared) {
      fail(500, `can't clone CT to node '${node}' (CT uses local storage)`);
    }
  }
}

const notCopied = ['parent', 'snaptime', 'snapstate', 'template', 'lock'];

function finishConfig({context, target}: Clone): void {
  const {config} = target;
  const {params, cluster} = context;
  for (const key of notCopied) config.delete(key);
  config.set('lock', 'create');
  const {hostname, description} = params;
  if (hostname !== undefined) config.set('hostname', hostname);
  if ((description ?? '') !== '') {
    setValue(cluster.version, config, 'description', description ?? '');
  }
}

function cloneStages(clone: Clone): readonly Stage[] {
  const {context, source, target} = clone;
  const {cluster} = context;
  const made: string[] = [];
  return [
    {kind: 'undo', run: (worker) => abandon(clone, jobOf(context, worker), made)},
    pause(100),
    ...clone.mounts.map((mount) => copyStage(clone, mount, made)),
    act((worker) => {
      joinPool(context, target.vmid);
      // The hook only looks at the files: what it finds is not written down.
      const inside = systemInside(cluster, source);
      setUpSystem(jobOf(context, worker), new Map(target.config), inside);
      source.config.delete('lock');
      target.config.delete('lock');
      target.node = clone.node;
      saveContainer(cluster, target, `clone of ${source.vmid}`);
      recordEffect(cluster, 'clone', target.vmid, `of ${source.vmid}`);
    }),
  ];
}

function abandon({context, source, target}: Clone, job: Job, made: readonly string[]): void {
  const {cluster} = context;
  source.config.delete('lock');
  for (const volid of made) freeImage(job, volid);
  cluster.guests.delete(target.vmid);
  cluster.firewall.delete(`vm/${target.vmid}`);
  recordEffect(cluster, 'destroy', target.vmid, 'clone failed');
}

/** Copy or link one volume; the target names it as soon as it is there. */
function copyStage(clone: Clone, mount: Mount, made: string[]): Stage {
  const {context, full, target} = clone;
  const {cluster, node, params} = context;
  return {
    kind: 'then',
    stages: (worker) => {
      const job = jobOf(context, worker);
      const source = attempt(() => volumeNamed(cluster, node, mount.volume));
      const onto = params['storage'] ?? source.storage;
      const what = full ? 'full clone of mountpoint' : 'linked clone of mount point';
      job.log(`create ${what} ${mount.key} (${mount.volume})`);
      const {vmid} = target;
      const volume = attempt(() =>
        full ? copyVolume(job, source, {vmid, storage: onto}) : link(job, vmid, source),
      );
      made.push(volume.volid);
      const copied = full ? withVolume(mount, volume.volid, volume.sizeBytes) : mount;
      const text = printMount(cluster.version, withVolume(copied, volume.volid));
      return [
        pause(full ? copyTimeMs(cluster, source, onto) / 10 : 0),
        act(() => {
          for (const line of full ? copyLog(source) : []) job.log(line);
          target.config.set(mount.key, text);
        }),
      ];
    },
  };
}

/** Errors of the worker are told as the clone's. */
function attempt<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ApiFailure) fail(500, `clone failed: ${error.message}`);
    throw error;
  }
}

function link(job: Job, vmid: number, source: Volume): Volume {
  const volume = allocateImage(job, {
    storage: source.storage,
    vmid,
    sizeBytes: source.sizeBytes,
    format: source.format,
    parent: nameOf(source),
    content: 'rootdir',
  });
  volume.data = source.data;
  return volume;
}
