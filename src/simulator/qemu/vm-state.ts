// Why this exists: snapshots with RAM and hibernation keep memory in a volume of the guest's own.
import type {QemuGuest, Volume} from '../state.ts';
import {findVolume} from '../volume.ts';
import {memoryMiB} from './config-update.ts';
import {drivesOf, isDisk} from './drive.ts';
import type {Job} from './volumes.ts';
import {allocateImage, storageNamed} from './volumes.ts';

/** Allocate a state volume: twice the memory and 500 MiB, raw. */
export function allocateState(job: Job, guest: QemuGuest, name: string): Volume {
  const mib = 2 * memoryMiB(guest.config.get('memory')) + 500;
  return allocateImage(job, {
    storage: stateStorage(job, guest),
    vmid: guest.vmid,
    sizeBytes: mib * 1024 ** 2,
    format: 'raw',
    name,
  });
}

/** vmstatestorage, else a shared storage of the disks, else any of them, else `local`. */
function stateStorage(job: Job, guest: QemuGuest): string {
  const chosen = guest.config.get('vmstatestorage');
  if (chosen !== undefined) return chosen;
  const used = drivesOf(guest.config)
    .filter(isDisk)
    .map((drive) => findVolume(job.cluster, job.node, drive.file)?.storage)
    .filter((storage) => storage !== undefined);
  const shared = used.find((storage) => storageNamed(job.cluster, storage).shared);
  return shared ?? used[0] ?? 'local';
}
