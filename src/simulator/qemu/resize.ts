// Why this exists: a disk grows in a worker; every check but the call's own happens in there
// (PVE/API2/Qemu.pm, recording 05).
import {fail, paramError} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {logLine} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume, isFileStorage, parseVolid, resizeVolume} from '../volume.ts';
import {assertDigest} from './config-update.ts';
import {isCdrom, parseDrive, printDrive, withOptions} from './drive.ts';
import {saveGuest} from './guest-file.ts';
import {formatSize, parseSize} from './size.ts';
import type {Job} from './volumes.ts';
import {isBase, storageNamed, volumeNamed, volumePath} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** PUT resize. */
export function resize(context: Context): Reply {
  const vmid = vmidOf(context);
  if (flag(context, 'skiplock') && !context.auth.isRoot) {
    paramError({skiplock: 'Only root may use this option.'});
  }
  return data(
    forkFor(context, 'resize', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => resizeStages(context, guest, job)),
    ]),
  );
}

function resizeStages(context: Context, guest: QemuGuest, job: Job): readonly Stage[] {
  const {params, auth} = context;
  const key = params['disk'] ?? '';
  assertDigest(guest, params['digest']);
  if (!flag(context, 'skiplock')) assertUnlocked(guest);
  const drive = parseDrive(key, guest.config.get(key) ?? fail(500, `disk '${key}' does not exist`));
  if (isCdrom(drive)) fail(500, "you can't resize a cdrom");
  const storage = parseVolid(drive.file)?.storage;
  if (storage === undefined) return fail(500, `unable to parse volume ID '${drive.file}'`);
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  const volume = volumeNamed(job.cluster, job.node, drive.file);
  const size = params['size'] ?? '';
  const asked = Math.floor(parseSize(size.replace(/^\+/, '')));
  const sizeBytes = size.startsWith('+') ? volume.sizeBytes + asked : asked;
  if (sizeBytes < volume.sizeBytes) fail(500, 'shrinking disks is not supported');
  if (sizeBytes === volume.sizeBytes) return [];
  const text = `update VM ${guest.vmid}: resize --disk ${key} --size ${size}`;
  logLine(job.cluster, job.node, auth.authid, text);
  const isFile = isFileStorage(storageNamed(job.cluster, storage));
  if (isFile && !/\.(raw|qcow2)$/.test(drive.file)) fail(500, "can't resize this image format");
  return [
    pause(150),
    act(() => {
      if (isBase(volume)) refuseBase(job, drive.file, sizeBytes);
      resizeVolume(job.cluster, volume, wholeKiB(sizeBytes));
      guest.config.set(key, printDrive(withOptions(drive, {size: formatSize(sizeBytes)})));
      saveGuest(job.cluster, guest, `resize ${key} ${sizeBytes}`);
      if (guest.runtime === undefined) job.log('Image resized.');
    }),
  ];
}

/** PVE::Storage::volume_resize: images grow by whole KiB; the file says what was asked. */
function wholeKiB(bytes: number): number {
  return Math.ceil(bytes / 1024) * 1024;
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
