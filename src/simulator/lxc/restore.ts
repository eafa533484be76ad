// Why this exists: a container from a backup: the archive's configuration merged with the call's,
// its mounts anew on a storage, new identities where asked for (PVE::LXC::Create).
import type {Archive} from '../backup/archive.ts';
import {archiveOf} from '../backup/archive.ts';
import {fail} from '../failure.ts';
import {isUnusedKey} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {Job} from '../qemu/volumes.ts';
import {volumeNamed, volumePath} from '../qemu/volumes.ts';
import {act, jobOf, pause} from '../qemu/worker.ts';
import {flag} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {deathText} from '../task.ts';
import {findVolume} from '../volume.ts';
import {requireBridge} from './access-checks.ts';
import {loadContainer, saveContainer} from './container-file.ts';
import {contentsOf, tarTotals} from './contents.ts';
import type {Creation} from './create.ts';
import {freeVolumes} from './destroy.ts';
import {copyTimeMs, createDisk, freeMade} from './disks.ts';
import {isMountKey, isNetKey} from './keys.ts';
import type {Mount} from './mountpoint.ts';
import {mountsOf, parseMount, printMount} from './mountpoint.ts';
import {withNewMac} from './network.ts';
import {putDefaults, setUpSystem} from './system.ts';
import {toBases} from './template.ts';

/** Stages that restore the archive into the reserved container. */
export function restoreStages(creation: Creation): readonly Stage[] {
  const {context, vmid} = creation;
  return [
    pause(200),
    act((worker) => {
      const job = jobOf(context, worker);
      const guest = loadContainer(context.cluster, context.node, vmid);
      const made: string[] = [];
      try {
        restore(job, creation, {guest, made, worker});
      } catch (error) {
        freeMade(job, made);
        const text = error instanceof Error ? deathText(error) : String(error);
        fail(500, `unable to restore CT ${vmid} - ${text}`);
      }
    }),
    {kind: 'wait', ms: () => unpackMs(creation)},
  ];
}

/** Unpacking goes as fast as the storage copies. */
function unpackMs({context, vmid}: Creation): number {
  const {cluster, node} = context;
  const guest = cluster.guests.get(vmid);
  const mounts = guest === undefined ? [] : mountsOf(cluster.version, guest.config);
  return mounts
    .map((mount) => findVolume(cluster, node, mount.volume))
    .filter((volume) => volume !== undefined)
    .reduce((sum, volume) => sum + copyTimeMs(cluster, volume, volume.storage) / 10, 0);
}

interface Work {
  readonly guest: LxcGuest;
  readonly made: string[];
  readonly worker: Worker;
}

function restore(job: Job, creation: Creation, work: Work): void {
  const {context, vmid, source, old} = creation;
  const {cluster, node} = job;
  const {guest, made} = work;
  job.log(`recovering backed-up configuration from '${source}'`);
  const volume = volumeNamed(cluster, node, source);
  const archive = source.includes('vzdump-lxc-') ? archiveOf(volume) : undefined;
  if (archive === undefined) fail(500, 'ERROR: archive contains no configuration file');
  const config = new Map(creation.config);
  const unprivileged = archive.config.get('unprivileged');
  if (context.params['unprivileged'] === undefined && unprivileged !== undefined) {
    config.set('unprivileged', unprivileged);
  }
  requireUnprivileged(creation, config.get('unprivileged') === '1');
  const wished = creation.mounts.size > 0 ? [...mountsOf(cluster.version, creation.mounts)] : [];
  const mounts = wished.length > 0 ? wished : archivedMounts(creation, archive);
  const later = mounts.filter((mount) => wished.length === 0 && mount.type !== 'volume');
  for (const mount of mounts.filter((one) => !later.includes(one))) {
    config.set(mount.key, createDisk(job, vmid, mount, made));
  }
  if (old !== undefined) freeVolumes(job, old, false);
  unpack(job, creation, config);
  job.log('merging backed-up and given configuration..');
  merge(creation, config, archive, work.worker);
  setUpSystem(job, config, contentsOf(volume).ostype);
  putDefaults(config, vmid);
  for (const mount of later) config.set(mount.key, printMount(cluster.version, mount));
  if (archive.config.get('template') === '1') {
    job.log('Convert restored container to template...');
    toBases(job, vmid, config);
    config.set('template', '1');
  }
  replace(guest, config);
  saveContainer(cluster, guest, `restored from ${source}`);
}

function replace(guest: LxcGuest, config: Map<string, string>): void {
  guest.config = config;
  guest.pending.clear();
  guest.pendingDelete.clear();
  guest.snapshots.clear();
}

/** Whoever makes a privileged container of an archive needs more than to make one. */
function requireUnprivileged({context, vmid, old}: Creation, unprivileged: boolean): void {
  if (unprivileged) return;
  const wasUnprivileged = old?.config.get('unprivileged') === '1';
  if (context.cluster.version === '8.4') {
    if (wasUnprivileged) require403(context, `/vms/${vmid}`, ['VM.Allocate']);
  } else if (old === undefined || wasUnprivileged) require403(context, '/', ['Sys.Modify']);
}

/** The archive's mounts, volumes as wishes for new ones of their size. */
function archivedMounts(creation: Creation, archive: Archive): readonly Mount[] {
  const {context, storage} = creation;
  const mounts = mountsOf(context.cluster.version, archive.config);
  if (!mounts.some((mount) => mount.key === 'rootfs')) {
    const what = 'rootfs configuration could not be recovered';
    fail(500, `${what}, please check and specify manually!`);
  }
  return mounts.map((mount) => archivedMount(mount, {creation, storage, archive}));
}

function archivedMount(
  mount: Mount,
  from: {readonly creation: Creation; readonly storage: string; readonly archive: Archive},
): Mount {
  const {type, key} = mount;
  if (type !== 'volume') {
    if (key === 'rootfs') {
      fail(
        500,
        `restoring rootfs to ${type} mount is only possible by specifying -rootfs manually!`,
      );
    }
    if (!from.creation.context.auth.isRoot) {
      fail(500, `restoring '${key}' to ${type} mount is only possible for root`);
    }
    return mount;
  }
  const sizeBytes = from.archive.disks.find((disk) => disk.key === key)?.sizeBytes;
  if (sizeBytes === undefined) {
    fail(500, `unable to detect disk size - please specify ${key} (size)`);
  }
  const options = new Map(mount.options);
  options.delete('size');
  return {...mount, volume: `${from.storage}:${sizeBytes / 1024 ** 3}`, options};
}

function unpack(job: Job, {source}: Creation, config: ReadonlyMap<string, string>): void {
  const {cluster, node} = job;
  const {tarBytes, ostype} = contentsOf(volumeNamed(cluster, node, source));
  const path = volumePath(cluster, source).replace('/backup/', '/dump/');
  job.log(`restoring '${source}' now..`);
  job.log(`extracting archive '${path}'`);
  job.log(`Total bytes read: ${tarTotals(tarBytes)}`);
  const rootfs = parseMount(cluster.version, 'rootfs', config.get('rootfs') ?? '');
  const volume = findVolume(cluster, node, rootfs.volume);
  if (volume !== undefined) volume.data = {tarBytes, ostype, madeBytes: volume.sizeBytes};
}

const notMerged = new Set(['digest', 'parent', 'unprivileged', 'template', 'lock', 'snaptime']);

function merge(
  creation: Creation,
  config: Map<string, string>,
  archive: Archive,
  worker: Worker,
): void {
  const {context, vmid} = creation;
  const isRoot = context.auth.isRoot;
  for (const [key, text] of archive.config) {
    if (notMerged.has(key) || isMountKey(key) || isUnusedKey(key)) continue;
    if (key === 'lxc' && !isRoot) {
      const line = '--------------------------------';
      const hint = 'skipping custom lxc options, restore manually as root:';
      worker.warn(`${hint}\n${line}\n${text}\n${line}`);
    } else if (isNetKey(key)) {
      if (!config.has(key)) requireBridge({context, vmid}, text);
      const isFresh = flag(context, 'unique');
      if (isFresh) config.set(key, withNewMac(context.cluster, text));
      else if (!config.has(key)) config.set(key, text);
    } else if (!losesFeatures(key, config, archive, isRoot) && !config.has(key)) {
      config.set(key, text);
    }
  }
}

/** Features of an unprivileged container are not given to a privileged one. */
function losesFeatures(
  key: string,
  config: ReadonlyMap<string, string>,
  archive: Archive,
  isRoot: boolean,
): boolean {
  const wasUnprivileged = archive.config.get('unprivileged') === '1';
  const isNow = config.get('unprivileged') === '1';
  return key === 'features' && !isRoot && wasUnprivileged && !isNow;
}
