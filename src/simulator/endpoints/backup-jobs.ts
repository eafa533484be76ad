// Why this exists: backup jobs are configuration only: stored, listed, selected guests exclude each
// other. Texts and shapes as facts.md section 12.
import {retentionOf} from '../backup/job-options.ts';
import {notesProblem} from '../backup/notes.ts';
import {fail, forbid, paramError, wrapped} from '../failure.ts';
import {may, require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import {nextEvents} from '../schema/calendar.ts';
import type {Section} from '../section.ts';
import {sectionsOf, shownSection} from '../section.ts';
import {setProperties} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {listUncovered, showVolumes} from './backup-selection.ts';

/** `/cluster/backup` and `/cluster/backup-info`. */
export const backupJobRoutes: readonly Route[] = [
  route('GET', '/cluster/backup', listJobs),
  route('POST', '/cluster/backup', createJob),
  route('GET', '/cluster/backup/{id}', showJob),
  route('PUT', '/cluster/backup/{id}', updateJob),
  route('DELETE', '/cluster/backup/{id}', deleteJob),
  route('GET', '/cluster/backup/{id}/included_volumes', (context) => {
    const {id = ''} = context.path;
    const job = jobs(context.cluster).get(id) ?? paramError({id: `No such job '${id}'`});
    return showVolumes(context, job);
  }),
  route('GET', '/cluster/backup-info/not-backed-up', (context) =>
    listUncovered(context, jobs(context.cluster).values()),
  ),
];

const file = 'backup-jobs';
const propertyKeys = new Set(['prune-backups', 'fleecing', 'performance']);

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
  const paths = job.get('exclude-path');
  const excluded = paths === undefined ? {} : {'exclude-path': paths.split('\0')};
  return {id, type: 'vzdump', ...shown, ...excluded};
}

/** The parameters of a call, its list of paths as one text. */
function settingsOf({params, arrays}: Context): Readonly<Record<string, string>> {
  const paths = arrays['exclude-path'];
  return paths === undefined ? params : {...params, 'exclude-path': paths.join('\0')};
}

function listJobs({cluster}: Context): Reply {
  const nowS = Math.floor(cluster.nowMs / 1000);
  const shown = [...jobs(cluster)].map(([id, job]) => {
    const [next] = nextEvents(job.get('schedule') ?? 'daily', nowS, 1);
    const run = next === undefined ? {} : {'next-run': next};
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
  const {cluster} = context;
  const params = settingsOf(context);
  requireOptions(context, params);
  requireStorage(context, params.storage ?? 'local');
  requirePool(context);
  requireSchedule(context);
  const id = params.id ?? randomUuid(cluster.random);
  if (jobs(cluster).has(id)) {
    fail(500, `Job '${id}' already exists`);
  }
  const job: Section = new Map([['enabled', '1']]);
  write(job, params);
  checkSelection(job, true);
  keepRetention(job);
  jobs(cluster).set(id, job);
  recordEffect(cluster, 'backup-job', undefined, `${id} created`);
  return nothing;
}

/** What only root sets, and what needs more than a right on the storage. */
function requireOptions(context: Context, params: Readonly<Record<string, string>>): void {
  if (context.auth.isRoot) {
    return;
  }
  const own = ['tmpdir', 'dumpdir', 'script', 'job-id'].find((key) => params[key] !== undefined);
  if (own !== undefined) {
    paramError({[own]: 'Only root may set this option.'});
  }
  if (['bwlimit', 'ionice', 'performance'].some((key) => params[key] !== undefined)) {
    require403(context, '/', ['Sys.Modify']);
  }
  const fleecing = /(?:^|,)storage=([^,]+)/.exec(params.fleecing ?? '')?.[1];
  if (fleecing !== undefined) {
    require403(context, `/storage/${fleecing}`, ['Datastore.AllocateSpace']);
  }
}

function requireStorage(context: Context, storage: string): void {
  if (context.params.dumpdir === undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.Allocate']);
  }
}

function requirePool(context: Context): void {
  const {pool = ''} = context.params;
  if (pool === '') {
    return;
  }
  if (!context.cluster.pools.has(pool)) {
    forbid(`pool '${pool}' does not exist`);
  }
  require403(context, `/pool/${pool}`, ['VM.Backup']);
}

function requireSchedule({params}: Context, isNeeded = true): void {
  const {schedule, starttime} = params;
  if (schedule !== undefined && starttime !== undefined) {
    paramError({starttime: "'starttime' and 'schedule' cannot both be set"});
  }
  if (isNeeded && schedule === undefined && starttime === undefined) {
    paramError({schedule: "neither 'starttime' nor 'schedule' were set"});
  }
}

/** The old `starttime` and `dow` become a schedule. */
function write(job: Section, params: Readonly<Record<string, string>>): void {
  const {starttime, dow} = params;
  for (const [key, value] of Object.entries(params)) {
    if (!['id', 'delete', 'starttime', 'dow'].includes(key)) {
      setProperties(job, new Map([[key, key === 'comment' ? value.trim() : value]]));
    }
  }
  if (starttime !== undefined) {
    const days = splitList(dow ?? '').join(',');
    const isDaily = days === '' || days === 'mon,tue,wed,thu,fri,sat,sun';
    job.set('schedule', isDaily ? starttime : `${days} ${starttime}`);
  }
}

/** One way of selecting guests, and only one. */
function checkSelection(job: Section, isWhole: boolean): void {
  const refuse = (key: string): void =>
    wrapped(400, 'Parameter verification failed.', `${key}: option conflicts with option 'vmid'`);
  const vmid = (job.get('vmid') ?? '') !== '';
  for (const key of ['all', 'exclude', 'pool'] as const) {
    const isSet = key === 'all' ? job.get(key) === '1' : (job.get(key) ?? '') !== '';
    if (vmid && isSet) {
      refuse(key);
    }
  }
  if (job.has('prune-backups') && job.has('maxfiles')) {
    const text = "prune-backups: option conflicts with option 'maxfiles'";
    wrapped(400, 'Parameter verification failed.', text);
  }
  const problem = notesProblem(job.get('notes-template') ?? '');
  if (problem !== undefined) {
    wrapped(400, 'Parameter verification failed.', `notes-template: ${problem}\n`);
  }
  if (job.has('exclude') && !job.has('pool')) {
    job.set('all', '1');
  }
  if (isWhole && !vmid && job.get('all') !== '1' && !job.has('pool') && job.get('stop') !== '1') {
    wrapped(400, 'Parameter verification failed.', 'vmid: property is missing');
  }
}

/** The old limit is kept as a retention. */
function keepRetention(job: Section): void {
  const maxfiles = job.get('maxfiles');
  if (maxfiles !== undefined) {
    job.delete('maxfiles');
    job.set('prune-backups', retentionOf(maxfiles));
  }
}

function updateJob(context: Context): Reply {
  const {cluster, path} = context;
  const id = path.id ?? '';
  const {delete: _, ...settings} = settingsOf(context);
  const removed = list(context, 'delete');
  requireOptions(context, settings);
  requireOptions(context, Object.fromEntries(removed.map((key) => [key, ''])));
  if (settings.storage !== undefined || removed.includes('storage')) {
    requireStorage(context, settings.storage ?? 'local');
  }
  requirePool(context);
  requireSchedule(context, false);
  if (Object.keys(settings).length === 0 && removed.length === 0) {
    fail(500, 'no options specified');
  }
  checkSelection(new Map(Object.entries(settings)), false);
  const job = jobs(cluster).get(id) ?? fail(500, 'no such vzdump job');
  const storage = job.get('storage') ?? 'local';
  if (!may(context, `/storage/${storage}`, ['Datastore.Allocate'])) {
    wrapped(403, `Permission check failed (/storage/${storage}, Datastore.Allocate)`);
  }
  const changed: Section = new Map(job);
  deleteOptions(cluster, changed, removed);
  write(changed, settings);
  keepOneSelection(changed, settings);
  checkSelection(changed, true);
  keepRetention(changed);
  jobs(cluster).set(id, changed);
  recordEffect(cluster, 'backup-job', undefined, `${id} updated`);
  return nothing;
}

/** What `vzdump` itself takes can be deleted, and two properties of the job. */
function deleteOptions(cluster: Cluster, job: Section, keys: readonly string[]): void {
  const method = findMethod(cluster.version, 'POST', '/nodes/x/vzdump')?.method;
  for (const key of keys) {
    const isOption = method !== undefined && paramFacts(method, key) !== undefined;
    if (!isOption && key !== 'comment' && key !== 'repeat-missed') {
      wrapped(400, 'Parameter verification failed.', `delete: unknown option '${key}'`);
    }
    job.delete(key);
  }
}

/** A new selection replaces the former one. */
function keepOneSelection(job: Section, settings: Readonly<Record<string, string>>): void {
  if (job.has('exclude') && !job.has('pool')) {
    job.set('all', '1');
  }
  const others =
    settings.vmid !== undefined
      ? ['all', 'exclude', 'pool']
      : settings.all === '1'
        ? ['vmid', 'pool']
        : job.has('pool')
          ? ['vmid', 'all', 'exclude']
          : [];
  for (const key of others) {
    job.delete(key);
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
