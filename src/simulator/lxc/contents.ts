// Why this exists: what lies on a container's volume, as far as answers depend on it: which
// operating system, how many bytes, and how large the file system was made.
import type {Cluster, LxcGuest, Volume} from '../state.ts';
import {findVolume} from '../volume.ts';

/** What is known of a volume's, a template's or an archive's contents. */
export interface Contents {
  readonly ostype: string;
  /** Bytes of a tar of it. */
  readonly tarBytes: number;
  /** The size with which the file system was made. */
  readonly madeBytes: number;
}

const systems = [
  'debian',
  'devuan',
  'ubuntu',
  'centos',
  'fedora',
  'opensuse',
  'archlinux',
  'alpine',
  'gentoo',
  'nixos',
] as const;
const kin: Readonly<Record<string, string>> = {
  rockylinux: 'centos',
  almalinux: 'centos',
  arch: 'archlinux',
  openEuler: 'openeuler',
};

/** The contents that a volume was given; else those that its name and size suggest. */
export function contentsOf(volume: Volume): Contents {
  const told = isRecord(volume.data) ? volume.data : {};
  const {ostype, tarBytes, madeBytes} = told;
  return {
    ostype: typeof ostype === 'string' ? ostype : systemOf(volume.volid),
    tarBytes: typeof tarBytes === 'number' ? tarBytes : tarSize(2.5 * volume.usedBytes),
    madeBytes: typeof madeBytes === 'number' ? madeBytes : volume.sizeBytes,
  };
}

/** The system in a container: what its root was given, else what its configuration tells. */
export function systemInside(cluster: Cluster, guest: LxcGuest): string {
  const rootfs = guest.config.get('rootfs')?.split(',')[0] ?? '';
  const volume = findVolume(cluster, guest.node, rootfs);
  const told = isRecord(volume?.data) ? volume.data['ostype'] : undefined;
  return typeof told === 'string' ? told : (guest.config.get('ostype') ?? 'unmanaged');
}

/** Templates are called `debian-12-standard_12.7-1_amd64.tar.zst`. */
function systemOf(volid: string): string {
  const name = volid.split('/').at(-1) ?? volid;
  const found = systems.find((system) => name.startsWith(`${system}-`));
  const alias = Object.keys(kin).find((one) => name.startsWith(`${one}-`));
  return found ?? (alias === undefined ? 'unmanaged' : (kin[alias] ?? 'unmanaged'));
}

/** Archives are written in records of 10 KiB. */
function tarSize(bytes: number): number {
  return Math.ceil(bytes / 10_240) * 10_240;
}

/** `2007040 (2.0MiB, 100MiB/s)`, as tar prints totals. */
export function tarTotals(bytes: number): string {
  const mib = Math.ceil((bytes / 1024 ** 2) * 10) / 10;
  return `${bytes} (${mib.toFixed(1)}MiB, 100MiB/s)`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
