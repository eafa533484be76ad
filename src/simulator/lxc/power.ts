// Why this exists: power of containers: each call's checks before and inside its worker (Status.pm
// of pve-container; unlike QEMU guests most are refused before a worker starts).
import {fail, paramError} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {cleanUpPending} from '../guest/pending.ts';
import {overruleStage, requestStart, requestStop} from '../guest/power.ts';
import {isManaged} from '../qemu/ha.ts';
import type {Job} from '../qemu/volumes.ts';
import {volumeNamed} from '../qemu/volumes.ts';
import {act, forkFor, pause} from '../qemu/worker.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, route, vmidOf} from '../route.ts';
import type {Cluster, LxcGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {applyPending} from './apply.ts';
import {assertUsable} from './config-update.ts';
import {loadContainer, saveContainer} from './container-file.ts';
import {mountsOf} from './mountpoint.ts';
import {lockStages, withContainer} from './worker.ts';

const base = '/nodes/{node}/lxc/{vmid}/status';
const startMs = 100;
const shutdownMs = 900;

/** The stages that start a container. */
export function startStages(context: Context, vmid: number): readonly Stage[] {
  return [
    ...lockStages(context, vmid),
    withContainer(context, vmid, (guest, job) => {
      if (guest.config.get('template') === '1') {
        fail(500, "you can't start a CT if it's a template");
      }
      if (!flag(context, 'skiplock')) assertWorkable(guest);
      assertQuota(job.cluster, guest);
      return bootStages(job, guest);
    }),
  ];
}

/** A mounted container may be started and stopped nevertheless. */
function assertWorkable(guest: LxcGuest): void {
  if (guest.config.get('lock') !== 'mounted') assertUnlocked(guest);
}

function assertQuota(cluster: Cluster, guest: LxcGuest): void {
  if (guest.config.get('unprivileged') !== '1') return;
  const mounts = mountsOf(cluster.version, guest.config);
  if (mounts.some((mount) => mount.options.get('quota') === '1')) {
    fail(500, 'Quotas are not supported by unprivileged containers.');
  }
}

/** What waited comes into force, then the container runs; the caller holds the lock. */
export function bootStages(job: Job, guest: LxcGuest): readonly Stage[] {
  return [
    act(() => {
      applyPending(job, guest);
      cleanUpPending(guest);
      saveContainer(job.cluster, guest, 'pending changes applied');
      assertUsable(job, guest);
      for (const mount of mountsOf(job.cluster.version, guest.config)) {
        if (mount.type === 'volume') volumeNamed(job.cluster, job.node, mount.volume);
      }
    }),
    pause(startMs),
    act(() => launch(job.cluster, guest)),
  ];
}

/** The container runs from now on. */
function launch(cluster: Cluster, guest: LxcGuest): void {
  const node = cluster.nodes.get(guest.node);
  const pid = node === undefined ? 1 : node.nextPid++;
  guest.runtime = {pid, startedAtMs: cluster.nowMs};
  recordEffect(cluster, 'start', guest.vmid, `pid ${pid}`);
}

/** The container runs no longer; what waits goes on waiting until the next start. */
export function extinguish(cluster: Cluster, guest: LxcGuest): void {
  if (guest.runtime === undefined) return;
  guest.runtime = undefined;
  recordEffect(cluster, 'stop', guest.vmid, '');
}

/** Fork a start as create and rollback do: refused, or asked of HA, as the call would be. */
export function startContainer(context: Context, vmid: number): string {
  const {cluster} = context;
  if (loadContainer(cluster, context.node, vmid).runtime !== undefined) {
    fail(500, `CT ${vmid} already running`);
  }
  return forkFor(context, 'vzstart', vmid, startStages(context, vmid));
}

function start(context: Context): Reply {
  const vmid = vmidOf(context);
  assertSkipLock(context);
  if (isRunning(context)) fail(500, `CT ${vmid} already running`);
  if (isManaged(context.cluster, vmid)) {
    const stages = (manager: Context) => startStages(manager, vmid);
    return requestStart(context, {workerType: 'vzstart', stages});
  }
  return data(forkFor(context, 'vzstart', vmid, startStages(context, vmid)));
}

/** What runs on another node, or is no container, does not run here. */
function isRunning(context: Context): boolean {
  const guest = context.cluster.guests.get(vmidOf(context));
  return guest?.kind === 'lxc' && guest.node === context.node && guest.runtime !== undefined;
}

function assertRunning(context: Context, kind = 'CT'): void {
  if (!isRunning(context)) fail(500, `${kind} ${vmidOf(context)} not running`);
}

function assertSkipLock(context: Context): void {
  if (flag(context, 'skiplock') && !context.auth.isRoot) {
    paramError({skiplock: 'Only root may use this option.'});
  }
}

function stop(context: Context): Reply {
  const vmid = vmidOf(context);
  assertSkipLock(context);
  assertRunning(context);
  if (isManaged(context.cluster, vmid)) {
    return requestStop(context, {workerType: 'vzstop', stages: stopStages});
  }
  return data(forkFor(context, 'vzstop', vmid, stopStages(context)));
}

function stopStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    overruleStage(context, 'vzshutdown'),
    ...lockStages(context, vmid),
    withContainer(context, vmid, (guest, job) => {
      if (!flag(context, 'skiplock')) assertWorkable(guest);
      return [pause(250), act(() => extinguish(job.cluster, guest))];
    }),
  ];
}

function shutdown(context: Context): Reply {
  const vmid = vmidOf(context);
  assertRunning(context);
  if (isManaged(context.cluster, vmid)) {
    return requestStop(context, {workerType: 'vzshutdown', stages: shutdownStages});
  }
  return data(forkFor(context, 'vzshutdown', vmid, shutdownStages(context)));
}

/** The stages that shut a container down as the call asks. */
export function shutdownStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    ...lockStages(context, vmid),
    withContainer(context, vmid, (guest, job) => {
      assertUnlocked(guest);
      const force = flag(context, 'forceStop');
      return endStages(job, guest, {timeoutS: integer(context, 'timeout') ?? 60, force});
    }),
  ];
}

/** Ask the container to end; after the time-out it is killed or the task fails. */
export function endStages(
  job: Job,
  guest: LxcGuest,
  wish: {readonly timeoutS: number; readonly force: boolean},
): readonly Stage[] {
  const obeys = guest.stubborn !== true && shutdownMs <= wish.timeoutS * 1000;
  if (obeys) return [pause(shutdownMs), act(() => extinguish(job.cluster, guest))];
  return [
    pause(wish.timeoutS * 1000),
    act(() => {
      if (!wish.force) {
        const command = `lxc-stop -n ${guest.vmid} --nokill --timeout ${wish.timeoutS}`;
        job.log(`command '${command}' failed: exit code 1`);
        fail(500, 'container did not stop');
      }
      extinguish(job.cluster, guest);
    }),
  ];
}

function reboot(context: Context): Reply {
  const vmid = vmidOf(context);
  assertRunning(context, 'VM');
  return data(
    forkFor(context, 'vzreboot', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest, job) => {
        if (guest.runtime === undefined) return [];
        const timeoutS = integer(context, 'timeout') ?? 60;
        return [...endStages(job, guest, {timeoutS, force: true}), ...bootStages(job, guest)];
      }),
    ]),
  );
}

function suspend(context: Context): Reply {
  const vmid = vmidOf(context);
  assertRunning(context);
  return data(
    forkFor(context, 'vzsuspend', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest) => {
        assertUnlocked(guest);
        return [checkpoint(`-n ${vmid} -s -D /var/lib/vz/dump`)];
      }),
    ]),
  );
}

function resume(context: Context): Reply {
  const vmid = vmidOf(context);
  if (isRunning(context)) fail(500, `CT ${vmid} already running`);
  const stages = [checkpoint(`-n ${vmid} -r --foreground -D /var/lib/vz/dump`)];
  return data(forkFor(context, 'vzresume', vmid, stages));
}

/** The checkpoint tool is not installed on a node. */
function checkpoint(options: string): Stage {
  return act(() => fail(500, `command 'lxc-checkpoint ${options}' failed: exit code 1`));
}

function listCommands(context: Context): Reply {
  loadContainer(context.cluster, context.node, vmidOf(context));
  const subdirs = ['current', 'start', 'stop', 'shutdown', 'reboot', 'migrate'];
  return data(subdirs.map((subdir) => ({subdir})));
}

/** The power endpoints of one container. */
export const powerRoutes: readonly Route[] = [
  route('GET', base, listCommands),
  route('POST', `${base}/start`, start),
  route('POST', `${base}/stop`, stop),
  route('POST', `${base}/shutdown`, shutdown),
  route('POST', `${base}/reboot`, reboot),
  route('POST', `${base}/suspend`, suspend),
  route('POST', `${base}/resume`, resume),
];
