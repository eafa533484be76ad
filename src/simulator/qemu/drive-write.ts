// Why this exists: what happens to a drive string that is written: a disk is allocated or imported,
// a cloud-init image made, or a volume attached with its size read again (facts.md section 7, 8).
import {fail} from '../failure.ts';
import type {Volume} from '../state.ts';
import {findVolume, formatsOf, parseVolid, requireStorage, virtualBytes} from '../volume.ts';
import type {Drive} from './drive.ts';
import {
  cloudInitKey,
  drivesOf,
  isCloudInit,
  newCloudInitStorage,
  newDiskWish,
  parseDrive,
  printDrive,
  volumeOwner,
  withFile,
  withOptions,
} from './drive.ts';
import {formatSize} from './size.ts';
import type {Job} from './volumes.ts';
import {
  allocateImage,
  copyMs,
  storageNamed,
  transferLog,
  volumeNamed,
  volumePath,
} from './volumes.ts';

/** What a drive write needs to know about its guest. */
export interface DriveWrite {
  readonly vmid: number;
  readonly key: string;
  readonly text: string;
  /** Sections in which another cloud-init drive would be a conflict. */
  readonly sections: readonly ReadonlyMap<string, string>[];
  /** Volumes made on the way are added here, so that a failure can free them. */
  readonly created: string[];
  /** Where disks go that name no storage. */
  readonly storage?: string | undefined;
}

const gibKiB = 1024 ** 2;
const cloudInitBytes = 4 * 1024 ** 2;
const tpmBytes = 4 * 1024 ** 2;

/** Carry out a drive string; returns the text to store. 500 when a volume is missing. */
export function writeDrive(job: Job, write: DriveWrite): string {
  const drive = parseDrive(write.key, write.text);
  if (/^(none|cdrom|)$/.test(drive.file)) return printDrive(withOptions(drive, {size: undefined}));
  const cloudInit = newCloudInitStorage(drive);
  if (cloudInit !== undefined) return created(job, makeCloudInit(job, write, drive, cloudInit));
  const wish = newDiskWish(drive);
  if (wish === undefined) return attach(job, write, drive);
  const storage = wish.storage || write.storage || fail(500, noStorage);
  const source = drive.options.get('import-from');
  const made =
    source === undefined
      ? allocateDisk(job, write, drive, {storage, bytes: Math.ceil(wish.gib * gibKiB) * 1024})
      : importDisk(job, write, drive, {storage, source});
  write.created.push(made.volid);
  const isEnrolled = write.key === 'efidisk0' && drive.options.get('pre-enrolled-keys') === '1';
  const changes = {
    format: undefined,
    'import-from': undefined,
    size: formatSize(made.sizeBytes),
    // The firmware's own template has the certificates of 2023.
    ...(isEnrolled && source === undefined ? {'ms-cert': '2023k'} : {}),
  };
  return created(job, withOptions(withFile(drive, made.volid), changes));
}

/** Virtual time that `writeDrive` would take. */
export function driveWriteMs(job: Job, key: string, text: string): number {
  const {cluster, node} = job;
  const drive = parseDrive(key, text);
  const storage = newCloudInitStorage(drive) ?? newDiskWish(drive)?.storage;
  if (storage === undefined || cluster.storages.get(storage) === undefined) return 0;
  const source = drive.options.get('import-from');
  const volume = source === undefined ? undefined : findVolume(cluster, node, source);
  return copyMs(cluster, storage, volume === undefined ? 0 : virtualBytes(volume));
}

/** Proxmox keeps the source's format in a copy where the target storage knows it. */
export function copyFormat(job: Job, storage: string, asked: string | undefined, source: Volume) {
  const known = formatsOf(storageNamed(job.cluster, storage));
  const hint = asked ?? source.format;
  return known.includes(hint) ? hint : (known[0] ?? 'raw');
}

const noStorage = 'no storage ID specified (and no default storage)';

function created(job: Job, drive: Drive): string {
  const text = printDrive(drive);
  job.log(`${drive.key}: successfully created disk '${text}'`);
  return text;
}

function assertOnlyCloudInit(write: DriveWrite): void {
  for (const section of write.sections) {
    const other = cloudInitKey(section, write.key);
    if (other !== undefined) {
      fail(500, `${write.key} - cloud-init drive is already attached at '${other}'`);
    }
  }
}

function makeCloudInit(job: Job, write: DriveWrite, drive: Drive, storage: string): Drive {
  assertOnlyCloudInit(write);
  const {cluster, node} = job;
  const isFile = formatsOf(requireStorage(cluster, storage, node)).includes('qcow2');
  const volume = allocateImage(job, {
    storage,
    vmid: write.vmid,
    sizeBytes: cloudInitBytes,
    format: drive.options.get('format') ?? (isFile ? 'qcow2' : 'raw'),
    name: `vm-${write.vmid}-cloudinit`,
  });
  write.created.push(volume.volid);
  return withOptions(withFile(drive, volume.volid), {media: 'cdrom', format: undefined});
}

function attach(job: Job, write: DriveWrite, drive: Drive): string {
  const parts = parseVolid(drive.file);
  if (parts === undefined) return printDrive(drive);
  if (isCloudInit(drive)) assertOnlyCloudInit(write);
  const volume = volumeNamed(job.cluster, job.node, drive.file);
  if (volume.content !== 'images' && volume.content !== 'iso') {
    fail(500, `cannot use volume ${drive.file} - content type needs to be 'images' or 'iso'`);
  }
  const format = drive.options.get('format');
  if (format !== undefined && format !== volume.format) {
    const option = `'format=${format}' option different from storage format '${volume.format}'`;
    fail(500, `drive '${write.key}' - volume '${drive.file}' - ${option}`);
  }
  if (write.key === 'tpmstate0' && volume.format !== 'raw') {
    fail(500, `tpmstate0: volume format is '${volume.format}', only 'raw' is supported!`);
  }
  return printDrive(withOptions(drive, {size: formatSize(volume.sizeBytes)}));
}

function allocateDisk(
  job: Job,
  write: DriveWrite,
  drive: Drive,
  wish: {readonly storage: string; readonly bytes: number},
): Volume {
  const {vmid, key} = write;
  const {storage} = wish;
  const format = drive.options.get('format');
  const asked = format === undefined ? {} : {format};
  if (key === 'tpmstate0') {
    return allocateImage(job, {storage, vmid, sizeBytes: tpmBytes, format: 'raw'});
  }
  if (key === 'efidisk0') {
    const sizeBytes = drive.options.get('efitype') === '4m' ? 528 * 1024 : 128 * 1024;
    const volume = allocateImage(job, {storage, vmid, sizeBytes, ...asked});
    for (const line of transferLog(sizeBytes)) job.log(line);
    return volume;
  }
  return allocateImage(job, {storage, vmid, sizeBytes: wish.bytes, ...asked});
}

function missingSource(job: Job, source: string): string {
  // An import is not trusted and must be there; an image's size is just not found.
  return /^[^:]+:import\//.test(source)
    ? `failed to stat '${volumePath(job.cluster, source)}'`
    : `cannot import from '${source}' - could not get size of ${source}`;
}

/** The slot that holds the source now, in the guest whose name it bears. */
function slotOf(job: Job, source: string): string {
  const owner = job.cluster.guests.get(volumeOwner(source) ?? 0);
  if (owner?.kind !== 'qemu') return '';
  const drive = drivesOf(owner.config).find(({file}) => file === source);
  return drive === undefined ? '' : `${drive.key} `;
}

/** Firmware's variables and a TPM's state are copied from their like only. */
function assertSameRole(to: string, from: string, source: string): void {
  if (from === '' || from === to) return;
  for (const [slot, what] of [
    ['efidisk0', 'EFI disk'],
    ['tpmstate0', 'TPM state'],
  ]) {
    if (from !== slot && to !== slot) continue;
    fail(500, `cannot import from '${source}' - cloning from/to ${what} requires ${what}`);
  }
}

function importDisk(
  job: Job,
  write: DriveWrite,
  drive: Drive,
  wish: {readonly storage: string; readonly source: string},
): Volume {
  const {storage, source} = wish;
  if (source.startsWith('/')) fail(500, `can't find file '${source}'`);
  if (/[:/](vm-\d+-)?cloudinit(\.\w+)?$/.test(source)) {
    fail(500, `cannot import from '${source}' - cannot import from cloudinit disk`);
  }
  const volume = findVolume(job.cluster, job.node, source) ?? fail(500, missingSource(job, source));
  assertSameRole(write.key, slotOf(job, source).trim(), source);
  job.log(`create full clone of drive ${slotOf(job, source)}(${source})`);
  const sizeBytes = virtualBytes(volume);
  const format = copyFormat(job, storage, drive.options.get('format'), volume);
  const made = allocateImage(job, {storage, vmid: write.vmid, sizeBytes, format});
  for (const line of transferLog(sizeBytes)) job.log(line);
  return made;
}
