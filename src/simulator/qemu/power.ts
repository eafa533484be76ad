// Why this exists: power: each call's checks before and inside its worker, how long a guest takes,
// and what happens when it does not answer (facts.md section 10, recording 09).
import {after} from '../clock.ts';
import {fail, paramError} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, route, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {nodeSeconds} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {requireOnGuest} from './access-checks.ts';
import {applyPending} from './apply.ts';
import {regenerate} from './cloud-init.ts';
import {assertUnlocked, memoryMiB} from './config-update.ts';
import {drivesOf} from './drive.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {isManaged, requestHa} from './ha.ts';
import {isNetKey} from './keys.ts';
import {assertSavable} from './migrate-check.ts';
import {parseProperties} from './property-string.ts';
import {agentEnabled, extinguish, launch, resetInside, runningCpu} from './runtime.ts';
import {assertCommand} from './start-rules.ts';
import {allocateState, stateStorage, wakeFromState} from './vm-state.ts';
import type {Job} from './volumes.ts';
import {freeImage, volumeNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}/status';
// The process is there after a moment, the task goes on until QEMU answers.
const processMs = 300;
const startMs = 500;
const agentPingMs = 3_000;

/** The stages that start a guest; also used by create, rollback requests and reboot. */
export function startStages(context: Context, vmid: number): readonly Stage[] {
  return [
    ...lockStages(context, vmid),
    withGuest(context, vmid, (guest, job) => {
      if (guest.config.get('template') === '1') {
        fail(500, "you can't start a vm if it's a template");
      }
      const lock = guest.config.get('lock');
      if (lock === 'backup' && guest.runtime !== undefined) {
        guest.runtime.qmpStatus = 'running';
        return [];
      }
      if (lock === 'suspended') return resumeFromDisk(job, guest);
      if (!flag(context, 'skiplock')) assertUnlocked(guest);
      if (guest.runtime !== undefined) fail(500, `VM ${vmid} already running`);
      return [
        act(() => applyPending(job, guest)),
        act(() => assertVolumes(job, guest)),
        act(() => void regenerate(job, guest)),
        act((worker) => assertCommand(job, guest, worker)),
        pause(processMs),
        act(() => {
          assertStartable(job, guest);
          launch(job.cluster, guest);
        }),
        pause(startMs),
      ];
    }),
  ];
}

function assertVolumes(job: Job, guest: QemuGuest): void {
  for (const drive of drivesOf(guest.config)) {
    if (drive.file.includes(':')) volumeNamed(job.cluster, job.node, drive.file);
  }
}

/** What QEMU itself refuses: a bridge that is not there, more memory than the node has. */
function assertStartable(job: Job, guest: QemuGuest): void {
  const node = job.cluster.nodes.get(job.node);
  for (const [key, text] of guest.config) {
    const bridge = isNetKey(key) ? parseProperties(key, text).get('bridge') : undefined;
    if (bridge === undefined || node?.bridges.has(bridge) !== false) continue;
    const index = key.slice(3);
    const script = '/usr/libexec/qemu-server/pve-bridge';
    job.log(`bridge '${bridge}' does not exist`);
    const device = `type=tap,id=${key},ifname=tap${guest.vmid}i${index}`;
    const scripts = `script=${script},downscript=${script}down`;
    const why = `network script ${script} failed with status 512`;
    job.log(`kvm: -netdev ${device},${scripts}: ${why}`);
    fail(500, 'start failed: QEMU exited with code 1');
  }
  const bytes = memoryMiB(guest.config.get('memory')) * 1024 ** 2;
  if (node !== undefined && bytes > 16 * node.memoryBytes) {
    job.log("kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory");
    fail(500, 'start failed: QEMU exited with code 1');
  }
}

function resumeFromDisk(job: Job, guest: QemuGuest): readonly Stage[] {
  const state = guest.config.get('vmstate') ?? '';
  job.log('Resuming suspended VM');
  return [
    act(() => job.log(`activating and using '${state}' as vmstate`)),
    pause(startMs),
    act(() => {
      launch(job.cluster, guest);
      wakeFromState(job, guest, state);
      job.log('Resumed VM, removing state');
      freeImage(job, state);
      for (const key of ['vmstate', 'runningmachine', 'runningcpu', 'lock']) {
        guest.config.delete(key);
      }
      saveGuest(job.cluster, guest, 'resumed from disk');
    }),
  ];
}

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
    return requestHa(context, {
      type: 'hastart',
      what: `HA start for VM ${vmid}`,
      state: 'started',
      workerType: 'qmstart',
      stages: (manager) => startStages(manager, vmid),
    });
  }
  return data(forkFor(context, 'qmstart', vmid, startStages(context, vmid)));
}

/** 400 for what only root may ask for. */
function requireRoot({params, auth}: Context, names: readonly string[]): void {
  for (const name of names) {
    const isSet = params[name] !== undefined && params[name] !== '0';
    if (isSet && !auth.isRoot) paramError({[name]: 'Only root may use this option.'});
  }
}

function stop(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock', 'keepActive', 'migratedfrom']);
  if (isManaged(context.cluster, vmid) && context.params['migratedfrom'] === undefined) {
    if (flag(context, 'overrule-shutdown')) {
      paramError({'overrule-shutdown': 'Not applicable for HA resources.'});
    }
    return requestHa(context, {
      type: 'hastop',
      what: `HA stop for VM ${vmid}`,
      state: 'stopped',
      workerType: 'qmstop',
      stages: stopStages,
    });
  }
  return data(forkFor(context, 'qmstop', vmid, stopStages(context)));
}

function stopStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    act((worker) => {
      if (flag(context, 'overrule-shutdown')) endShutdowns(context, vmid, worker);
    }),
    ...lockStages(context, vmid),
    withGuest(context, vmid, (guest, job) => {
      if (guest.runtime === undefined) return [];
      if (!flag(context, 'skiplock')) assertUnlocked(guest);
      return [pause(250), act(() => end(job, guest))];
    }),
  ];
}

function endShutdowns(context: Context, vmid: number, worker: Worker): void {
  const waiting = [...context.cluster.tasks.values()].filter(
    ({type, id, exitStatus}) =>
      type === 'qmshutdown' && id === String(vmid) && exitStatus === undefined,
  );
  for (const task of waiting) task.stop?.('received interrupt');
  if (waiting.length === 0) return;
  worker.log(`overruled qmshutdown tasks: ${waiting.map(({upid}) => upid).join(', ')}`);
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
    return requestHa(context, {
      type: 'hastop',
      what: `HA stop for VM ${vmid}`,
      state: 'stopped',
      workerType: 'qmshutdown',
      stages: shutdownStages,
    });
  }
  return data(forkFor(context, 'qmshutdown', vmid, shutdownStages(context)));
}

/** The stages that ask a guest to end; also used by stopall. */
export function shutdownStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  const force = flag(context, 'forceStop');
  return [
    ...lockStages(context, vmid),
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
export function askToEnd(
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

function suspend(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock']);
  const guest = assertRunning(context);
  if (!flag(context, 'todisk')) {
    return data(
      forkFor(context, 'qmpause', vmid, [
        ...lockStages(context, vmid),
        withGuest(context, vmid, (current) => {
          const isSavedNow = current.config.get('lock') === 'backup';
          if (!flag(context, 'skiplock') && !isSavedNow) assertUnlocked(current);
          return [act(() => setStatus(current, 'paused'))];
        }),
      ]),
    );
  }
  checkHibernation(context, guest);
  return data(forkFor(context, 'qmsuspend', vmid, suspendStages(context)));
}

/** What forbids a suspend to disk before there is a worker. */
function checkHibernation(context: Context, guest: QemuGuest): void {
  const {cluster, params} = context;
  const {vmid} = guest;
  if (isManaged(cluster, vmid)) fail(500, 'Cannot suspend HA managed VM to disk');
  requireOnGuest({context, vmid}, ['VM.Config.Disk']);
  if ([...guest.config.keys()].some((key) => /^hostpci\d+/.test(key))) {
    const devices = 'passed-through PCI device(s), which lack the possibility';
    fail(500, `cannot suspend VM to disk due to ${devices} to save/restore their internal state`);
  }
  const storage = params['statestorage'] ?? stateStorage(cluster, guest);
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
}

/** The stages of a suspend to disk; also used by suspendall. */
export function suspendStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    ...lockStages(context, vmid),
    withGuest(context, vmid, (guest, job) => {
      const lock = guest.config.get('lock');
      if (lock === 'backup') fail(500, 'cannot suspend to disk during backup');
      if (!flag(context, 'skiplock')) assertUnlocked(guest);
      assertSavable(guest.config);
      return hibernate(job, guest, context.params['statestorage']);
    }),
  ];
}

function hibernate(job: Job, guest: QemuGuest, storage: string | undefined): readonly Stage[] {
  const day = new Date(nodeSeconds(job.cluster, job.node) * 1000).toISOString().slice(0, 10);
  const volume = allocateState(job, guest, `vm-${guest.vmid}-state-suspend-${day}`, storage);
  guest.config.set('lock', 'suspending');
  saveGuest(job.cluster, guest, 'suspending');
  return [
    {
      kind: 'undo',
      run: () => {
        guest.config.delete('lock');
        saveGuest(job.cluster, guest, 'suspend failed');
      },
    },
    pause(1_200),
    act(() => {
      guest.config.set('vmstate', volume.volid);
      guest.config.set('runningmachine', guest.runtime?.machine ?? '');
      guest.config.set('runningcpu', runningCpu(guest));
      guest.config.set('lock', 'suspended');
      saveGuest(job.cluster, guest, 'suspended');
      job.log('State saved, quitting');
      extinguish(job.cluster, guest);
    }),
  ];
}

function resume(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock', 'nocheck']);
  const guest = loadGuest(context.cluster, context.node, vmid);
  if (guest.config.get('lock') === 'suspended') {
    return data(forkFor(context, 'qmresume', vmid, startStages(context, vmid)));
  }
  assertRunning(context);
  return data(
    forkFor(context, 'qmresume', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (current) => {
        if (current.runtime?.qmpStatus === 'running') return [];
        const isSavedNow = current.config.get('lock') === 'backup';
        if (!flag(context, 'skiplock') && !isSavedNow) assertUnlocked(current);
        return [act(() => setStatus(current, 'running'))];
      }),
    ]),
  );
}

function setStatus(guest: QemuGuest, status: 'running' | 'paused'): void {
  if (guest.runtime !== undefined) guest.runtime.qmpStatus = status;
}

function assertRunning(context: Context): QemuGuest {
  const vmid = vmidOf(context);
  const guest = loadGuest(context.cluster, context.node, vmid);
  if (guest.runtime === undefined) fail(500, `VM ${vmid} not running`);
  return guest;
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
