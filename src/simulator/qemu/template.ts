// Why this exists: a guest becomes a template: its disks are renamed to base images, for good.
import {fail} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import type {Context, Reply} from '../route.ts';
import {data, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import {renameVolume} from '../volume.ts';
import {drivesOf, isDisk, printDrive, withFile} from './drive.ts';
import {volumeHas} from './features.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import type {Job} from './volumes.ts';
import {volumeNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** POST template. */
export function makeTemplate(context: Context): Reply {
  const vmid = vmidOf(context);
  const only = context.params['disk'];
  assertConvertible(loadGuest(context.cluster, context.node, vmid), only);
  return data(
    forkFor(context, 'qmtemplate', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => {
        assertConvertible(guest, only);
        return [pause(150), act(() => convert(job, guest, only))];
      }),
    ]),
  );
}

function assertConvertible(guest: QemuGuest, only: string | undefined): void {
  assertUnlocked(guest);
  if (guest.snapshots.size > 0) {
    fail(500, 'unable to create template, because VM contains snapshots');
  }
  if (guest.config.get('template') === '1' && only === undefined) {
    fail(500, "you can't convert a template to a template");
  }
  if (guest.runtime !== undefined) {
    fail(500, "you can't convert a VM to template if VM is running");
  }
}

/** Make base images of the disks, or of one; what cannot be one stays as it is. */
export function makeBases(job: Job, guest: QemuGuest, only: string | undefined): void {
  const drives = drivesOf(guest.config).filter(isDisk);
  for (const drive of drives.filter(({key}) => only === undefined || key === only)) {
    if (!volumeHas(job.cluster, drive.file, 'template')) continue;
    const volume = volumeNamed(job.cluster, job.node, drive.file);
    const last = (/([^/:]+?)(?:\.\w+)?$/.exec(drive.file)?.[1] ?? '').replace(/^vm-/, 'base-');
    const to = {node: job.node, vmid: volume.vmid ?? guest.vmid, name: last};
    const renamed = renameVolume(job.cluster, volume, to);
    guest.config.set(drive.key, printDrive(withFile(drive, renamed.volid)));
  }
}

function convert(job: Job, guest: QemuGuest, only: string | undefined): void {
  guest.config.set('template', '1');
  makeBases(job, guest, only);
  recordEffect(job.cluster, 'template', guest.vmid, '');
  saveGuest(job.cluster, guest, 'template');
}
