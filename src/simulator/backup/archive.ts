// Why this exists: what a backup of a guest holds and what it is called; written by vzdump,
// read by restore, prune and extractconfig.
import {drivesOf, isCdrom} from '../qemu/drive.ts';
import type {Cluster, QemuGuest, Volume} from '../state.ts';
import {findVolume, parseVolid} from '../volume.ts';

/** A disk in an archive. */
export interface ArchivedDisk {
  readonly key: string;
  readonly storage: string;
  readonly format: string;
  readonly sizeBytes: number;
}

/** The content of an archive: the configuration (no snapshots, no pending) and the disks. */
export interface Archive {
  readonly config: ReadonlyMap<string, string>;
  readonly disks: readonly ArchivedDisk[];
}

const driveKey = /^(?:(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0)$/;

/** A disk as a backup sees it: taken, or left out with a reason. */
export interface JudgedDisk {
  readonly key: string;
  readonly volid: string;
  /** The size that the configuration names, e.g. `32G`. */
  readonly size: string | undefined;
  readonly leftOut: string | undefined;
}

/** Every disk of a guest; CD drives are none (get_backup_volumes in PVE/QemuConfig.pm). */
export function judgeDisks(guest: QemuGuest): readonly JudgedDisk[] {
  const hasFirmware = guest.config.get('bios') === 'ovmf';
  return drivesOf(guest.config)
    .filter((drive) => !isCdrom(drive))
    .map(({key, file: volid, options}) => {
      const isIdle = key.startsWith('efidisk') && !hasFirmware;
      const unwanted = options.get('backup') === '0' ? 'backup=no' : undefined;
      const leftOut = isIdle ? 'efidisk but no OMVF BIOS' : unwanted;
      return {key, volid, size: options.get('size'), leftOut};
    });
}

/** The disks of a guest that a backup takes: all but CD drives and those with backup=0. */
export function disksToSave(cluster: Cluster, guest: QemuGuest): readonly ArchivedDisk[] {
  return judgeDisks(guest).flatMap(({key, volid, leftOut}) => {
    const volume = findVolume(cluster, guest.node, volid);
    if (leftOut !== undefined || volume === undefined) return [];
    const {storage, format, sizeBytes} = volume;
    return [{key, storage, format, sizeBytes}];
  });
}

/** The archive of a volume; undefined when it holds none. */
export function archiveOf(volume: Volume | undefined): Archive | undefined {
  const content = volume?.data;
  const isArchive = typeof content === 'object' && content !== null && 'disks' in content;
  // Safe: only vzdump stores data with disks, in this shape.
  return isArchive ? (content as Archive) : undefined;
}

/** The stored configuration as text, description first. */
export function archivedText(archive: Archive): string {
  const description = archive.config.get('description');
  const lines = description?.replace(/\n$/, '').split('\n') ?? [];
  const head = lines.map((line) => `#${line}`);
  const keys = [...archive.config.keys()].filter((key) => key !== 'description').sort();
  const body = keys.map((key) => `${key}: ${archive.config.get(key)}`);
  const drives = archive.disks.filter(({key}) => driveKey.test(key));
  const map = drives.map(
    ({key, storage, format}) => `#qmdump#map:${key}:drive-${key}:${storage}:${format}:`,
  );
  return `${[...head, ...body, ...map].join('\n')}\n`;
}

/** `2026_01_31-10_00_00` of a time. */
export function archiveTime(atS: number): string {
  const text = new Date(atS * 1000).toISOString();
  return `${text.slice(0, 10).replaceAll('-', '_')}-${text.slice(11, 19).replaceAll(':', '_')}`;
}

/** Whether a volume id names an archive by the standard name. */
export function isArchiveName(volid: string): boolean {
  const name = parseVolid(volid)?.name ?? '';
  return /^backup\/vzdump-(qemu|lxc)-\d+-[\d_-]+\.(vma|tar)(\.(zst|gz|lzo))?$/.test(name);
}
