// Why this exists: the lines that vzdump logs around the copying of a guest's disks; their order
// depends on the mode, as recorded.
import type {QemuGuest} from '../state.ts';
import type {ArchivedDisk} from './archive.ts';

/** What the lines speak of. */
export interface Report {
  readonly params: Readonly<Record<string, string>>;
  readonly guest: QemuGuest;
  readonly disks: readonly ArchivedDisk[];
  readonly path: string;
  readonly uuid: string;
  readonly bytes: number;
}

/** `2026-01-31 10:00:00`. */
export function logDate(atS: number): string {
  return new Date(atS * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** The lines from the mode to the start of the copy. */
export function beforeCopyLines(report: Report): readonly string[] {
  const {guest, params, path, uuid} = report;
  const running = guest.runtime !== undefined;
  const mode = running ? (params.mode ?? 'snapshot') : 'stop';
  const limit = params.bwlimit;
  const how = [
    `backup mode: ${mode}`,
    ...(limit === undefined ? [] : [`bandwidth limit: ${limit} KiB/s`]),
    'ionice priority: 7',
  ];
  const what = [`VM Name: ${guest.config.get('name') ?? `VM ${guest.vmid}`}`, ...diskLines(report)];
  const order = mode === 'snapshot' ? [...what, ...how] : [...how, ...what];
  return [
    ...order,
    ...(mode === 'suspend' ? ['suspending guest'] : []),
    `creating vzdump archive '${path}'`,
    ...(running ? [] : ['starting kvm to execute backup task']),
    `started backup task '${uuid}'`,
    ...(mode === 'snapshot' ? ['resuming VM again'] : []),
    ...(mode === 'suspend' ? ['resuming VM again after 1 seconds'] : []),
  ].map((line) => `INFO: ${line}`);
}

/** The lines from the end of the copy to the archive's size. */
export function afterCopyLines(report: Report): readonly string[] {
  const bytes = report.disks.reduce((sum, disk) => sum + disk.sizeBytes, 0);
  const gib = bytes / 1024 ** 3;
  const running = report.guest.runtime !== undefined;
  return [
    `100% (${gib.toFixed(1)} GiB of ${gib.toFixed(1)} GiB) in 1s, read: 1.0 GiB/s, write: 0 B/s`,
    `backup is sparse: ${gib.toFixed(2)} GiB (100%) total zero data`,
    `transferred ${gib.toFixed(2)} GiB in 1 seconds (${gib.toFixed(1)} GiB/s)`,
    ...(running ? [] : ['stopping kvm after backup task']),
    `archive file size: ${Math.floor(report.bytes / 1024)}KB`,
  ].map((line) => `INFO: ${line}`);
}

function diskLines({guest, disks}: Report): readonly string[] {
  return disks.map(({key, sizeBytes}) => {
    const volid = guest.config.get(key)?.split(',')[0] ?? '';
    const gib = sizeBytes / 1024 ** 3;
    const size = Number.isInteger(gib) ? `${gib}G` : `${Math.round(sizeBytes / 1024 ** 2)}M`;
    return `include disk '${key}' '${volid}' ${size}`;
  });
}
