// Why this exists: what a backup of a container takes, and the lines that vzdump logs around it;
// they depend on the mode, and a mode that its storage cannot do falls back to another.
import {contentsOf, systemInside} from '../lxc/contents.ts';
import {createdLine, lvmSnapshot, removedLine} from '../lxc/disks.ts';
import type {Mount} from '../lxc/mountpoint.ts';
import {mountsOf} from '../lxc/mountpoint.ts';
import {canSnapshot} from '../qemu/volumes.ts';
import type {Cluster, LxcGuest, Volume} from '../state.ts';
import {findVolume} from '../volume.ts';
import type {ArchivedDisk} from './archive.ts';

/** How a container is backed up. */
export interface ContainerBackup {
  readonly mode: 'stop' | 'suspend' | 'snapshot';
  /** Lines from the mode to the start of the copy, and those at its end. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly disks: readonly ArchivedDisk[];
  /** Bytes of the tar, and of the archive. */
  readonly tarBytes: number;
  readonly archiveBytes: number;
  readonly ostype: string;
  /** Lines at the very end: a snapshot is taken away again. */
  readonly closing: readonly string[];
}

/** The configuration, an empty firewall file and the folders that are added to the files. */
const ownBytes = 30_720;
/** How small a recorded container's tar became; the others are guesses (DIFFERENCES.md). */
const ratios: Readonly<Record<string, number>> = {
  '': 1,
  zst: 1_079_460 / 2_037_760,
  gz: 0.53,
  lzo: 0.62,
};

/** How a container's backup is wished. */
export interface ContainerWish {
  readonly mode: string;
  readonly compress: string;
  readonly path: string;
  readonly ionice: string;
  readonly bwlimit: string | undefined;
}

/** Decide everything about the backup of a container. */
export function planContainerBackup(
  cluster: Cluster,
  guest: LxcGuest,
  wish: ContainerWish,
): ContainerBackup {
  const mounts = mountsOf(cluster.version, guest.config);
  const volumes = mounts.filter(isIncluded).flatMap((mount) => {
    const volume = findVolume(cluster, guest.node, mount.volume);
    return volume === undefined ? [] : [{mount, volume}];
  });
  const wanted = guest.runtime === undefined ? 'stop' : wish.mode;
  const canSnap = volumes.every(({volume}) => canSnapshot(cluster, volume));
  const mode =
    wanted === 'stop' ? 'stop' : wanted === 'snapshot' && canSnap ? 'snapshot' : 'suspend';
  const tarBytes = volumes.reduce((sum, {volume}) => sum + contentsOf(volume).tarBytes, ownBytes);
  const archiveBytes = Math.round(tarBytes * (ratios[wish.compress] ?? 1));
  const {path, ionice, bwlimit} = wish;
  const snapshots = volumes.flatMap(({volume}) => lvmSnapshot(cluster, volume, 'vzdump'));
  const facts = {guest, mounts, mode, wanted, path, ionice, bwlimit} as const;
  const report: Report = {...facts, tarBytes, archiveBytes, snapshots};
  return {
    mode,
    before: beforeLines(report),
    after: afterLines(report),
    disks: volumes.map(({mount, volume}) => archived(mount, volume)),
    tarBytes,
    archiveBytes,
    ostype: systemInside(cluster, guest),
    closing:
      mode === 'snapshot'
        ? ["INFO: cleanup temporary 'vzdump' snapshot", ...snapshots.map(removedLine)]
        : [],
  };
}

function archived({key}: Mount, {storage, format, sizeBytes}: Volume): ArchivedDisk {
  return {key, storage, format, sizeBytes};
}

/** The root always, other volumes on demand, directories and devices of the node never. */
function isIncluded(mount: Mount): boolean {
  if (mount.key === 'rootfs') return true;
  return mount.type === 'volume' && mount.options.get('backup') === '1';
}

interface Report {
  readonly guest: LxcGuest;
  readonly mounts: readonly Mount[];
  readonly mode: 'stop' | 'suspend' | 'snapshot';
  readonly wanted: string;
  readonly path: string;
  readonly ionice: string;
  readonly bwlimit: string | undefined;
  readonly tarBytes: number;
  readonly archiveBytes: number;
  /** LVM's own names of the snapshots that are taken. */
  readonly snapshots: readonly string[];
}

function beforeLines(report: Report): readonly string[] {
  const {guest, mode, wanted, path} = report;
  const what = whatLines(report);
  const limit = report.bwlimit ?? '0';
  const how = [
    `backup mode: ${mode}`,
    ...(limit === '0' ? [] : [`bandwidth limit: ${limit} KiB/s`]),
    `ionice priority: ${report.ionice}`,
  ];
  const isFallback = wanted === 'snapshot' && mode === 'suspend';
  const failure = [
    ...what,
    'mode failure - some volumes do not support snapshots',
    "trying 'suspend' mode instead",
  ];
  const order = mode === 'snapshot' ? [...what, ...how] : [...how, ...what];
  return [
    ...(isFallback ? failure : []),
    ...order,
    ...(mode === 'stop' && guest.runtime !== undefined ? ['stopping virtual guest'] : []),
    ...(mode === 'suspend' ? syncLines(report) : []),
  ]
    .map((line) => `INFO: ${line}`)
    .concat(
      mode === 'snapshot'
        ? ["INFO: create storage snapshot 'vzdump'", ...report.snapshots.map(createdLine)]
        : [],
      [`INFO: creating vzdump archive '${path}'`],
    );
}

function whatLines({guest, mounts}: Report): readonly string[] {
  const name = guest.config.get('hostname') ?? `CT${guest.vmid}`;
  const lines = mounts.map((mount) => {
    const {key, path, type} = mount;
    if (isIncluded(mount)) return `including mount point ${key} ('${path}') in backup`;
    const why = type === 'volume' ? 'disabled' : 'not a volume';
    return `excluding ${type} mount point ${key} ('${path}') from backup (${why})`;
  });
  return [`CT Name: ${name}`, ...lines];
}

/** A suspended container's files are copied twice, the second time while it stands still. */
function syncLines({guest, path, tarBytes}: Report): readonly string[] {
  const from = `/proc/${guest.runtime?.pid ?? 0}/root/`;
  const folder = path.replace(/\.tar(\.\w+)?$/, '.tmp');
  const sync = (which: string): readonly string[] => [
    `starting ${which} sync ${from} to ${folder}`,
    `${which} sync finished - transferred ${decimalText(tarBytes)} bytes in 0s`,
  ];
  return [
    ...sync('first'),
    'suspending guest',
    ...sync('final'),
    'resuming guest',
    'guest is online again after <1 seconds',
  ];
}

function afterLines({tarBytes, archiveBytes}: Report): readonly string[] {
  const mib = Math.ceil((tarBytes / 1024 ** 2) * 10) / 10;
  return [
    `Total bytes written: ${tarBytes} (${mib.toFixed(1)}MiB, 100MiB/s)`,
    `archive file size: ${sizeText(archiveBytes)}`,
  ].map((line) => `INFO: ${line}`);
}

/** Bytes as rsync tells them to people: `1.98M`. */
function decimalText(bytes: number): string {
  const unit = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return unit === 0 ? String(bytes) : `${(bytes / 1000 ** unit).toFixed(2)}${'KMG'[unit - 1]}`;
}

function sizeText(bytes: number): string {
  const kib = bytes / 1024;
  if (kib < 1024) return `${Math.floor(kib)}KB`;
  return kib < 1024 ** 2 ? `${Math.floor(kib / 1024)}MB` : `${(kib / 1024 ** 2).toFixed(2)}GB`;
}
