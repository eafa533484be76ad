// Why this exists: a drive that leaves its slot is kept as unusedN, dropped, or destroyed; which of
// the three decides over a disk's life (facts.md section 8).
import {fail} from '../failure.ts';
import {addUnused} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {QemuGuest} from '../state.ts';
import {findVolume, free, parseVolid} from '../volume.ts';
import type {Request} from './access-checks.ts';
import {requireOnGuest} from './access-checks.ts';
import type {Drive} from './drive.ts';
import {drivesOf, isCdrom, isCloudInit, parseDrive, volumeOwner} from './drive.ts';
import type {Job} from './volumes.ts';
import {freeImage} from './volumes.ts';

/** A volume that is to go, and who asks; without a request nobody's rights are checked. */
export interface Doomed {
  readonly key: string;
  readonly volid: string;
  readonly request: Request | undefined;
}

/** Keep the drive's volume as unusedN; a cloud-init image is destroyed, a foreign one dropped. */
export function detachDrive(job: Job, guest: QemuGuest, drive: Drive): void {
  if (isCloudInit(drive)) {
    if (findVolume(job.cluster, job.node, drive.file) !== undefined) {
      free(job.cluster, job.node, drive.file);
    }
    guest.cloudInitDrift.clear();
  } else if (!isCdrom(drive) && volumeOwner(drive.file) === guest.vmid) {
    addUnused(guest.config, drive.file);
  }
}

/** Take a drive out of the current section: forced it is destroyed, else detached. */
export function removeDrive(
  job: Job,
  guest: QemuGuest,
  removal: {readonly key: string; readonly force: boolean; readonly request?: Request | undefined},
): void {
  const {key, force, request} = removal;
  const drive = parseDrive(key, guest.config.get(key) ?? '');
  if (!force || isCdrom(drive)) {
    detachDrive(job, guest, drive);
    return;
  }
  if (request !== undefined) requireOnGuest(request, ['VM.Config.Disk']);
  freeIfOwned(job, guest, {key, volid: drive.file, request});
}

/** Destroy a volume of the guest's own; 500 while a snapshot or another slot needs it. */
export function freeIfOwned(job: Job, guest: QemuGuest, doomed: Doomed): void {
  const {key, volid, request} = doomed;
  if (volumeOwner(volid) !== guest.vmid) return;
  const storage = parseVolid(volid)?.storage ?? '';
  if (request !== undefined) {
    require403(request.context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  }
  if (isVolumeInUse(guest, key, volid)) {
    fail(500, `unable to delete '${volid}' - volume is still in use (snapshot?)`);
  }
  freeImage(job, volid);
}

/** Whether a volume is in a snapshot or in another slot than `except`. */
export function isVolumeInUse(guest: QemuGuest, except: string, volid: string): boolean {
  const slots = drivesOf(guest.config).filter((drive) => drive.key !== except);
  const snapshots = [...guest.snapshots.values()].flatMap((section) => drivesOf(section));
  return [...slots, ...snapshots].some((drive) => drive.file === volid);
}
