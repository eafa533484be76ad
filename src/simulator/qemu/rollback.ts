// Why this exists: a rollback puts a snapshot's configuration and disks back; what it keeps, loses
// and makes new surprises people (facts.md section 10), so it stands by itself.
import {fail} from '../failure.ts';
import {addUnused, assertUnlocked, isUnusedKey} from '../guest/file.ts';
import {snapshotNamed} from '../guest/snapshots.ts';
import {randomUuid} from '../random.ts';
import type {QemuGuest, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume} from '../volume.ts';
import {regenerate} from './cloud-init.ts';
import {drivesOf, isDisk, volumeOwner} from './drive.ts';
import {saveGuest} from './guest-file.ts';
import {extinguish, launch} from './runtime.ts';
import {parseSize} from './size.ts';
import {wakeFromState} from './vm-state.ts';
import type {Job} from './volumes.ts';
import {storageNamed} from './volumes.ts';
import {act, pause} from './worker.ts';

/** Keys that describe a snapshot instead of the guest in it. */
export const snapshotKeys: readonly string[] = [
  'snaptime',
  'snapstate',
  'vmstate',
  'runningmachine',
  'runningcpu',
  'description',
];

/** The volumes of a section's disks; missing ones are left out. */
export function diskVolumes(
  job: Pick<Job, 'cluster' | 'node'>,
  section: ReadonlyMap<string, string>,
): readonly Volume[] {
  return drivesOf(section)
    .filter(isDisk)
    .map((drive) => findVolume(job.cluster, job.node, drive.file))
    .filter((volume) => volume !== undefined);
}

/** The stages of a rollback, for a worker that holds the guest's lock file. */
export function rollbackSnapshot(
  job: Job,
  guest: QemuGuest,
  wish: {readonly name: string; readonly start: boolean},
): readonly Stage[] {
  if (guest.config.get('template') === '1') fail(500, "you can't rollback if vm is a template");
  const section = snapshotNamed(guest, wish.name);
  assertNewest(job, section, wish.name);
  const incomplete = section.get('snapstate');
  if (incomplete !== undefined) {
    fail(500, `unable to rollback to incomplete snapshot (snapstate = ${incomplete})`);
  }
  assertUnlocked(guest);
  guest.config.set('lock', 'rollback');
  saveGuest(job.cluster, guest, `rollback to ${wish.name} begins`);
  const wasRunning = guest.runtime !== undefined;
  const state = section.get('vmstate');
  return [
    pause(wasRunning ? 300 : 0),
    act(() => {
      if (guest.runtime !== undefined) extinguish(job.cluster, guest);
    }),
    pause(150),
    act(() => restore(job, guest, wish.name)),
    pause(state === undefined ? 0 : 1_500),
    act(() => {
      if (state === undefined && !wish.start) return;
      if (state === undefined) regenerate(job, guest);
      launch(job.cluster, guest);
      if (state !== undefined) wakeFromState(job, guest, state);
    }),
  ];
}

/** ZFS can only go back to the newest snapshot of each volume. */
function assertNewest(job: Job, section: ReadonlyMap<string, string>, name: string): void {
  for (const volume of diskVolumes(job, section)) {
    const newest = [...volume.snapshots].at(-1);
    if (storageNamed(job.cluster, volume.storage).type !== 'zfspool') continue;
    if (!volume.snapshots.has(name)) {
      fail(500, `can't rollback, snapshot '${name}' does not exist on '${volume.volid}'`);
    }
    if (newest !== name) {
      fail(500, `can't rollback, '${name}' is not most recent snapshot on '${volume.volid}'`);
    }
  }
}

function restore(job: Job, guest: QemuGuest, name: string): void {
  const section = snapshotNamed(guest, name);
  const before = guest.config;
  const config = new Map([...section].filter(([key]) => !snapshotKeys.includes(key)));
  const description = before.get('description');
  if (description !== undefined) config.set('description', description);
  for (const [key, value] of before) if (isUnusedKey(key)) config.set(key, value);
  if (config.has('vmgenid')) config.set('vmgenid', randomUuid(job.cluster.random));
  config.set('parent', name);
  guest.config = config;
  guest.pending.clear();
  guest.pendingDelete.clear();
  const kept = new Set(drivesOf(config).map((drive) => drive.file));
  for (const drive of drivesOf(before).filter(isDisk)) {
    if (!kept.has(drive.file) && volumeOwner(drive.file) === guest.vmid) {
      addUnused(guest.config, drive.file);
    }
  }
  restoreSizes(job, config);
  recordEffect(job.cluster, 'rollback', guest.vmid, name);
  saveGuest(job.cluster, guest, `rolled back to ${name}`);
}

function restoreSizes(job: Job, section: ReadonlyMap<string, string>): void {
  for (const drive of drivesOf(section).filter(isDisk)) {
    const volume = findVolume(job.cluster, job.node, drive.file);
    const sizeBytes = parseSize(drive.options.get('size') ?? '');
    if (volume !== undefined && !Number.isNaN(sizeBytes)) volume.sizeBytes = sizeBytes;
  }
}
