// Why this exists: power: each call's checks before and inside its worker, how long a guest takes,
// and what happens when it does not answer (facts.md section 10, recording 09).
import {after} from '../clock.ts';
import {fail, paramError} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {overruleStage, requestStart, requestStop} from '../guest/power.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, route, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage} from '../task.ts';
import {applyPending} from './apply.ts';
import {regenerate} from './cloud-init.ts';
import {guestHere, loadGuest} from './guest-file.ts';
import {isManaged} from './ha.ts';
import {assertRunning, requireRoot} from './power-checks.ts';
import {parseProperties} from './property-string.ts';
import {agentEnabled, extinguish, launch, resetInside} from './runtime.ts';
import {startStages} from './start.ts';
import {resume, suspend} from './suspend.ts';
import type {Job} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}/status';
const agentPingMs = 3_000;

function start(context: Context): Reply {
  const vmid = vmidOf(context);
  const {params} = context;
  requireRoot(context, [
    'stateuri',
    'skiplock',
    'migratedfrom',
    'migration_type',
    'migration_network',
    'targetstorage',
    'force-cpu',
    'nets-host-mtu',
  ]);
  if (params['targetstorage'] !== undefined && params['migratedfrom'] === undefined) {
    paramError({targetstorage: 'targetstorage can only by used with migratedfrom.'});
  }
  if (isManaged(context.cluster, vmid)) {
    const stages = (manager: Context) => startStages(manager, vmid);
    return requestStart(context, {workerType: 'qmstart', stages});
  }
  return data(forkFor(context, 'qmstart', vmid, startStages(context, vmid)));
}

function stop(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock', 'keepActive', 'migratedfrom']);
  if (isManaged(context.cluster, vmid) && context.params['migratedfrom'] === undefined) {
    return requestStop(context, {workerType: 'qmstop', stages: stopStages});
  }
  return data(forkFor(context, 'qmstop', vmid, stopStages(context)));
}

function stopStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    overruleStage(context, 'qmshutdown'),
    ...lockStages(context, vmid),
    act(() => guestHere(context.cluster, context.node, vmid)),
    withGuest(context, vmid, (guest, job) => {
      if (guest.runtime === undefined) return [];
      if (!flag(context, 'skiplock')) assertUnlocked(guest);
      return [pause(250), act(() => end(job, guest))];
    }),
  ];
}

/** The process was ended through the API: changes that waited come into force. */
function end(job: Job, guest: QemuGuest): void {
  if (guest.runtime === undefined) return;
  extinguish(job.cluster, guest);
  applyPending(job, guest);
}

function shutdown(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock', 'keepActive']);
  const found = context.cluster.guests.get(vmid);
  const guest = found?.kind === 'qemu' && found.node === context.node ? found : undefined;
  const paused = guest?.runtime?.qmpStatus === 'paused';
  if (paused && !flag(context, 'forceStop')) fail(500, 'VM is paused - cannot shutdown');
  if (isManaged(context.cluster, vmid)) {
    return requestStop(context, {workerType: 'qmshutdown', stages: shutdownStages});
  }
  return data(forkFor(context, 'qmshutdown', vmid, shutdownStages(context)));
}

/** The stages that ask a guest to end; also used by stopall. */
export function shutdownStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  const force = flag(context, 'forceStop');
  return [
    ...lockStages(context, vmid),
    act(() => guestHere(context.cluster, context.node, vmid)),
    withGuest(context, vmid, (guest, job) => {
      if (guest.runtime === undefined) return [];
      if (!flag(context, 'skiplock')) assertUnlocked(guest);
      if (guest.runtime.qmpStatus === 'paused') return [pause(250), act(() => end(job, guest))];
      return askToEnd(job, guest, {timeoutS: timeoutOf(context, guest), force});
    }),
  ];
}

function timeoutOf(context: Context, guest: QemuGuest): number {
  const down = parseProperties('startup', guest.config.get('startup') ?? '').get('down');
  return integer(context, 'timeout') ?? Number(down ?? 60);
}

/** Ask the guest to end, through the agent if there is one, and wait. */
function askToEnd(
  job: Job,
  guest: QemuGuest,
  wish: {readonly timeoutS: number; readonly force: boolean},
): readonly Stage[] {
  const {vmid} = guest;
  const silent = agentEnabled(guest) && guest.runtime?.agentAnswers !== true;
  const withAgent = agentEnabled(guest) && !silent;
  const ping = `VM ${vmid} qmp command 'guest-ping' failed - got timeout`;
  const deaf = `QEMU Guest Agent is not running - ${ping}`;
  return [
    pause(silent ? agentPingMs : 0),
    act(() => {
      if (silent) job.log(deaf);
    }),
    {
      kind: 'then',
      stages: () => {
        const obeys = withAgent || guest.runtime?.guestAnswers === true;
        if (obeys && guest.behaviour.shutdownMs <= wish.timeoutS * 1000) {
          return [pause(guest.behaviour.shutdownMs), act(() => end(job, guest))];
        }
        return [pause(wish.timeoutS * 1000), ...giveUp(job, guest, wish.force)];
      },
    },
  ];
}

function giveUp(job: Job, guest: QemuGuest, force: boolean): readonly Stage[] {
  return [
    act(() => {
      if (!force) fail(500, 'VM quit/powerdown failed - got timeout');
      job.log('VM still running - terminating now with SIGTERM');
    }),
    pause(1_000),
    act(() => end(job, guest)),
  ];
}

function reboot(context: Context): Reply {
  const vmid = vmidOf(context);
  const {cluster, node, auth} = context;
  const guest = assertRunning(context);
  if (guest.runtime?.qmpStatus === 'paused') fail(500, 'VM is paused - cannot shutdown');
  return data(
    forkFor(context, 'qmreboot', vmid, [
      ...lockStages(context, vmid),
      act(() => assertUnlocked(loadGuest(cluster, node, vmid))),
      withGuest(context, vmid, (current, job) => [
        ...askToEnd(job, current, {timeoutS: timeoutOf(context, current), force: false}),
        act(() => {
          // qmeventd sees the guest's end and starts it again, outside of any task.
          after(cluster, 700, () => {
            const fresh = cluster.guests.get(vmid);
            if (fresh?.kind === 'qemu' && fresh.runtime === undefined && fresh.node === node) {
              cluster.actor = auth.authid;
              regenerate({cluster, node, log: () => {}}, fresh);
              launch(cluster, fresh);
            }
          });
        }),
      ]),
    ]),
  );
}

function reset(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock']);
  assertRunning(context);
  return data(
    forkFor(context, 'qmreset', vmid, [
      withGuest(context, vmid, (guest, job) => {
        if (!flag(context, 'skiplock')) assertUnlocked(guest);
        return [act(() => resetInside(job.cluster, guest))];
      }),
    ]),
  );
}

const subdirs = ['current', 'start', 'stop', 'reset', 'shutdown', 'suspend', 'reboot'];

function listCommands(context: Context): Reply {
  loadGuest(context.cluster, context.node, vmidOf(context));
  return data(subdirs.map((subdir) => ({subdir})));
}

/** The power endpoints of one guest. */
export const powerRoutes: readonly Route[] = [
  route('GET', base, listCommands),
  route('POST', `${base}/start`, start),
  route('POST', `${base}/stop`, stop),
  route('POST', `${base}/shutdown`, shutdown),
  route('POST', `${base}/reboot`, reboot),
  route('POST', `${base}/reset`, reset),
  route('POST', `${base}/suspend`, suspend),
  route('POST', `${base}/resume`, resume),
];
