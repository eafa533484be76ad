// Why this exists: backup jobs are configuration only: stored, listed, selected guests exclude each
// other. Texts and shapes as facts.md section 12.
import {fail, forbid, paramError, wrapped} from '../failure.ts';
import {may, require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import {nextEvents} from '../schema/calendar.ts';
import type {Section} from '../section.ts';
import {sectionsOf, shownSection} from '../section.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';

/** `/cluster/backup` and `/cluster/backup-info`. */
export const backupJobRoutes: readonly Route[] = [
  route('GET', '/cluster/backup', listJobs),
  route('POST', '/cluster/backup', createJob),
  route('GET', '/cluster/backup/{id}', showJob),
  route('PUT', '/cluster/backup/{id}', updateJob),
  route('DELETE', '/cluster/backup/{id}', deleteJob),
  route('GET', '/cluster/backup/{id}/included_volumes', showVolumes),
  route('GET', '/cluster/backup-info/not-backed-up', listUncovered),
];

const file = 'backup-jobs';
const propertyKeys = new Set(['prune-backups', 'fleecing', 'performance']);
const selections = ['vmid', 'all', 'pool', 'exclude'] as const;

function jobs(cluster: Cluster): Map<string, Section> {
  return sectionsOf(cluster, file);
}

function facts(cluster: Cluster, id: string, job: Section): Record<string, unknown> {
  const method = findMethod(cluster.version, 'POST', '/cluster/backup')?.method;
  const shown = shownSection(job, (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
  for (const key of propertyKeys) {
    const text = job.get(key);
    if (text !== undefined) {
      shown[key] = Object.fromEntries(
        text.split(',').map((part) => {
          const [name = '', value] = part.split('=', 2);
          return value === undefined ? ['enabled', name] : [name, value];
        }),
      );
    }
  }
  return {id, type: 'vzdump', ...shown};
}

function listJobs({cluster}: Context): Reply {
  const nowS = Math.floor(cluster.nowMs / 1000);
  const shown = [...jobs(cluster)].map(([id, job]) => {
    const [next] = nextEvents(job.get('schedule') ?? 'daily', nowS, 1);
    const run = job.get('enabled') === '0' || next === undefined ? {} : {'next-run': next};
    return {...facts(cluster, id, job), ...run};
  });
  return data(shown);
}

function showJob({cluster, path}: Context): Reply {
  const {id = ''} = path;
  const job = jobs(cluster).get(id) ?? paramError({id: `No such job '${id}'`});
  return data(facts(cluster, id, job));
}

function createJob(context: Context): Reply {
  const {cluster, params} = context;
  if (params.schedule === undefined && params.starttime === undefined) {
    paramError({schedule: "neither 'starttime' nor 'schedule' were set"});
  }
  requireRights(context, params.storage, params.pool);
  const id = params.id ?? randomUuid(cluster.random);
  if (jobs(cluster).has(id)) {
    fail(500, `Job '${id}' already exists`);
  }
  const job: Section = new Map([['enabled', '1']]);
  write(job, params);
  checkSelection(job);
  jobs(cluster).set(id, job);
  recordEffect(cluster, 'backup-job', undefined, `${id} created`);
  return nothing;
}

function requireRights(
  context: Context,
  storage: string | undefined,
  pool: string | undefined,
): void {
  if (storage !== undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.Allocate']);
  }
  if (pool !== undefined) {
    if (!context.cluster.pools.has(pool)) {
      forbid(`pool '${pool}' does not exist`);
    }
    require403(context, `/pool/${pool}`, ['VM.Backup']);
  }
}

/** The old `starttime` and `dow` become a schedule. */
function write(job: Section, params: Readonly<Record<string, string>>): void {
  const {starttime, dow} = params;
  for (const [key, value] of Object.entries(params)) {
    if (!['id', 'delete', 'starttime', 'dow'].includes(key)) {
      job.set(key, key === 'comment' ? value.trim() : value);
    }
  }
  if (starttime !== undefined) {
    job.set('schedule', `${dow === undefined ? '' : `${dow} `}${starttime}`);
  }
}

function checkSelection(job: Section): void {
  const refuse = (text: string): never => wrapped(400, 'Parameter verification failed.', text);
  if (job.get('all') === '1' && job.has('vmid')) {
    refuse("all: option conflicts with option 'vmid'");
  }
  if (job.has('pool') && (job.has('vmid') || job.get('all') === '1')) {
    refuse(`pool: option conflicts with option '${job.has('vmid') ? 'vmid' : 'all'}'`);
  }
  if (job.get('all') !== '1' && !job.has('vmid') && !job.has('pool')) {
    refuse('vmid: property is missing');
  }
}

function updateJob(context: Context): Reply {
  const {cluster, params, path} = context;
  const id = path.id ?? '';
  const job = jobs(cluster).get(id) ?? fail(500, 'no such vzdump job');
  const storage = params.storage ?? job.get('storage');
  if (storage !== undefined && !may(context, `/storage/${storage}`, ['Datastore.Allocate'])) {
    wrapped(403, `Permission check failed (/storage/${storage}, Datastore.Allocate)`);
  }
  const method = findMethod(cluster.version, 'PUT', '/cluster/backup/x')?.method;
  for (const key of list(context, 'delete')) {
    if (method === undefined || paramFacts(method, key) === undefined) {
      wrapped(400, 'Parameter verification failed.', `delete: unknown option '${key}'`);
    }
  }
  const changed: Section = new Map(job);
  dropOtherSelections(changed, params);
  for (const key of list(context, 'delete')) {
    changed.delete(key);
  }
  write(changed, params);
  checkSelection(changed);
  jobs(cluster).set(id, changed);
  recordEffect(cluster, 'backup-job', undefined, `${id} updated`);
  return nothing;
}

/** A new selection replaces the former one. */
function dropOtherSelections(job: Section, params: Readonly<Record<string, string>>): void {
  const chosen = (['vmid', 'all', 'pool'] as const).find((key) => params[key] !== undefined);
  if (chosen !== undefined) {
    for (const key of selections) {
      if (key !== chosen && !(chosen === 'all' && key === 'exclude')) {
        job.delete(key);
      }
    }
  }
}

function deleteJob({cluster, path}: Context): Reply {
  const {id = ''} = path;
  if (!jobs(cluster).delete(id)) {
    wrapped(400, 'Parameter verification failed.', `id: No such job '${id}'`);
  }
  recordEffect(cluster, 'backup-job', undefined, `${id} deleted`);
  return nothing;
}

/** The VMIDs that a selection names, whether they exist or not. */
export function selectedGuests(
  cluster: Cluster,
  selection: {readonly get: (key: string) => string | undefined},
): readonly number[] {
  const pool = selection.get('pool');
  if (selection.get('all') === '1') {
    const excluded = new Set(splitList(selection.get('exclude') ?? '').map(Number));
    return [...cluster.guests.keys()].filter((vmid) => !excluded.has(vmid));
  }
  if (pool !== undefined) {
    return [...(cluster.pools.get(pool)?.vms ?? [])];
  }
  return splitList(selection.get('vmid') ?? '').map(Number);
}

function showVolumes({cluster, path}: Context): Reply {
  const {id = ''} = path;
  const job = jobs(cluster).get(id) ?? paramError({id: `No such job '${id}'`});
  const children = selectedGuests(cluster, job).map((vmid) => {
    const guest = cluster.guests.get(vmid);
    if (guest === undefined) {
      return {id: vmid, type: 'unknown', leaf: 1};
    }
    const isVolume = guest.kind === 'qemu' ? /^(ide|sata|scsi|virtio)\d+$/ : /^(rootfs|mp\d+)$/;
    const disks = [...guest.config].filter(([key]) => isVolume.test(key));
    const drives = disks.map(([key, text]) => ({
      id: key,
      name: text.split(',')[0],
      leaf: 1,
      ...(guest.kind === 'qemu' ? inclusion(text) : mountInclusion(key, text)),
    }));
    const name = guest.config.get(guest.kind === 'qemu' ? 'name' : 'hostname');
    return {id: vmid, type: guest.kind, ...(name === undefined ? {} : {name}), children: drives};
  });
  return data({children});
}

function inclusion(drive: string): {readonly included: number; readonly reason: string} {
  if (/(^|,)media=cdrom/.test(drive)) {
    return {included: 0, reason: 'CD-ROM or cloud-init drive'};
  }
  return /(^|,)backup=0/.test(drive)
    ? {included: 0, reason: 'backup=no'}
    : {included: 1, reason: 'enabled'};
}

/** A container's root always, other volumes on demand, the node's directories never. */
function mountInclusion(
  key: string,
  text: string,
): {readonly included: number; readonly reason: string} {
  if (key === 'rootfs') {
    return {included: 1, reason: 'rootfs'};
  }
  if (text.startsWith('/')) {
    return {included: 0, reason: 'not a volume'};
  }
  return /(^|,)backup=1/.test(text)
    ? {included: 1, reason: 'enabled'}
    : {included: 0, reason: 'disabled'};
}

function listUncovered(context: Context): Reply {
  const {cluster} = context;
  const covered = new Set(
    [...jobs(cluster).values()].flatMap((job) => selectedGuests(cluster, job)),
  );
  const open = [...cluster.guests.values()]
    .filter((guest) => !covered.has(guest.vmid))
    .filter((guest) => may(context, `/vms/${guest.vmid}`, ['VM.Audit']));
  return data(
    open.map(({vmid, kind, config}) => {
      const name = config.get(kind === 'qemu' ? 'name' : 'hostname');
      return {vmid, type: kind, ...(name === undefined ? {} : {name})};
    }),
  );
}
