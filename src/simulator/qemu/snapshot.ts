// Why this exists: snapshots: sections of the configuration file beside the volumes' own, taken and
// removed under the lock keys `snapshot` and `snapshot-delete` (facts.md section 10, recording 07).
import {fail} from '../failure.ts';
import {qemuLockFile} from '../flock.ts';
import {addUnused, assertUnlocked, isUnusedKey} from '../guest/file.ts';
import {handOnParent, snapshotList, snapshotNamed} from '../guest/snapshots.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, nothing, route, underLock, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume} from '../volume.ts';
import {drivesOf, isDisk} from './drive.ts';
import {sectionHas, sharedNodes} from './features.ts';
import {guestHere, loadGuest, saveGuest} from './guest-file.ts';
import {assertSavable} from './migrate-check.ts';
import {configView} from './pending.ts';
import {diskVolumes, rollbackSnapshot, snapshotKeys} from './rollback.ts';
import {runningCpu} from './runtime.ts';
import {allocateState} from './vm-state.ts';
import type {Job} from './volumes.ts';
import {freeImage} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}';

function create(context: Context): Reply {
  const vmid = vmidOf(context);
  const name = context.params['snapname'] ?? '';
  if (name === 'current') fail(500, "unable to use snapshot name 'current' (reserved name)");
  if (name.toLowerCase() === 'pending') {
    fail(500, "unable to use snapshot name 'pending' (reserved name)");
  }
  const {config} = loadGuest(context.cluster, context.node, vmid);
  if (flag(context, 'vmstate')) assertSavable(config);
  return data(
    forkFor(context, 'qmsnapshot', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => takeStages(context, guest, job)),
    ]),
  );
}

function takeStages(context: Context, guest: QemuGuest, job: Job): readonly Stage[] {
  const name = context.params['snapname'] ?? '';
  if (guest.config.get('template') === '1') {
    fail(500, "you can't take a snapshot if it's a template");
  }
  assertUnlocked(guest);
  if (flag(context, 'vmstate')) assertSavable(guest.config);
  if (guest.snapshots.has(name)) fail(500, `snapshot name '${name}' already used`);
  if (!sectionHas(job.cluster, guest.config, 'snapshot')) {
    fail(500, 'snapshot feature is not available');
  }
  forgetFormerName(job, guest, name);
  const saveRam = flag(context, 'vmstate') && guest.runtime !== undefined;
  prepare(context, guest, name);
  return [
    {kind: 'undo', run: () => abandon(job, guest, name)},
    {kind: 'unlock'},
    act(() => {
      if (saveRam) saveState(job, guest, name);
    }),
    pause(saveRam ? 1_200 : 150),
    act(() => snapshotDisks(job, guest, name)),
  ];
}

/** A snapshot that once had that name may still be named as a parent. */
function forgetFormerName(job: Job, guest: QemuGuest, name: string): void {
  for (const [other, section] of [...guest.snapshots].sort()) {
    if (section.get('parent') !== name) continue;
    const why = 'to avoid bogus snapshot cycle.';
    job.log(`deleting parent '${name}' reference from '${other}' ${why}`);
    section.delete('parent');
  }
}

function prepare(context: Context, guest: QemuGuest, name: string): void {
  const {cluster, node} = context;
  const skipped = new Set([...snapshotKeys, 'lock']);
  const section = new Map(
    [...guest.config].filter(([key]) => !skipped.has(key) && !isUnusedKey(key)),
  );
  section.set('snaptime', String(nodeSeconds(cluster, node)));
  section.set('snapstate', 'prepare');
  const description = context.params['description']?.trimEnd() ?? '';
  if (description !== '') section.set('description', description);
  guest.snapshots.set(name, section);
  guest.config.set('lock', 'snapshot');
  saveGuest(cluster, guest, `snapshot ${name} begins`);
}

function abandon(job: Job, guest: QemuGuest, name: string): void {
  const volid = guest.snapshots.get(name)?.get('vmstate');
  if (volid !== undefined) freeImage(job, volid);
  guest.snapshots.delete(name);
  guest.config.delete('lock');
  saveGuest(job.cluster, guest, `snapshot ${name} abandoned`);
}

function saveState(job: Job, guest: QemuGuest, name: string): void {
  const section = snapshotNamed(guest, name);
  const volume = allocateState(job, guest, `vm-${guest.vmid}-state-${name}`);
  section.set('vmstate', volume.volid);
  section.set('runningmachine', guest.runtime?.machine ?? '');
  section.set('runningcpu', runningCpu(guest));
  job.log(`saving VM state and RAM using storage '${volume.storage}'`);
  job.log('291.00 B in 0s');
  job.log('completed saving the VM state in 0s, saved 2.70 MiB');
}

function snapshotDisks(job: Job, guest: QemuGuest, name: string): void {
  const {cluster, node} = job;
  for (const drive of drivesOf(guest.config).filter(isDisk)) {
    job.log(`snapshotting 'drive-${drive.key}' (${drive.file})`);
    findVolume(cluster, node, drive.file)?.snapshots.add(name);
  }
  snapshotNamed(guest, name).delete('snapstate');
  guest.config.set('parent', name);
  guest.config.delete('lock');
  recordEffect(cluster, 'snapshot', guest.vmid, name);
  saveGuest(cluster, guest, `snapshot ${name} taken`);
}

function remove(context: Context): Reply {
  const vmid = vmidOf(context);
  const name = context.path['snapname'] ?? '';
  return data(
    forkFor(context, 'qmdelsnapshot', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => {
        snapshotNamed(guest, name);
        assertUnlocked(guest);
        guest.config.set('lock', 'snapshot-delete');
        saveGuest(job.cluster, guest, `snapshot ${name} goes`);
        if (guest.config.get('template') === '1') {
          fail(500, "you can't delete a snapshot if vm is a template");
        }
        return [
          {kind: 'unlock'},
          pause(150),
          act(() => {
            forget(job, guest, name);
          }),
        ];
      }),
    ]),
  );
}

function forget(job: Job, guest: QemuGuest, name: string): void {
  const section = snapshotNamed(guest, name);
  const parent = section.get('parent');
  const state = section.get('vmstate');
  if (state !== undefined) freeImage(job, state);
  for (const volume of diskVolumes(job, section)) volume.snapshots.delete(name);
  guest.snapshots.delete(name);
  const volids = drivesOf(section)
    .filter(isDisk)
    .map(({file}) => file);
  for (const volid of volids) addUnused(guest.config, volid);
  handOnParent(guest, name, parent);
  guest.config.delete('lock');
  recordEffect(job.cluster, 'delete-snapshot', guest.vmid, name);
  saveGuest(job.cluster, guest, `snapshot ${name} deleted`);
}

function rollback(context: Context): Reply {
  const vmid = vmidOf(context);
  const name = context.path['snapname'] ?? '';
  const start = flag(context, 'start');
  return data(
    forkFor(context, 'qmrollback', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => rollbackSnapshot(job, guest, {name, start})),
    ]),
  );
}

function listSnapshots(context: Context): Reply {
  const guest = loadGuest(context.cluster, context.node, vmidOf(context));
  return data(snapshotList(guest, (section) => ({vmstate: section.has('vmstate') ? 1 : 0})));
}

function readConfig(context: Context): Reply {
  const guest = loadGuest(context.cluster, context.node, vmidOf(context));
  const section = snapshotNamed(guest, context.path['snapname'] ?? '');
  const password = section.get('cipassword');
  // Unlike GET config, this call does not mask the (hashed) password.
  const shown = password === undefined ? {} : {cipassword: password};
  return data({...configView(section), ...shown});
}

function writeConfig(context: Context): Reply {
  const vmid = vmidOf(context);
  const {cluster, node, params} = context;
  const {description} = params;
  if (description === undefined) return nothing;
  return underLock(cluster, {file: qemuLockFile(vmid)}, () => {
    const guest = loadGuest(cluster, node, vmid);
    assertUnlocked(guest);
    const section = snapshotNamed(guest, context.path['snapname'] ?? '');
    if (description === '') section.delete('description');
    else section.set('description', description.trimEnd());
    saveGuest(cluster, guest, 'snapshot description');
    return nothing;
  });
}

function feature(context: Context): Reply {
  const {cluster, node, params} = context;
  const guest = guestHere(cluster, node, vmidOf(context));
  const name = params['snapname'];
  const section = name === undefined ? guest.config : snapshotNamed(guest, name);
  const wanted = params['feature'];
  const isKnown = wanted === 'snapshot' || wanted === 'clone' || wanted === 'copy';
  const has = isKnown && sectionHas(cluster, section, wanted, name !== undefined);
  return data({hasFeature: has ? 1 : 0, nodes: sharedNodes(cluster, section, node)});
}

/** The snapshot endpoints. */
export const snapshotRoutes: readonly Route[] = [
  route('GET', `${base}/snapshot`, listSnapshots),
  route('POST', `${base}/snapshot`, create),
  route('GET', `${base}/snapshot/{snapname}`, () => data([{cmd: 'rollback'}, {cmd: 'config'}])),
  route('DELETE', `${base}/snapshot/{snapname}`, remove),
  route('GET', `${base}/snapshot/{snapname}/config`, readConfig),
  route('PUT', `${base}/snapshot/{snapname}/config`, writeConfig),
  route('POST', `${base}/snapshot/{snapname}/rollback`, rollback),
  route('GET', `${base}/feature`, feature),
];
