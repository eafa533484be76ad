// Why this exists: a migration goes through all volumes of a guest before it copies any: which must
// be copied and how, which forbid it (scan_local_volumes in PVE/QemuMigrate.pm).
import {fail} from '../failure.ts';
import type {QemuGuest, Volume} from '../state.ts';
import {findVolume, parseVolid, requireStorage} from '../volume.ts';
import {volumeOwner} from './drive.ts';
import {assertContent} from './migrate-check.ts';
import type {VolumeUse} from './volume-uses.ts';
import {volumeUses} from './volume-uses.ts';
import type {Job} from './volumes.ts';
import {storageNamed} from './volumes.ts';

/** A volume that is to be copied to a storage of the target. */
export interface Moving {
  readonly volume: Volume;
  readonly storage: string;
}

/** Where volumes go. */
export interface Heading {
  readonly target: string;
  /** The `targetstorage` map as typed. */
  readonly map: string | undefined;
  readonly withLocalDisks: boolean;
}

/** The storage that a map gives for another; without an entry it is the same. */
export function mapStorage(map: string | undefined, storage: string): string {
  const pairs = (map ?? '').split(/[,;\s]+/).map((pair) => pair.split(':'));
  const exact = pairs.find(([from, to]) => from === storage && to !== undefined);
  const general = pairs.find(([from = '', to]) => to === undefined && !['', '1'].includes(from));
  return exact?.[1] ?? general?.[0] ?? storage;
}

/** What is to be copied; 500 `Problem found while scanning volumes - …` if something forbids. */
export function scanVolumes(job: Job, guest: QemuGuest, heading: Heading): readonly Moving[] {
  const problem = (text: string): never =>
    fail(500, `Problem found while scanning volumes - ${text}`);
  const errors = new Map<string, string>();
  const moving = new Map<string, Moving>();
  for (const use of volumeUses(guest).values()) {
    const refusal = examine(job, guest, heading, {use, moving});
    if (refusal !== undefined) errors.set(use.volid, refusal);
  }
  for (const [volid] of [...moving].sort()) logFound(job, guest, volid);
  for (const [volid, text] of [...errors].sort()) {
    job.log(`can't migrate local disk '${volid}': ${text}`);
  }
  if (errors.size > 0) problem("can't migrate VM - check log");
  for (const [volid, {volume}] of moving) {
    const {type} = storageNamed(job.cluster, volume.storage);
    if (!/^(dir|btrfs|zfspool|lvmthin|lvm)$/.test(type)) {
      problem(`can't migrate '${volid}' - storage type '${type}' not supported`);
    }
    const base = volume.parent?.split('/').at(-1);
    if (base !== undefined) problem(`can't migrate '${volid}' as it's a clone of '${base}'`);
  }
  return [...moving.values()];
}

interface Examined {
  readonly use: VolumeUse;
  readonly moving: Map<string, Moving>;
}

/** Why a volume cannot go; one that must be copied is noted. */
function examine(
  job: Job,
  guest: QemuGuest,
  heading: Heading,
  {use, moving}: Examined,
): string | undefined {
  const {volid} = use;
  if (volid.startsWith('/')) return use.shared ? undefined : 'local file/device';
  if (volid === 'none') return undefined;
  if (volid === 'cdrom') return "can't migrate local cdrom drive";
  const parts = parseVolid(volid);
  if (parts === undefined) return `unable to parse volume ID '${volid}'`;
  const source = requireStorage(job.cluster, parts.storage, job.node);
  const storage = source.shared ? parts.storage : mapStorage(heading.map, parts.storage);
  assertContent(requireStorage(job.cluster, storage, heading.target).content, volid, storage);
  if (source.shared) return undefined;
  const volume = findVolume(job.cluster, job.node, volid);
  if (volume === undefined) return `volume '${volid}' does not exist`;
  moving.set(volid, {volume, storage});
  if (use.cdrom) return /vm-\d+-cloudinit/.test(volid) ? undefined : 'local cdrom image';
  const owner = volumeOwner(volid);
  if (owner !== guest.vmid) return `owned by other VM (owner = VM ${owner ?? ''})`;
  return use.vmstate ? undefined : examineDisk(guest, heading, {use, type: source.type, volume});
}

function examineDisk(
  guest: QemuGuest,
  heading: Heading,
  disk: {readonly use: VolumeUse; readonly type: string; readonly volume: Volume},
): string | undefined {
  const {use, type, volume} = disk;
  const isRunning = guest.runtime !== undefined;
  if (use.snapshots.length > 0) {
    if (isRunning) {
      return 'online storage migration not possible if non-replicated snapshot exists';
    }
    const keepsSnapshots = type === 'zfspool' || volume.format === 'qcow2';
    if (!keepsSnapshots) return 'non-migratable snapshot exists';
  }
  if (isRunning && use.attached && !use.tpmstate && !heading.withLocalDisks) {
    return "can't live migrate attached local disks without with-local-disks option";
  }
  return undefined;
}

function logFound(job: Job, guest: QemuGuest, volid: string): void {
  const use = volumeUses(guest).get(volid);
  if (use === undefined) return;
  const isGenerated = use.tpmstate || /vm-\d+-cloudinit/.test(volid);
  if (isGenerated) job.log(`found generated disk '${volid}' (in current VM config)`);
  else if (use.attached) job.log(`found local disk '${volid}' (attached)`);
  else if (use.unused) job.log(`found local disk '${volid}' (unused)`);
  else if (use.snapshots.length > 0) {
    job.log(`found local disk '${volid}' (referenced by snapshot(s))`);
  } else job.log(`found local disk '${volid}' (pending change)`);
}
