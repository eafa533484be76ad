// Why this exists: a disk goes to another storage: what is refused at once, what in the worker, and
// what a running guest's disk does differently (PVE/API2/Qemu.pm, recording 05).
import {fail, paramError} from '../failure.ts';
import {addUnused, assertUnlocked, assertUnmodified} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {logLine} from '../state.ts';
import type {Stage} from '../task.ts';
import {parseVolid, requireStorage} from '../volume.ts';
import type {Drive} from './drive.ts';
import {isCdrom, isCloudInit, parseDrive, printDrive, withFile, withOptions} from './drive.ts';
import {isVolumeInUse} from './drive-detach.ts';
import {copyFormat} from './drive-write.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {mirrorLog} from './mirror.ts';
import {reassign} from './reassign.ts';
import {formatSize, renderBytes} from './size.ts';
import {makeBases} from './template.ts';
import type {Job} from './volumes.ts';
import {allocateImage, copyMs, freeImage, transferLog, volumeNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** What is to move where. */
interface Move {
  readonly key: string;
  readonly drive: Drive;
  readonly storage: string;
  readonly format: string | undefined;
  readonly remove: boolean;
}

/** POST move_disk: to another storage, or to another guest. */
export function moveDisk(context: Context): Reply {
  const {storage, 'target-vmid': target} = context.params;
  if (target !== undefined && storage !== undefined) {
    const text = "either set 'storage' or 'target-vmid', but not both";
    paramError({'target-vmid': text, storage: text});
  }
  if (target !== undefined) return reassign(context);
  if (storage === undefined) {
    const text = "both 'storage' and 'target-vmid' missing, either needs to be set";
    return paramError({'target-vmid': text, storage: text});
  }
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  const vmid = vmidOf(context);
  readMove(context, loadGuest(context.cluster, context.node, vmid), storage);
  return data(
    forkFor(context, 'qmmove', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => {
        const move = readMove(context, guest, storage);
        const text = `move disk VM ${vmid}: move --disk ${move.key} --storage ${storage}`;
        logLine(context.cluster, context.node, context.auth.authid, text);
        return moveStages(job, guest, move);
      }),
    ]),
  );
}

/** The checks that are made twice: before the worker and in it, under the lock file. */
function readMove(context: Context, guest: QemuGuest, storage: string): Move {
  const {params, cluster, node} = context;
  assertUnlocked(guest);
  assertUnmodified(guest, params['digest']);
  const key = params['disk'] ?? '';
  const text = guest.config.get(key) ?? fail(500, `disk '${key}' does not exist`);
  const drive = parseDrive(key, text);
  if (drive.file === '') fail(500, `disk '${key}' has no associated volume`);
  if (isCdrom(drive) && !isCloudInit(drive)) fail(500, "you can't move a cdrom");
  const parts = parseVolid(drive.file);
  if (parts === undefined) return fail(500, `unable to parse volume ID '${drive.file}'`);
  const from = /\.(raw|qcow2|vmdk)$/.exec(parts.name)?.[1];
  const {format} = params;
  const isSame = format === undefined || from === undefined || from === format;
  if (parts.storage === storage && isSame) {
    fail(500, "you can't move to the same storage with same format");
  }
  if (!requireStorage(cluster, storage, node).content.has('images')) {
    paramError({storage: `storage '${storage}' does not support vm images`});
  }
  const remove = flag(context, 'delete');
  if (remove && isVolumeInUse(guest, key, drive.file)) {
    fail(500, "you can't move a disk with snapshots and delete the source");
  }
  return {key, drive, storage, format, remove};
}

function moveStages(job: Job, guest: QemuGuest, move: Move): readonly Stage[] {
  const {key, drive, storage} = move;
  const {vmid} = guest;
  const source = volumeNamed(job.cluster, job.node, drive.file);
  const {sizeBytes} = source;
  const isUnused = key.startsWith('unused');
  const isLive = guest.runtime !== undefined && !isUnused;
  let made = '';
  if (isVolumeInUse(guest, key, drive.file)) {
    job.log('moving disk with snapshots, snapshots will not be moved!');
  }
  return [
    {
      kind: 'undo',
      run: () => {
        if (made !== '') freeImage(job, made);
      },
    },
    act(() => {
      if (isLive && key === 'tpmstate0') {
        fail(500, 'storage migration failed: cannot move TPM state while VM is running');
      }
      job.log(`create full clone of drive ${key} (${drive.file})`);
      const format = copyFormat(job, storage, move.format, source);
      const name = isCloudInit(drive) ? {name: `vm-${vmid}-cloudinit`} : {};
      made = allocateImage(job, {storage, vmid, sizeBytes, format, ...name}).volid;
    }),
    pause(150 + copyMs(job.cluster, storage, sizeBytes)),
    act(() => {
      const lines = isLive ? mirrorLog(`drive-${key}`, renderBytes(sizeBytes)) : [];
      const copied = isLive ? lines : transferLog(sizeBytes);
      if (!isCloudInit(drive)) for (const line of copied) job.log(line);
      const size = isUnused ? undefined : formatSize(sizeBytes);
      const moved = withOptions(withFile(drive, made), {size, format: undefined});
      guest.config.set(key, printDrive(moved));
      if (!move.remove) addUnused(guest.config, drive.file);
      if (guest.config.get('template') === '1') makeBases(job, guest, key);
      made = '';
      saveGuest(job.cluster, guest, `move ${key} to ${storage}`);
      if (move.remove) freeImage(job, drive.file);
    }),
  ];
}
