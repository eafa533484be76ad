// Why this exists: which backups a retention keeps: the periods' rule of facts.md section 12, used
// by vzdump, by the dry run and by the prune task.
import {fail} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, integer, route} from '../route.ts';
import type {Cluster, Volume} from '../state.ts';
import type {Stage} from '../task.ts';
import {fork} from '../task.ts';
import {free, requireActive, volumesOn} from '../volume.ts';
import {isArchiveName} from './archive.ts';

const base = '/nodes/{node}/storage/{storage}/prunebackups';

/** Dry run and task. */
export const pruneRoutes: readonly Route[] = [
  route('GET', base, showMarks),
  route('DELETE', base, pruneBackups),
];

/** What a retention says of one backup. */
export interface Marked {
  readonly volume: Volume;
  readonly mark: 'keep' | 'remove' | 'protected' | 'renamed';
}

const periods: readonly (readonly [string, (date: Date) => string])[] = [
  ['keep-last', (date) => date.toISOString()],
  ['keep-hourly', (date) => date.toISOString().slice(0, 13)],
  ['keep-daily', (date) => date.toISOString().slice(0, 10)],
  ['keep-weekly', week],
  ['keep-monthly', (date) => date.toISOString().slice(0, 7)],
  ['keep-yearly', (date) => date.toISOString().slice(0, 4)],
];

/** ISO year and week. */
function week(date: Date): string {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const yearStart = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const count = Math.ceil(((thursday.getTime() - yearStart) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-${count}`;
}

/** The counts of a retention text such as `keep-last=3,keep-daily=7`. */
export function retention(text: string): ReadonlyMap<string, number> {
  const pairs = text.split(',').map((part) => part.split('='));
  return new Map(pairs.map(([key = '', count]) => [key, Number(count)]));
}

/** Mark backups of one guest by a retention. */
export function markBackups(backups: readonly Volume[], text: string): readonly Marked[] {
  const counts = retention(text);
  const sorted = [...backups].sort((left, right) => right.ctimeS - left.ctimeS);
  const marks = new Map<Volume, Marked['mark']>();
  for (const volume of sorted) {
    if (volume.protected === true) {
      marks.set(volume, 'protected');
    } else if (!isArchiveName(volume.volid)) {
      marks.set(volume, 'renamed');
    }
  }
  const keepsAll = (counts.get('keep-all') ?? 0) > 0 || periods.every(([key]) => !counts.get(key));
  for (const [key, idOf] of keepsAll ? [] : periods) {
    markPeriod(sorted, marks, counts.get(key) ?? 0, idOf);
  }
  const rest = keepsAll ? 'keep' : 'remove';
  return sorted.map((volume) => ({volume, mark: marks.get(volume) ?? rest}));
}

function markPeriod(
  sorted: readonly Volume[],
  marks: Map<Volume, Marked['mark']>,
  count: number,
  idOf: (date: Date) => string,
): void {
  const id = (volume: Volume): string => idOf(new Date(volume.ctimeS * 1000));
  const seen = new Set(sorted.filter((one) => marks.get(one) === 'keep').map(id));
  const taken = new Set<string>();
  for (const volume of sorted) {
    if (marks.has(volume) || seen.has(id(volume))) {
      continue;
    }
    if (taken.has(id(volume))) {
      marks.set(volume, 'remove');
    } else if (taken.size >= count) {
      return;
    } else {
      taken.add(id(volume));
      marks.set(volume, 'keep');
    }
  }
}

/** The backups on a storage, of one guest if named. */
export function backupsOn(
  cluster: Cluster,
  node: string,
  storage: string,
  vmid: number | undefined,
): readonly Volume[] {
  return volumesOn(cluster, node, storage).filter(
    (volume) => volume.content === 'backup' && (vmid === undefined || volume.vmid === vmid),
  );
}

function markedBackups(context: Context): readonly Marked[] {
  const {cluster, node, path, params} = context;
  const id = path.storage ?? '';
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  if (!storage.content.has('backup')) {
    fail(500, `storage '${id}' does not support backups`);
  }
  const text = params['prune-backups'] ?? storage.options.get('prune-backups');
  if (text === undefined) {
    return fail(500, `no prune-backups options configured for storage '${id}'`);
  }
  requireActive(cluster, id, node);
  const all = backupsOn(cluster, node, id, integer(context, 'vmid')).filter(
    ({volid}) => params.type === undefined || typeOf(volid) === params.type,
  );
  const groupOf = (one: Volume): string => `${typeOf(one.volid)}/${one.vmid}`;
  const groups = new Set(all.map(groupOf));
  return [...groups].flatMap((group) =>
    markBackups(
      all.filter((one) => groupOf(one) === group),
      text,
    ),
  );
}

/** What kind of guest an archive's name says it holds. */
function typeOf(volid: string): string {
  return /\/vzdump-(lxc|openvz|qemu)-/.exec(volid)?.[1] ?? 'unknown';
}

function showMarks(context: Context): Reply {
  return data(
    markedBackups(context).map(({volume, mark}) => ({
      volid: volume.volid,
      ...(volume.vmid === undefined ? {} : {vmid: volume.vmid}),
      type: typeOf(volume.volid),
      ctime: volume.ctimeS,
      mark,
    })),
  );
}

function pruneBackups(context: Context): Reply {
  const {cluster, node, path, auth} = context;
  const storage = path.storage ?? '';
  const vmid = integer(context, 'vmid');
  if (vmid === undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.Allocate']);
  } else {
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
    require403(context, `/vms/${vmid}`, ['VM.Backup']);
  }
  const id = vmid === undefined ? storage : `${vmid}@${storage}`;
  const stages: readonly Stage[] = [
    {kind: 'do', run: ({log}) => removeMarked(cluster, node, markedBackups(context), log)},
  ];
  return data(fork(cluster, {node, type: 'prunebackups', id, auth, stages}));
}

/** Remove what is marked so, oldest first, saying each; returns how many. */
export function removeMarked(
  cluster: Cluster,
  node: string,
  marked: readonly Marked[],
  log: (line: string) => void,
): number {
  const gone = marked.filter(({mark}) => mark === 'remove').reverse();
  for (const {volume} of gone) {
    log(`removing backup '${volume.volid}'`);
    free(cluster, node, volume.volid);
  }
  return gone.length;
}
