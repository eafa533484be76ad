// Why this exists: what a restore makes of an archive: disks by the archive's map, each line of the
// configuration rewritten, and volumes that the new configuration does not name kept as unused
// (restore_vma_archive, restore_update_config_line and rescan in PVE/QemuServer.pm).
import type {ArchivedDisk} from '../backup/archive.ts';
import {fail} from '../failure.ts';
import {addUnused} from '../guest/file.ts';
import {require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import {flag} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {findVolume, formatsOf, free, parseVolid, volumesOn} from '../volume.ts';
import {
  drivesOf,
  isCdrom,
  isCloudInit,
  parseDrive,
  printDrive,
  volumeOwner,
  withFile,
  withOptions,
} from './drive.ts';
import {saveGuest} from './guest-file.ts';
import {isDriveKey, isNetKey} from './keys.ts';
import {withNewMac} from './net.ts';
import {freshSmbios, macPrefix, storedText} from './normalise.ts';
import type {Restore} from './restore.ts';
import {formatSize} from './size.ts';
import type {Job} from './volumes.ts';
import {allocateImage, storageNamed, volumePath} from './volumes.ts';

const cloudInitBytes = 4 * 1024 ** 2;

/** The archive's configuration with the call's keys over it. */
export function mergedConfig({archive, overrides}: Restore): Map<string, string> {
  return new Map([...archive.config, ...overrides]);
}

/** Put the archive's content into the guest, its old disks gone or kept as unused. */
export function extract(restore: Restore, job: Job, guest: QemuGuest): void {
  const {context, vmid, volid, archive} = restore;
  const {cluster, node} = job;
  logHead(restore, job);
  const disks = plannedDisks(restore);
  for (const disk of disks) requireTarget(restore, disk);
  removeOld(job, guest, new Set(disks.map(({key}) => key)));
  const made = allocateDisks(restore, job, disks);
  const config = new Map<string, string>();
  for (const [key, text] of [...archive.config].sort()) addLine(restore, config, {key, text, made});
  for (const [key, text] of restore.overrides) config.set(key, storedText(key, text));
  guest.config = config;
  guest.pending.clear();
  guest.pendingDelete.clear();
  guest.snapshots.clear();
  guest.cloudInitDrift.clear();
  const total = archive.disks.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);
  if (archive.disks.length > 0) {
    job.log(`total bytes read ${total}, sparse bytes ${total} (100%)`);
  }
  saveGuest(cluster, guest, `restored from ${volid}`);
  rescan(job, guest);
  const pool = context.params['pool'];
  if (pool !== undefined) cluster.pools.get(pool)?.vms.add(vmid);
  saveGuest(cluster, guest, `rescanned on ${node}`);
}

function logHead({volid, archive}: Restore, job: Job): void {
  const {cluster, node} = job;
  const pipe = `/var/tmp/vzdumptmp${cluster.nodes.get(node)?.nextPid ?? 0}`;
  const path = volumePath(cluster, volid).replace('/backup/', '/dump/');
  const decompressor = {zst: 'zstd -q -d -c', gz: 'zcat', lzo: 'lzop -d -c'};
  const extension = /\.(zst|gz|lzo)$/.exec(volid)?.[1];
  const extractor = (from: string): string => `vma extract -v -r ${pipe}.fifo ${from} ${pipe}`;
  const command =
    extension === 'zst' || extension === 'gz' || extension === 'lzo'
      ? `${decompressor[extension]} ${path} | ${extractor('-')}`
      : extractor(path);
  job.log(`restore vma archive: ${command}`);
  job.log('CFG: size: 337 name: qemu-server.conf');
  archive.disks.forEach(({key, sizeBytes}, index) => {
    job.log(`DEV: dev_id=${index + 1} size: ${sizeBytes} devname: drive-${key}`);
  });
  job.log(`CTIME: ${ctimeText(findVolume(cluster, node, volid)?.ctimeS ?? 0)}`);
}

function ctimeText(atS: number): string {
  const [, weekday, day = '', month, year, time] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(atS * 1000).toUTCString()) ?? [];
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

/** A disk that is to be allocated; an image of cloud-init is not filled. */
interface Planned extends ArchivedDisk {
  readonly isImage: boolean;
}

/** The archive's disks and its cloud-init drive, each with the storage it goes to. */
function plannedDisks({archive, context}: Restore): readonly Planned[] {
  const {storage} = context.params;
  const images = drivesOf(archive.config)
    .filter((drive) => isCloudInit(drive) && !archive.disks.some(({key}) => key === drive.key))
    .map(({key, file}) => ({
      key,
      storage: parseVolid(file)?.storage ?? 'local',
      format: /\.(\w+)$/.exec(file)?.[1] ?? 'raw',
      sizeBytes: cloudInitBytes,
      isImage: true,
    }));
  const saved = archive.disks.map((disk) => ({...disk, isImage: false}));
  const all = [...saved, ...images].sort((a, b) => (a.key < b.key ? -1 : 1));
  return all.map((disk) => ({...disk, storage: storage ?? disk.storage}));
}

function requireTarget({context}: Restore, {storage}: ArchivedDisk): void {
  if (!storageNamed(context.cluster, storage).content.has('images')) {
    fail(500, `Content type 'images' is not available on storage '${storage}'`);
  }
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
}

/** Only disks that are restored go; the saved memory of snapshots goes as well. */
function removeOld(job: Job, guest: QemuGuest, keys: ReadonlySet<string>): void {
  const {cluster, node} = job;
  for (const drive of drivesOf(guest.config)) {
    const isPlainCd = isCdrom(drive) && !isCloudInit(drive);
    const isOwn = volumeOwner(drive.file) === guest.vmid;
    if (keys.has(drive.key) && isOwn && !isPlainCd) free(cluster, node, drive.file);
  }
  for (const [name, section] of guest.snapshots) {
    const state = section.get('vmstate');
    if (state !== undefined) free(cluster, node, state);
    for (const {file} of drivesOf(section)) findVolume(cluster, node, file)?.snapshots.delete(name);
  }
}

function allocateDisks(
  {vmid}: Restore,
  job: Job,
  disks: readonly Planned[],
): ReadonlyMap<string, string> {
  const made = new Map<string, string>();
  const {cluster} = job;
  try {
    for (const {key, storage, format, sizeBytes, isImage} of disks) {
      const known = formatsOf(storageNamed(cluster, storage));
      const kept = known.includes(format) ? format : (known[0] ?? 'raw');
      const name = isImage ? {name: `vm-${vmid}-cloudinit`} : {};
      const wish = {storage, vmid, format: kept, sizeBytes, ...name};
      const volume = allocateImage(job, wish);
      made.set(key, volume.volid);
      job.log(`new volume ID is '${volume.volid}'`);
    }
  } catch (error) {
    for (const volid of made.values()) {
      free(cluster, job.node, volid);
      job.log(`temporary volume '${volid}' successfully removed`);
    }
    throw error;
  }
  for (const [key, volid] of made) {
    if (/vm-\d+-cloudinit/.test(volid)) continue;
    const {type} = storageNamed(cluster, parseVolid(volid)?.storage ?? '');
    const zeros = type === 'lvm' ? 1 : 0;
    job.log(`map 'drive-${key}' to '${volumePath(cluster, volid)}' (write zeros = ${zeros})`);
  }
  return made;
}

interface Line {
  readonly key: string;
  readonly text: string;
  readonly made: ReadonlyMap<string, string>;
}

/** One line of the archive's configuration as the restored guest gets it. */
function addLine({context}: Restore, config: Map<string, string>, line: Line): void {
  const {key, text, made} = line;
  const {random} = context.cluster;
  const isUnique = flag(context, 'unique');
  if (/^(lock|parent|unused\d+)$/.test(key)) return;
  if (isNetKey(key) && isUnique) {
    config.set(key, withNewMac(key, text, random, macPrefix(context.cluster)));
  } else if (isDriveKey(key)) addDrive(config, line, made.get(key));
  else if (key === 'vmgenid') config.set(key, text === '0' ? text : randomUuid(random));
  else if (key === 'smbios1' && isUnique) config.set(key, freshSmbios(random, text));
  else config.set(key, text);
}

/** A disk that was not saved becomes a line of the description, as its line is commented out. */
function addDrive(config: Map<string, string>, {key, text}: Line, volid: string | undefined): void {
  const drive = parseDrive(key, text);
  if (drive.options.get('backup') === '0') {
    const former = config.get('description');
    const comment = `${key}: ${text}`;
    config.set('description', former === undefined ? comment : `${former}\n${comment}`);
  } else if (volid === undefined) config.set(key, text);
  else config.set(key, printDrive(withOptions(withFile(drive, volid), {format: undefined})));
}

/** Sizes are read again, and volumes of the guest that nothing names become unused ones. */
function rescan(job: Job, guest: QemuGuest): void {
  const {cluster, node} = job;
  job.log('rescan volumes...');
  for (const drive of drivesOf(guest.config).filter((one) => !isCdrom(one))) {
    const volume = findVolume(cluster, node, drive.file);
    const size = volume === undefined ? undefined : formatSize(volume.sizeBytes);
    const before = drive.options.get('size');
    if (size === undefined || size === before) continue;
    guest.config.set(drive.key, printDrive(withOptions(drive, {size})));
    const change = `updated from ${before ?? '0T'} to ${size}`;
    job.log(`VM ${guest.vmid} (${drive.key}): size of disk '${drive.file}' ${change}`);
  }
  const used = new Set(drivesOf(guest.config).map(({file}) => file));
  const own = [...cluster.storages.keys()]
    .flatMap((id) => volumesOn(cluster, node, id))
    .filter(({vmid, content}) => vmid === guest.vmid && content === 'images')
    .map(({volid}) => volid)
    .sort();
  for (const volid of own) {
    if (used.has(volid) || volid.includes(`vm-${guest.vmid}-state-`)) continue;
    const key = addUnused(guest.config, volid);
    job.log(`VM ${guest.vmid} add unreferenced volume '${volid}' as '${key}' to config`);
  }
}
