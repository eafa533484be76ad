// Why this exists: a volume may be attached, waiting, unused, in a snapshot, or several of these at
// once; migration asks for every use (foreach_volid in PVE/QemuServer.pm).
import {isUnusedKey} from '../guest/file.ts';
import type {QemuGuest} from '../state.ts';
import type {Drive} from './drive.ts';
import {drivesOf, isCdrom, parseDrive} from './drive.ts';
import {parseSize} from './size.ts';

/** Every use of one volume by its guest; `volid` may also be a path, `none` or `cdrom`. */
export interface VolumeUse {
  readonly volid: string;
  /** Whether it is a CD wherever it is used. */
  cdrom: boolean;
  shared: boolean;
  unused: boolean;
  attached: boolean;
  pending: boolean;
  vmstate: boolean;
  tpmstate: boolean;
  replicate: boolean;
  readonly snapshots: string[];
  sizeBytes: number | undefined;
  drivename: string | undefined;
}

/** The uses of all volumes of a guest by volume id. */
export function volumeUses(guest: QemuGuest): ReadonlyMap<string, VolumeUse> {
  const uses = new Map<string, VolumeUse>();
  for (const drive of volumesOf(guest.config)) note(uses, drive, 'attached');
  for (const drive of volumesOf(guest.pending)) note(uses, drive, 'pending');
  for (const [name, section] of guest.snapshots) {
    for (const drive of volumesOf(section)) note(uses, drive, {snapshot: name});
  }
  return uses;
}

function volumesOf(section: ReadonlyMap<string, string>): readonly Drive[] {
  const others = [...section].filter(([key]) => /^(unused\d+|vmstate)$/.test(key));
  return [
    ...drivesOf(section),
    ...others.map(([key, volid]) => ({...parseDrive('unused0', volid), key})),
  ];
}

function note(
  uses: Map<string, VolumeUse>,
  drive: Drive,
  where: 'attached' | 'pending' | {readonly snapshot: string},
): void {
  const {file: volid, key, options} = drive;
  if (volid === '') return;
  const use = uses.get(volid) ?? freshUse(volid);
  uses.set(volid, use);
  use.cdrom = use.cdrom && isCdrom(drive);
  use.shared = use.shared || options.get('shared') === '1';
  use.replicate = use.replicate || options.get('replicate') !== '0';
  use.unused = use.unused || isUnusedKey(key);
  use.attached = use.attached || (!use.unused && where === 'attached');
  use.pending = use.pending || where === 'pending';
  if (typeof where === 'object') use.snapshots.push(where.snapshot);
  use.vmstate = use.vmstate || key === 'vmstate';
  use.tpmstate = use.tpmstate || key === 'tpmstate0';
  const size = options.get('size');
  if (size !== undefined) use.sizeBytes ??= parseSize(size);
  if (!/^(unused\d+|vmstate)$/.test(key)) use.drivename = key;
}

function freshUse(volid: string): VolumeUse {
  return {
    volid,
    cdrom: true,
    shared: false,
    unused: false,
    attached: false,
    pending: false,
    vmstate: false,
    tpmstate: false,
    replicate: false,
    snapshots: [],
    sizeBytes: undefined,
    drivename: undefined,
  };
}
