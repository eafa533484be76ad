// Why this exists: disks of a guest as workers treat them: grow, move to another storage, give to
// another guest (facts.md section 8, recording 05).
import {fail} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, route, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume, renameVolume, resizeVolume} from '../volume.ts';
import {requireOnGuest} from './access-checks.ts';
import {assertDigest, assertUnlocked} from './config-update.ts';
import type {Drive} from './drive.ts';
import {isCdrom, parseDrive, printDrive, volumeOwner, withFile, withOptions} from './drive.ts';
import {detachDrive, isVolumeInUse} from './drive-detach.ts';
import {copyFormat} from './drive-write.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {formatSize, parseSize} from './size.ts';
import type {Job} from './volumes.ts';
import {
  allocateImage,
  copyMs,
  freeImage,
  isBase,
  storageNamed,
  transferLog,
  volumeNamed,
  volumePath,
} from './volumes.ts';
import {act, forkFor, forkHoldingLock, lockStages, pause, withGuest} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}';

function resize(context: Context): Reply {
  const vmid = vmidOf(context);
  loadGuest(context.cluster, context.node, vmid);
  return data(
    forkFor(context, 'resize', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => resizeStages(context, guest, job)),
    ]),
  );
}

function resizeStages(context: Context, guest: QemuGuest, job: Job): readonly Stage[] {
  const {params} = context;
  const key = params['disk'] ?? '';
  assertDigest(guest, params['digest']);
  if (!flag(context, 'skiplock')) assertUnlocked(guest);
  const drive = slot(guest, key);
  if (isCdrom(drive)) fail(500, "you can't resize a cdrom");
  const volume = volumeNamed(job.cluster, job.node, drive.file);
  require403(context, `/storage/${volume.storage}`, ['Datastore.AllocateSpace']);
  const size = params['size'] ?? '';
  const asked = parseSize(size.replace(/^\+/, ''));
  const sizeBytes = size.startsWith('+') ? volume.sizeBytes + asked : asked;
  if (sizeBytes < volume.sizeBytes) fail(500, 'shrinking disks is not supported');
  if (sizeBytes === volume.sizeBytes) return [];
  return [
    pause(150),
    act(() => {
      if (isBase(volume)) refuseBase(job, drive.file, sizeBytes);
      resizeVolume(job.cluster, volume, sizeBytes);
      guest.config.set(key, printDrive(withOptions(drive, {size: formatSize(sizeBytes)})));
      saveGuest(job.cluster, guest, `resize ${key} ${sizeBytes}`);
      if (guest.runtime === undefined) job.log('Image resized.');
    }),
  ];
}

/** A template's file is immutable: the storage's tool fails. */
function refuseBase(job: Job, volid: string, sizeBytes: number): never {
  const path = volumePath(job.cluster, volid);
  const format = findVolume(job.cluster, job.node, volid)?.format ?? 'raw';
  const why = `Could not open '${path}'`;
  job.log(`qemu-img: ${why}: ${why}: Operation not permitted`);
  return fail(
    500,
    `command '/usr/bin/qemu-img resize -f ${format} ${path} ${sizeBytes}' failed: exit code 1`,
  );
}

function slot(guest: QemuGuest, key: string): Drive {
  const text = guest.config.get(key) ?? fail(500, `disk '${key}' does not exist`);
  return parseDrive(key, text);
}

function move(context: Context): Reply {
  const {params} = context;
  if (params['target-vmid'] !== undefined || params['target-disk'] !== undefined) {
    return reassign(context);
  }
  const vmid = vmidOf(context);
  const storage = params['storage'] ?? fail(500, 'No storage or target-vmid provided');
  return forkHoldingLock(context, vmid, () => {
    const {cluster, node} = context;
    const guest = loadGuest(cluster, node, vmid);
    assertDigest(guest, params['digest']);
    assertUnlocked(guest);
    const key = params['disk'] ?? '';
    const drive = slot(guest, key);
    if (isCdrom(drive)) fail(500, "you can't move a cdrom");
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
    storageNamed(cluster, storage);
    const volume = volumeNamed(cluster, node, drive.file);
    const job: Job = {cluster, node, log: () => {}};
    const format = copyFormat(job, storage, params['format'], volume);
    if (volume.storage === storage && volume.format === format) {
      fail(500, "you can't move to the same storage with same format");
    }
    const snapshotted = isVolumeInUse(guest, key, drive.file) || guest.snapshots.size > 0;
    if (snapshotted && flag(context, 'delete')) {
      fail(500, "you can't move a disk with snapshots and delete the source");
    }
    const wish: Move = {key, storage, format, remove: flag(context, 'delete')};
    const stages = [withGuest(context, vmid, (current, now) => moveStages(now, current, wish))];
    return {type: 'qmmove', stages, answer: data};
  });
}

interface Move {
  readonly key: string;
  readonly storage: string;
  readonly format: string;
  readonly remove: boolean;
}

function moveStages(job: Job, guest: QemuGuest, wish: Move): readonly Stage[] {
  const {key, storage, format} = wish;
  const drive = slot(guest, key);
  const source = volumeNamed(job.cluster, job.node, drive.file);
  const {sizeBytes} = source;
  let made = '';
  return [
    {
      kind: 'undo',
      run: () => {
        if (made !== '') freeImage(job, made);
      },
    },
    act(() => {
      job.log(`create full clone of drive ${key} (${drive.file})`);
      const {vmid} = guest;
      made = allocateImage(job, {storage, vmid, sizeBytes, format}).volid;
    }),
    pause(150 + copyMs(job.cluster, storage, sizeBytes)),
    act(() => {
      for (const line of transferLog(sizeBytes)) job.log(line);
      const moved = withOptions(withFile(drive, made), {size: formatSize(sizeBytes)});
      guest.config.set(key, printDrive(moved));
      if (wish.remove) freeImage(job, drive.file);
      else detachDrive(job, guest, drive);
      made = '';
      saveGuest(job.cluster, guest, `move ${key} to ${storage}`);
    }),
  ];
}

function reassign(context: Context): Reply {
  const {cluster, node, params} = context;
  const vmid = vmidOf(context);
  const target = integer(context, 'target-vmid') ?? vmid;
  const key = params['disk'] ?? '';
  const targetKey = params['target-disk'] ?? key;
  if (params['storage'] !== undefined) {
    fail(500, "Cannot set both 'storage' and 'target-vmid' / 'target-disk'");
  }
  requireOnGuest({context, vmid: target}, ['VM.Config.Disk']);
  const guest = loadGuest(cluster, node, vmid);
  const receiver = loadGuest(cluster, node, target);
  assertReassign(guest, receiver, {key, targetKey});
  assertDigest(guest, params['digest']);
  assertDigest(receiver, params['target-digest']);
  const id = `${vmid}-${key}>${target}-${targetKey}`;
  return data(
    forkFor(context, 'qmmove', id, [
      ...lockStages(context, vmid),
      ...(target === vmid ? [] : lockStages(context, target)),
      pause(100),
      withGuest(context, vmid, (current, job) => [
        act(() => giveAway(job, current, loadGuest(cluster, node, target), {key, targetKey})),
      ]),
    ]),
  );
}

function assertReassign(
  guest: QemuGuest,
  receiver: QemuGuest,
  keys: {readonly key: string; readonly targetKey: string},
): void {
  const {key, targetKey} = keys;
  assertUnlocked(guest);
  assertUnlocked(receiver);
  const drive = slot(guest, key);
  if (isCdrom(drive)) fail(500, `CD drive contents can't be reassigned!`);
  if (receiver.config.has(targetKey)) {
    fail(500, `Target disk key '${targetKey}' is already in use for VM ${receiver.vmid}`);
  }
  if (guest.runtime !== undefined && !key.startsWith('unused')) {
    fail(500, `Cannot move disk of running VM '${guest.vmid}'`);
  }
}

function giveAway(
  job: Job,
  guest: QemuGuest,
  receiver: QemuGuest,
  keys: {readonly key: string; readonly targetKey: string},
): void {
  const {key, targetKey} = keys;
  assertReassign(guest, receiver, keys);
  const drive = slot(guest, key);
  const volume = volumeNamed(job.cluster, job.node, drive.file);
  if (volumeOwner(drive.file) !== guest.vmid) fail(500, `disk '${key}' is not owned by this VM`);
  job.log(`moving disk '${key}' from VM '${guest.vmid}' to '${receiver.vmid}'`);
  const renamed = renameVolume(job.cluster, volume, {node: job.node, vmid: receiver.vmid});
  job.log(`removing disk '${key}' from VM '${guest.vmid}' config`);
  guest.config.delete(key);
  saveGuest(job.cluster, guest, `${key} reassigned to ${receiver.vmid}`);
  const value = printDrive({...withFile(drive, renamed.volid), key: targetKey});
  job.log(`update VM ${receiver.vmid}: -${targetKey} ${value}`);
  const size = findVolume(job.cluster, job.node, renamed.volid)?.sizeBytes ?? 0;
  const stored = withOptions(parseDrive(targetKey, value), {size: formatSize(size)});
  receiver.config.set(targetKey, printDrive(stored));
  saveGuest(job.cluster, receiver, `${targetKey} received from ${guest.vmid}`);
}

/** The disk endpoints. */
export const diskRoutes: readonly Route[] = [
  route('PUT', `${base}/resize`, resize),
  route('POST', `${base}/move_disk`, move),
];
