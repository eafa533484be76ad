// Why this exists: a guest is paused, or saved to disk and ended, and goes on again; the two have
// little in common but their call (vm_suspend and vm_resume in PVE/QemuServer.pm, recording 09).
import {fail} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {nodeSeconds} from '../state.ts';
import type {Stage} from '../task.ts';
import {requireOnGuest} from './access-checks.ts';
import {guestHere, saveGuest} from './guest-file.ts';
import {isManaged} from './ha.ts';
import {assertSavable} from './migrate-check.ts';
import {assertRunning, requireRoot} from './power-checks.ts';
import {extinguish, runningCpu} from './runtime.ts';
import {startStages} from './start.ts';
import {allocateState, stateStorage} from './vm-state.ts';
import type {Job} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** POST suspend. */
export function suspend(context: Context): Reply {
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

/** POST resume. */
export function resume(context: Context): Reply {
  const vmid = vmidOf(context);
  requireRoot(context, ['skiplock', 'nocheck']);
  const guest = guestHere(context.cluster, context.node, vmid);
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
