// Why this exists: snapshots with RAM and hibernation keep memory in a volume of the guest's own.
import type {Cluster, QemuGuest, Volume} from '../state.ts';
import {findVolume, parseVolid} from '../volume.ts';
import {memoryMiB} from './config-update.ts';
import {drivesOf, isDisk} from './drive.ts';
import type {Job} from './volumes.ts';
import {allocateImage} from './volumes.ts';

/** Allocate a state volume: twice the memory and 500 MiB, raw. */
export function allocateState(
  job: Job,
  guest: QemuGuest,
  name: string,
  storage = stateStorage(job.cluster, guest),
): Volume {
  const mib = 2 * memoryMiB(guest.config.get('memory')) + 500;
  const volume = allocateImage(job, {
    storage,
    vmid: guest.vmid,
    sizeBytes: mib * 1024 ** 2,
    format: 'raw',
    name,
  });
  const {agentAnswers = false, guestAnswers = false} = guest.runtime ?? {};
  volume.data = {agentAnswers, guestAnswers} satisfies SavedGuest;
  return volume;
}

/** What saved memory says about the guest in it. */
interface SavedGuest {
  readonly agentAnswers: boolean;
  readonly guestAnswers: boolean;
}

/** A guest started from saved memory goes on where it was. */
export function wakeFromState(job: Job, guest: QemuGuest, volid: string): void {
  const data = findVolume(job.cluster, job.node, volid)?.data;
  if (guest.runtime === undefined || typeof data !== 'object' || data === null) return;
  if ('agentAnswers' in data) guest.runtime.agentAnswers = data.agentAnswers === true;
  if ('guestAnswers' in data) guest.runtime.guestAnswers = data.guestAnswers === true;
}

/** vmstatestorage, else a shared storage of the disks, else any of them, else `local`; the first
 * that is named wins, but one that keeps files is preferred. */
export function stateStorage(cluster: Cluster, guest: QemuGuest): string {
  const chosen = guest.config.get('vmstatestorage');
  if (chosen !== undefined) return chosen;
  let shared: string | undefined;
  let local: string | undefined;
  for (const drive of drivesOf(guest.config).filter(isDisk)) {
    const id = parseVolid(drive.file)?.storage;
    const storage = id === undefined ? undefined : cluster.storages.get(id);
    if (storage === undefined) continue;
    const isFile = storage.options.has('path');
    if (storage.shared && (shared === undefined || isFile)) shared = storage.id;
    if (!storage.shared && (local === undefined || isFile)) local = storage.id;
  }
  return shared ?? local ?? 'local';
}
