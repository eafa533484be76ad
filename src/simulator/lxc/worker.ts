// Why this exists: nearly every action on a container is a worker that first takes the container's
// lock file and loads its configuration; the shape is written once.
import {lxcLockFile} from '../flock.ts';
import type {Job} from '../qemu/volumes.ts';
import type {HeldWorker} from '../qemu/worker.ts';
import {forkHoldingFile, jobOf, lockFileStages} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {loadContainer} from './container-file.ts';

/** Take a container's lock file, saying so in the log when that means waiting. */
export function lockStages(context: Context, vmid: number): readonly Stage[] {
  return lockFileStages(context, lxcLockFile(vmid));
}

/** Check under the lock file, then hand the lock to a worker; a refusal gives it back. */
export function forkHoldingLock(context: Context, vmid: number, decide: () => HeldWorker): Reply {
  return forkHoldingFile(context, {vmid, file: lxcLockFile(vmid)}, decide);
}

/** Stages decided with the container as it is when they are reached. */
export function withContainer(
  context: Context,
  vmid: number,
  stages: (guest: LxcGuest, job: Job, worker: Worker) => readonly Stage[],
): Stage {
  return {
    kind: 'then',
    stages: (worker) =>
      stages(loadContainer(context.cluster, context.node, vmid), jobOf(context, worker), worker),
  };
}
