// Why this exists: a guest becomes a template: its disks are renamed to base images, for good.
import {fail} from '../failure.ts';
import type {Context, Reply} from '../route.ts';
import {data, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import {renameVolume} from '../volume.ts';
import {assertUnlocked} from './config-update.ts';
import {drivesOf, isDisk, printDrive, withFile} from './drive.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import type {Job} from './volumes.ts';
import {storageNamed, volumeNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** POST template. */
export function makeTemplate(context: Context): Reply {
  const vmid = vmidOf(context);
  assertConvertible(loadGuest(context.cluster, context.node, vmid));
  const only = context.params['disk'];
  return data(
    forkFor(context, 'qmtemplate', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => {
        assertConvertible(guest);
        return [pause(150), act(() => convert(job, guest, only))];
      }),
    ]),
  );
}

function assertConvertible(guest: QemuGuest): void {
  assertUnlocked(guest);
  if (guest.snapshots.size > 0) {
    fail(500, 'unable to create template, because VM contains snapshots');
  }
  if (guest.config.get('template') === '1') fail(500, "you can't convert a template to a template");
  if (guest.runtime !== undefined) {
    fail(500, "you can't convert a VM to template if VM is running");
  }
}

function convert(job: Job, guest: QemuGuest, only: string | undefined): void {
  const drives = drivesOf(guest.config).filter(isDisk);
  for (const drive of drives.filter(({key}) => only === undefined || key === only)) {
    const volume = volumeNamed(job.cluster, job.node, drive.file);
    if (storageNamed(job.cluster, volume.storage).type === 'lvm') {
      fail(500, `template feature not available for volume '${drive.file}'`);
    }
    const index = /-disk-(\d+)/.exec(drive.file)?.[1] ?? '0';
    const name = `base-${guest.vmid}-disk-${index}`;
    const renamed = renameVolume(job.cluster, volume, {node: job.node, vmid: guest.vmid, name});
    guest.config.set(drive.key, printDrive(withFile(drive, renamed.volid)));
  }
  guest.config.set('template', '1');
  recordEffect(job.cluster, 'template', guest.vmid, '');
  saveGuest(job.cluster, guest, 'template');
}
