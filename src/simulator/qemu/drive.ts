// Why this exists: a drive string says what a slot holds (disk, CD, cloud-init image, nothing yet)
// and every disk operation asks it the same questions.
import {driveKeys} from './keys.ts';
import {parseProperties, printProperties} from './property-string.ts';
import {formatSize, parseSize} from './size.ts';

/** One drive slot's value, parsed. `file` is a volume id, a path, `none` or an allocation wish. */
export interface Drive {
  readonly key: string;
  readonly file: string;
  /** All sub-keys but `file`. */
  readonly options: ReadonlyMap<string, string>;
}

/** A wish for a new disk: `STORAGE:GiB`. */
export interface Wish {
  readonly storage: string;
  readonly gib: number;
}

/** Parse a drive string; `bps*` become `mbps*`. */
export function parseDrive(key: string, text: string): Drive {
  const options = new Map<string, string>();
  let file = '';
  for (const [name, value] of parseProperties(key, text)) {
    const mbps = /^bps(_rd|_wr)?$/.exec(name);
    if (name === 'file') file = value;
    // Proxmox keeps only that it was set, not what to.
    else if (mbps !== null) options.set(`m${name}`, '0.000');
    else options.set(name, value);
  }
  if (!options.has('media') && /^(none|cdrom)$/.test(file)) options.set('media', 'cdrom');
  if (options.has('size')) options.set('size', formatSize(parseSize(options.get('size') ?? '')));
  return {key, file, options};
}

const needs: Readonly<Record<string, string>> = {
  mbps_max: 'mbps',
  mbps_rd_max: 'mbps_rd',
  mbps_wr_max: 'mbps_wr',
  bps_max_length: 'mbps_max',
  bps_rd_max_length: 'mbps_rd_max',
  bps_wr_max_length: 'mbps_wr_max',
  iops_max_length: 'iops_max',
  iops_rd_max_length: 'iops_rd_max',
  iops_wr_max_length: 'iops_wr_max',
};

const exclusive = ['mbps', 'iops'].flatMap((one) => [
  [one, `${one}_rd`],
  [one, `${one}_wr`],
]);

const notForCd = ['snapshot', 'trans', 'format', 'heads', 'secs', 'cyls'];

/** Whether the sub-keys go together (parse_drive in PVE/QemuServer/Drive.pm). */
export function isSoundDrive(drive: Drive): boolean {
  const {options} = drive;
  const has = (name: string): boolean => !['', '0', '0.000'].includes(options.get(name) ?? '');
  if (Object.entries(needs).some(([name, other]) => has(name) && !has(other))) return false;
  if (exclusive.some((pair) => pair.every(has))) return false;
  const isCd = options.get('media') === 'cdrom';
  return !isCd || !(notForCd.some(has) || drive.key.startsWith('virtio'));
}

/** The stored text: file first, the rest sorted. */
export function printDrive(drive: Drive): string {
  return printProperties(drive.key, new Map([['file', drive.file], ...drive.options]));
}

/** The drive with sub-keys set (text) or dropped (undefined). */
export function withOptions(
  drive: Drive,
  changes: Readonly<Record<string, string | undefined>>,
): Drive {
  const options = new Map(drive.options);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) options.delete(name);
    else options.set(name, value);
  }
  return {...drive, options};
}

/** The drive with another file behind it. */
export function withFile(drive: Drive, file: string): Drive {
  return {...drive, file};
}

/** Whether the slot is a CD drive; the cloud-init image counts. */
export function isCdrom(drive: Drive): boolean {
  return drive.options.get('media') === 'cdrom';
}

/** Whether the slot holds the generated cloud-init image, or asks for one. */
export function isCloudInit(drive: Drive): boolean {
  return /[:/](vm-\d+-)?cloudinit(\.\w+)?$/.test(drive.file);
}

/** Whether the slot holds a disk: not a CD, not a cloud-init image. */
export function isDisk(drive: Drive): boolean {
  return !isCdrom(drive) && !isCloudInit(drive);
}

/** The allocation wish `STORAGE:GiB` of a drive; undefined when it names a volume. */
export function newDiskWish(drive: Drive): Wish | undefined {
  const match = /^(?:([^/:\s]+):)?(\d+(?:\.\d+)?)$/.exec(drive.file);
  return match === null ? undefined : {storage: match[1] ?? '', gib: Number(match[2])};
}

/** The storage of `STORAGE:cloudinit`; undefined when the drive is something else. */
export function newCloudInitStorage(drive: Drive): string | undefined {
  return /^([^/:\s]+):cloudinit$/.exec(drive.file)?.[1];
}

/** The VMID in a disk image's name; undefined for ISOs and the like. */
export function volumeOwner(volid: string): number | undefined {
  const match = /(?:^|[:/])(?:vm|base|subvol|basevol)-(\d+)-[^/]*$/.exec(volid);
  return match === null ? undefined : Number(match[1]);
}

/** The drives of a section of configuration, bus by bus and number by number. */
export function drivesOf(section: ReadonlyMap<string, string>): readonly Drive[] {
  return driveKeys
    .filter((key) => section.has(key))
    .map((key) => parseDrive(key, section.get(key) ?? ''));
}

/** The slot of the cloud-init drive, other than `except`; undefined when there is none. */
export function cloudInitKey(
  section: ReadonlyMap<string, string>,
  except?: string,
): string | undefined {
  return drivesOf(section).find((drive) => drive.key !== except && isCloudInit(drive))?.key;
}

/** The devices of a boot order made for a new guest: first disk, first CD, first network card. */
export function defaultBootDevices(section: ReadonlyMap<string, string>): readonly string[] {
  const bootable = driveKeys
    .filter((key) => section.has(key) && !/^(efidisk|tpmstate)/.test(key))
    .map((key) => parseDrive(key, section.get(key) ?? ''));
  const disk = bootable.find((drive) => !isCdrom(drive))?.key;
  const cd = bootable.find(isCdrom)?.key;
  const nets = Array.from({length: 32}, (_, index) => `net${index}`);
  const net = nets.find((key) => section.has(key));
  return [disk, cd, net].filter((device) => device !== undefined);
}

/** The stored text of a boot order; an empty one is a blank, as Proxmox has it. */
export function printBootOrder(devices: readonly string[]): string {
  return devices.length === 0 ? ' ' : `order=${devices.join(';')}`;
}

/** The devices of a `boot` value; empty for a legacy one. */
export function parseBootOrder(boot: string | undefined): readonly string[] {
  const order = parseProperties('boot', boot ?? '').get('order') ?? '';
  return order.split(/[;,\s]+/).filter((device) => device !== '');
}
