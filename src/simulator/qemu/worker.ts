// Why this exists: nearly every action on a guest is a worker that first takes the guest's lock
// file, loads the configuration and checks the lock; the shape is written once.
import {fail} from '../failure.ts';
import {acquire, isHeld, qemuLockFile} from '../flock.ts';
import type {Context, Reply} from '../route.ts';
import {complete} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {fork} from '../task.ts';
import {loadGuest} from './guest-file.ts';
import type {Job} from './volumes.ts';

/** A worker of a context's caller on the context's node; returns the UPID. */
export function forkFor(
  context: Context,
  type: string,
  id: string | number,
  stages: readonly Stage[],
): string {
  const {cluster, node, auth} = context;
  return fork(cluster, {node, type, id: String(id), auth, stages});
}

/** A worker that was decided on under the guest's lock file and keeps it. */
export interface HeldWorker {
  readonly type: string;
  readonly stages: readonly Stage[];
  /** The answer, once there is a UPID. */
  readonly answer: (upid: string) => Reply;
}

/** Check under the lock file, then hand the lock to a worker; a refusal gives it back. */
export function forkHoldingLock(context: Context, vmid: number, decide: () => HeldWorker): Reply {
  return forkHoldingFile(context, {vmid, file: qemuLockFile(vmid)}, decide);
}

/** The same with any guest's lock file: containers have theirs elsewhere. */
export function forkHoldingFile(
  context: Context,
  {vmid, file}: {readonly vmid: number; readonly file: string},
  decide: () => HeldWorker,
): Reply {
  const {cluster} = context;
  return {
    kind: 'working',
    begin: (done) => {
      const {actor} = cluster;
      acquire(
        cluster,
        {file},
        (release) => {
          cluster.actor = actor;
          complete(() => decideAndFork(context, vmid, decide, release), done);
        },
        (reason) => complete(() => fail(500, reason), done),
      );
    },
  };
}

function decideAndFork(
  context: Context,
  vmid: number,
  decide: () => HeldWorker,
  release: () => void,
): Reply {
  let worker: HeldWorker;
  try {
    worker = decide();
  } catch (error) {
    release();
    throw error;
  }
  const upid = forkFor(context, worker.type, vmid, [
    {kind: 'undo', run: release},
    ...worker.stages,
    act(release),
  ]);
  return worker.answer(upid);
}

/** Take a guest's lock file, saying so in the log when that means waiting. */
export function lockStages(context: Context, vmid: number, waitMs = 10_000): readonly Stage[] {
  return lockFileStages(context, qemuLockFile(vmid), waitMs);
}

/** The same with any lock file. */
export function lockFileStages(context: Context, file: string, waitMs = 10_000): readonly Stage[] {
  let waited = false;
  return [
    {
      kind: 'do',
      run: (worker) => {
        waited = isHeld(context.cluster, file);
        if (waited) worker.log('trying to acquire lock...');
      },
    },
    {kind: 'lock', file, waitMs},
    {
      kind: 'do',
      run: (worker) => {
        if (waited) worker.log(' OK');
      },
    },
  ];
}

/** Stages decided with the guest as it is when they are reached. */
export function withGuest(
  context: Context,
  vmid: number,
  stages: (guest: QemuGuest, job: Job, worker: Worker) => readonly Stage[],
): Stage {
  return {
    kind: 'then',
    stages: (worker) =>
      stages(loadGuest(context.cluster, context.node, vmid), jobOf(context, worker), worker),
  };
}

/** A check or effect as a stage. */
export function act(run: (worker: Worker) => void): Stage {
  return {kind: 'do', run};
}

/** Virtual time as a stage. */
export function pause(ms: number): Stage {
  return {kind: 'wait', ms};
}

/** The job of a worker on the context's node. */
export function jobOf(context: Context, worker: Worker): Job {
  return {cluster: context.cluster, node: context.node, log: worker.log};
}
