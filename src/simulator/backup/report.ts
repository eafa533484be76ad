// Why this exists: the lines that vzdump logs around the copying of a guest's disks; their order
// depends on the mode, as recorded.
import {isUnusedKey} from '../guest/file.ts';
import {parseProperties} from '../qemu/property-string.ts';
import type {QemuGuest} from '../state.ts';
import type {ArchivedDisk} from './archive.ts';
import {judgeDisks} from './archive.ts';

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
    ...(limit === undefined || limit === '0' ? [] : [`bandwidth limit: ${limit} KiB/s`]),
    `ionice priority: ${params.ionice ?? '7'}`,
  ];
  const name = guest.config.get('name');
  const what = [...(name === undefined ? [] : [`VM Name: ${name}`]), ...diskLines(report)];
  const order = mode === 'snapshot' ? [...what, ...how] : [...how, ...what];
  const isPaused = guest.runtime?.qmpStatus === 'paused';
  return [
    ...order,
    ...(mode === 'suspend' ? ['suspending guest'] : []),
    ...leftOutLines(guest),
    `creating vzdump archive '${path}'`,
    ...(running ? [] : ['starting kvm to execute backup task']),
    ...(mode === 'stop' || isPaused ? [] : freezeLines(guest)),
    `started backup task '${uuid}'`,
    ...(mode === 'snapshot' && !isPaused ? ['resuming VM again'] : []),
    ...(mode === 'suspend' ? ['resuming VM again after 1 seconds'] : []),
  ].map((line) => `INFO: ${line}`);
}

/** What of the configuration is not in the archive (assemble in PVE/VZDump/QemuServer.pm). */
function leftOutLines(guest: QemuGuest): readonly string[] {
  const unused = [...guest.config].filter(([key]) => isUnusedKey(key)).sort();
  const notIncluded = '(not included into backup)';
  const waits = guest.pending.size > 0 || guest.pendingDelete.size > 0;
  return [
    ...unused.map(([, volid]) => `skip unused drive '${volid}' ${notIncluded}`),
    ...(guest.cloudInitDrift.size > 0 ? [`special config section found ${notIncluded}`] : []),
    ...(guest.snapshots.size > 0 ? [`snapshots found ${notIncluded}`] : []),
    ...(waits ? [`pending configuration changes found ${notIncluded}`] : []),
  ];
}

/** The agent is asked to hold the file systems still while the backup begins. */
function freezeLines(guest: QemuGuest): readonly string[] {
  const agent = parseProperties('agent', guest.config.get('agent') ?? '');
  if (['', '0'].includes(guest.config.get('agent') ?? '')) return [];
  const skipped = (why: string): readonly string[] => [`skipping guest-agent 'fs-freeze', ${why}`];
  if (guest.runtime?.agentAnswers !== true) return skipped('agent configured but not running?');
  // The newer name; the older one is its alias.
  if (agent.get('freeze-fs') === '0') return skipped('disabled in VM options');
  return ["issuing guest-agent 'fs-freeze' command", "issuing guest-agent 'fs-thaw' command"];
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

function diskLines({guest}: Report): readonly string[] {
  return judgeDisks(guest).map(({key, volid, size, leftOut}) => {
    if (leftOut !== undefined) return `exclude disk '${key}' '${volid}' (${leftOut})`;
    return `include disk '${key}' '${volid}'${size === undefined ? '' : ` ${size}`}`;
  });
}
