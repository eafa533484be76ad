// Why this exists: a rollback stops the container and puts a snapshot's configuration and volumes
// back; what it keeps and loses surprises people, so it stands by itself.
import {fail} from '../failure.ts';
import {addUnused, assertUnlocked, isUnusedKey} from '../guest/file.ts';
import {snapshotNamed} from '../guest/snapshots.ts';
import {parseSize} from '../qemu/size.ts';
import type {Job} from '../qemu/volumes.ts';
import {storageNamed} from '../qemu/volumes.ts';
import {act, pause} from '../qemu/worker.ts';
import type {LxcGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume} from '../volume.ts';
import {saveContainer} from './container-file.ts';
import {mountsOf} from './mountpoint.ts';
import {extinguish} from './power.ts';

/** The stages of a rollback, for a worker that holds the container's lock file. */
export function rollbackStages(job: Job, guest: LxcGuest, name: string): readonly Stage[] {
  if (guest.config.get('template') === '1') fail(500, "you can't rollback if vm is a template");
  const section = snapshotNamed(guest, name);
  assertNewest(job, section, name);
  const state = section.get('snapstate');
  if (state !== undefined) {
    fail(500, `unable to rollback to incomplete snapshot (snapstate = ${state})`);
  }
  assertUnlocked(guest);
  extinguish(job.cluster, guest);
  guest.config.set('lock', 'rollback');
  saveContainer(job.cluster, guest, `rollback to ${name} begins`);
  return [pause(150), act(() => restore(job, guest, {name, section}))];
}

/** ZFS can only go back to the newest snapshot of each volume. */
function assertNewest(job: Job, section: ReadonlyMap<string, string>, name: string): void {
  for (const mount of mountsOf(job.cluster.version, section)) {
    const volume = findVolume(job.cluster, job.node, mount.volume);
    if (volume === undefined) continue;
    const isZfs = storageNamed(job.cluster, volume.storage).type === 'zfspool';
    if (isZfs && [...volume.snapshots].at(-1) !== name) {
      fail(500, `can't rollback, '${name}' is not most recent snapshot on '${volume.volid}'`);
    }
  }
}

const ofSnapshot = new Set(['snaptime', 'snapstate', 'description', 'lock']);

function restore(
  job: Job,
  guest: LxcGuest,
  to: {readonly name: string; readonly section: ReadonlyMap<string, string>},
): void {
  const {version} = job.cluster;
  const config = new Map([...to.section].filter(([key]) => !ofSnapshot.has(key)));
  for (const [key, value] of guest.config) {
    if (isUnusedKey(key) || key === 'description') config.set(key, value);
  }
  const kept = new Set(mountsOf(version, config).map((mount) => mount.volume));
  for (const {type, volume} of mountsOf(version, guest.config)) {
    if (type === 'volume' && !kept.has(volume)) addUnused(config, volume);
  }
  config.set('parent', to.name);
  guest.config = config;
  guest.pending.clear();
  guest.pendingDelete.clear();
  for (const mount of mountsOf(version, config)) {
    const volume = findVolume(job.cluster, job.node, mount.volume);
    const sizeBytes = parseSize(mount.options.get('size') ?? '');
    if (volume !== undefined && !Number.isNaN(sizeBytes)) volume.sizeBytes = sizeBytes;
  }
  recordEffect(job.cluster, 'rollback', guest.vmid, to.name);
  saveContainer(job.cluster, guest, `rolled back to ${to.name}`);
}
