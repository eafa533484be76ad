// Why this exists: a new container, from a template or a backup: what is checked before the worker
// (create_vm of pve-container), and the worker that makes it from a template.
import {fail, forbid, paramError} from '../failure.ts';
import {acquire, lxcLockFile} from '../flock.ts';
import {assertUnprotected, isUnusedKey} from '../guest/file.ts';
import {may, require403} from '../permission.ts';
import type {Request} from '../qemu/access-checks.ts';
import {joinPool} from '../qemu/create.ts';
import {checkPublicKeys, clampCpuUnits} from '../qemu/normalise.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Job} from '../qemu/volumes.ts';
import {storageNamed, volumeNamed, volumePath} from '../qemu/volumes.ts';
import {act, forkFor, jobOf, pause} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {complete, data, flag} from '../route.ts';
import {sectionsOf} from '../section.ts';
import type {Cluster, LxcGuest, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {deathText} from '../task.ts';
import {parseVolid, requireStorage} from '../volume.ts';
import {readVolumeName} from '../volume-name.ts';
import {requireChanges} from './access-checks.ts';
import {updateDraft} from './config-update.ts';
import {emptyContainer, loadContainer, saveContainer} from './container-file.ts';
import {contentsOf, tarTotals} from './contents.ts';
import {allocationMs, createDisk, freeMade, takesContainers} from './disks.ts';
import {isMountKey, keyFacts} from './keys.ts';
import {mountsOf, newDiskWish, parseMount, storageOf} from './mountpoint.ts';
import {startContainer} from './power.ts';
import {restoreStages} from './restore.ts';
import {putDefaults, setUpSystem} from './system.ts';

/** A create or restore, everything decided that can be before the worker. */
export interface Creation {
  readonly context: Context;
  readonly vmid: number;
  /** The template or archive. */
  readonly source: string;
  /** Configuration of the call, mounts excluded, as it is stored. */
  readonly config: ReadonlyMap<string, string>;
  /** Mounts of the call; none: they come from the archive, or are the default. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Where disks go that name no storage. */
  readonly storage: string;
  /** The container that is overwritten, as it was before the call. */
  readonly old: LxcGuest | undefined;
}

/** POST /nodes/{node}/lxc. */
export function createContainer(context: Context): Reply {
  const {params, cluster} = context;
  const vmid = Number(params['vmid']);
  const isRestore = flag(context, 'restore');
  requirePrivileged(context, isRestore);
  const old = assertFree(context, vmid, isRestore);
  const keys = params['ssh-public-keys'];
  if (keys !== undefined) checkPublicKeys(keys);
  const pool = params['pool'];
  if (pool !== undefined && !cluster.pools.has(pool)) forbid(`pool '${pool}' does not exist`);
  const request: Request = {context, vmid, pool};
  requireAllocation(request, old, isRestore);
  const set = settings(context);
  const unprivileged = isUnprivileged(context, isRestore);
  requireChanges({request, before: undefined, set, deletes: [], unprivileged});
  const source = params['ostemplate'] ?? '';
  if (source === '-') fail(500, 'pipe requires cli environment');
  requireVolumeAccess(request, source, isRestore ? 'backup' : 'vztmpl');
  const creation = plan(context, {vmid, source, set, old});
  const word = isRestore ? 'restore' : 'create';
  return underReservation(cluster, {vmid, word}, () => {
    reserve(creation, word);
    const stages = workerStages(creation, isRestore);
    return data(forkFor(context, `vz${word}`, vmid, stages));
  });
}

/** The lock file is waited for 5 s, and the text of giving up says for what. */
function underReservation(
  cluster: Cluster,
  {vmid, word}: {readonly vmid: number; readonly word: string},
  body: () => Reply,
): Reply {
  return {
    kind: 'working',
    begin: (done) => {
      const {actor} = cluster;
      acquire(
        cluster,
        {file: lxcLockFile(vmid), waitMs: 5_000},
        (release) => {
          cluster.actor = actor;
          // The worker waits for the file again: it is free as soon as the call is answered.
          complete(body, (outcome) => {
            release();
            done(outcome);
          });
        },
        (why) => complete(() => fail(500, `unable to ${word} CT ${vmid} - ${why}`), done),
      );
    },
  };
}

/** 9.1: a privileged container needs Sys.Modify, an HA resource Sys.Console. */
function requirePrivileged(context: Context, isRestore: boolean): void {
  if (context.cluster.version === '8.4') return;
  if (!isRestore && context.params['unprivileged'] === '0')
    require403(context, '/', ['Sys.Modify']);
  if (flag(context, 'ha-managed')) require403(context, '/', ['Sys.Console']);
}

/** The default changed: privileged in 8.4, unprivileged in 9; a restore takes the archive's. */
function isUnprivileged(context: Context, isRestore: boolean): boolean {
  const told = context.params['unprivileged'];
  return told === undefined ? context.cluster.version !== '8.4' && !isRestore : told === '1';
}

/** The container that a forced restore overwrites; 500 when the id is another's. */
function assertFree(context: Context, vmid: number, isRestore: boolean): LxcGuest | undefined {
  const other = context.cluster.guests.get(vmid);
  const overwrites = isRestore && flag(context, 'force') && other?.node === context.node;
  if (other === undefined) return undefined;
  if (other.kind !== 'lxc' || !overwrites) {
    const kind = other.kind === 'qemu' ? 'VM' : 'CT';
    fail(500, `${kind} ${vmid} already exists on node '${other.node}'`);
  }
  if (other.runtime !== undefined) fail(500, "can't overwrite running container");
  assertUnprotected(other, `unable to restore CT ${vmid}`);
  return {...other, config: new Map(other.config)};
}

function requireAllocation(request: Request, old: LxcGuest | undefined, isRestore: boolean): void {
  const {context, vmid, pool} = request;
  if (may(context, `/vms/${vmid}`, ['VM.Allocate'])) return;
  if (pool !== undefined && may(context, `/pool/${pool}`, ['VM.Allocate'])) return;
  const isOver = old !== undefined && isRestore && may(context, `/vms/${vmid}`, ['VM.Backup']);
  if (!isOver) forbid();
  if (old.config.get('unprivileged') !== '1' || context.params['unprivileged'] !== '0') return;
  if (context.cluster.version !== '8.4') require403(context, '/', ['Sys.Modify']);
  else forbid('cannot change from unprivileged to privileged without VM.Allocate');
}

/** The parameters that are configuration keys. */
function settings(context: Context): ReadonlyMap<string, string> {
  const {version} = context.cluster;
  const notKeys = new Set(['unprivileged', 'digest']);
  const set = new Map<string, string>();
  for (const [key, value] of Object.entries(context.params)) {
    if (notKeys.has(key) || keyFacts(version, key) === undefined) continue;
    set.set(key, key === 'cpuunits' ? clampCpuUnits(value) : value);
  }
  return set;
}

interface Wanted {
  readonly vmid: number;
  readonly source: string;
  readonly set: ReadonlyMap<string, string>;
  readonly old: LxcGuest | undefined;
}

function plan(context: Context, wanted: Wanted): Creation {
  const {cluster, node, params} = context;
  const {vmid, source, set, old} = wanted;
  const storage = params['storage'] ?? 'local';
  const mounts = new Map(
    [...set]
      .filter(([key]) => isMountKey(key))
      .map(([key, text]) => [key, /^\d+(\.\d+)?$/.test(text) ? `${storage}:${text}` : text]),
  );
  if (mounts.size > 0 && !mounts.has('rootfs')) {
    fail(500, "mount points configured, but 'rootfs' not set - aborting");
  }
  for (const mount of mountsOf(cluster.version, mounts)) {
    if (mount.type === 'volume') requireContainerStorage(context, storageOf(mount.volume));
    else if (!context.auth.isRoot) fail(500, 'Only root can pass arbitrary filesystem paths.');
  }
  if (!mounts.has('rootfs')) requireContainerStorage(context, storage);
  const draft = emptyContainer(vmid, node);
  const plain = [...set].filter(([key]) => !isMountKey(key) && !isUnusedKey(key));
  const quiet: Job = {cluster, node, log: () => {}};
  updateDraft(quiet, draft, {set: new Map(plain), deletes: [], reverts: []});
  const isRestore = flag(context, 'restore');
  if (isUnprivileged(context, isRestore)) draft.config.set('unprivileged', '1');
  return {context, vmid, source, config: draft.config, mounts, storage, old};
}

function requireContainerStorage(context: Context, id: string): void {
  const storage = requireStorage(context.cluster, id, context.node);
  if (!takesContainers(storage)) {
    paramError({storage: `storage '${id}' does not support container directories`});
  }
  require403(context, `/storage/${id}`, ['Datastore.AllocateSpace']);
}

/** The id is taken, or the old container locked, before the worker begins. */
function reserve({context, vmid, old}: Creation, word: string): void {
  const {cluster, node} = context;
  const there = cluster.guests.get(vmid);
  if (there !== undefined && old === undefined) {
    const kind = there.kind === 'qemu' ? 'VM' : 'CT';
    const taken = `${kind} ${vmid} already exists on node '${there.node}'`;
    fail(500, `unable to ${word} CT ${vmid} - ${taken}`);
  }
  const guest = there?.kind === 'lxc' ? there : emptyContainer(vmid, node);
  const lock = guest.config.get('lock');
  if (lock !== undefined) fail(500, `unable to ${word} CT ${vmid} - CT is locked (${lock})`);
  guest.config.set('lock', 'create');
  cluster.guests.set(vmid, guest);
  if (there === undefined) recordEffect(cluster, 'create', vmid, 'reserved');
  else saveContainer(cluster, guest, 'restore begins');
}

function workerStages(creation: Creation, isRestore: boolean): readonly Stage[] {
  const {context, vmid} = creation;
  return [
    {kind: 'undo', run: () => undoReservation(creation)},
    {kind: 'lock', file: lxcLockFile(vmid)},
    ...(isRestore ? restoreStages(creation) : templateStages(creation)),
    act(() => joinPool(context, vmid)),
    act(() => {
      if (flag(context, 'start')) startContainer(context, vmid);
    }),
    act((worker) => {
      if (!flag(context, 'ha-managed')) return;
      worker.log('Add as HA resource');
      const state = flag(context, 'start') ? 'started' : 'stopped';
      sectionsOf(context.cluster, 'ha-resources').set(`ct:${vmid}`, new Map([['state', state]]));
      recordEffect(context.cluster, 'ha', vmid, `ct:${vmid} created`);
    }),
  ];
}

/** A new container vanishes, an old one that was not touched yet is only unlocked. */
function undoReservation({context, vmid, old}: Creation): void {
  const {cluster} = context;
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'lxc') return;
  if (old !== undefined && guest.config.size > 1) {
    guest.config.delete('lock');
    saveContainer(cluster, guest, 'restore failed');
    return;
  }
  cluster.guests.delete(vmid);
  recordEffect(cluster, 'destroy', vmid, 'create failed');
}

function templateStages(creation: Creation): readonly Stage[] {
  const {context, vmid, storage} = creation;
  const {cluster} = context;
  const mounts = creation.mounts.size > 0 ? creation.mounts : new Map([['rootfs', `${storage}:4`]]);
  const ms = mountsOf(cluster.version, mounts)
    .map((mount) => allocationMs(cluster, mount.volume))
    .reduce((sum, one) => sum + one, 0);
  return [
    pause(150 + ms),
    act((worker) => {
      const job = jobOf(context, worker);
      const guest = loadContainer(cluster, context.node, vmid);
      const made: string[] = [];
      try {
        fill(job, creation, guest, {mounts, made});
      } catch (error) {
        freeMade(job, made);
        const text = error instanceof Error ? deathText(error) : String(error);
        fail(500, `unable to create CT ${vmid} - ${text}`);
      }
    }),
  ];
}

function fill(
  job: Job,
  creation: Creation,
  guest: LxcGuest,
  disks: {readonly mounts: ReadonlyMap<string, string>; readonly made: string[]},
): void {
  const {cluster, node} = job;
  const config = new Map(creation.config);
  for (const mount of mountsOf(cluster.version, disks.mounts)) {
    config.set(mount.key, createDisk(job, creation.vmid, mount, disks.made));
  }
  activateMounts(job, config);
  const template = templateOf(job, creation.source);
  const {ostype, tarBytes} = contentsOf(template);
  job.log(`extracting archive '${templatePath(job, creation.source)}'`);
  job.log(`Total bytes read: ${tarTotals(tarBytes)}`);
  const rootfs = parseMount(cluster.version, 'rootfs', config.get('rootfs') ?? '');
  if (rootfs.type === 'volume' && newDiskWish(rootfs.volume) === undefined) {
    const volume = volumeNamed(cluster, node, rootfs.volume);
    volume.data = {ostype, tarBytes, madeBytes: volume.sizeBytes};
  }
  setUpSystem(job, config, ostype);
  putDefaults(config, creation.vmid);
  guest.config = config;
  saveContainer(cluster, guest, 'created');
}

/** What is mounted must be there; what a plugin cannot name it refuses. */
function activateMounts({cluster, node}: Job, config: ReadonlyMap<string, string>): void {
  for (const mount of mountsOf(cluster.version, config)) {
    const parts = mount.type === 'volume' ? parseVolid(mount.volume) : undefined;
    if (parts !== undefined) {
      readVolumeName(storageNamed(cluster, parts.storage), parts.name);
      volumeNamed(cluster, node, mount.volume);
    }
  }
}

/** The template's volume; a path that root names leads to no file here. */
function templateOf({cluster, node}: Job, source: string): Volume {
  if (parseVolid(source) === undefined) fail(500, `can't find file '${source}'`);
  return volumeNamed(cluster, node, source);
}

/** `/var/lib/vz/template/cache/debian-12-standard_12.7-1_amd64.tar.zst`. */
function templatePath(job: Job, volid: string): string {
  const path = volumePath(job.cluster, volid);
  return path.replace(/\/images\/vztmpl\/([^/]+)$/, '/template/cache/$1');
}
