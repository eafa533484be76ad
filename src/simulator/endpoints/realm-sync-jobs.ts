// Why this exists: jobs that would synchronise a directory's users: configuration only
// (PVE/API2/Jobs/RealmSync.pm).
import {fail, paramError, wrapped} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import {nextEvents} from '../schema/calendar.ts';
import type {Section} from '../section.ts';
import {sectionsOf, shownSection} from '../section.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';

const one = '/cluster/jobs/realm-sync/{id}';

/** `/cluster/jobs/realm-sync` and below. */
export const realmSyncRoutes: readonly Route[] = [
  route('GET', '/cluster/jobs/realm-sync', listJobs),
  route('GET', one, showJob),
  route('POST', one, createJob),
  route('PUT', one, updateJob),
  route('DELETE', one, deleteJob),
];

const file = 'realm-sync-jobs';
const uses = usesOf('schedule! enabled comment remove-vanished scope! enable-new', 'realm!');

function facts(cluster: Cluster, id: string, section: Section): Record<string, unknown> {
  const method = findMethod(cluster.version, 'POST', '/cluster/jobs/realm-sync/x')?.method;
  const shown = shownSection(section, (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
  return {...shown, id, type: 'realm-sync'};
}

function listJobs({cluster}: Context): Reply {
  const nowS = Math.floor(cluster.nowMs / 1000);
  return data(
    [...sectionsOf(cluster, file)].map(([id, section]) => {
      const [next] = nextEvents(section.get('schedule') ?? 'daily', nowS, 1);
      return {...facts(cluster, id, section), ...(next === undefined ? {} : {'next-run': next})};
    }),
  );
}

function showJob({cluster, path}: Context): Reply {
  const {id = ''} = path;
  const section = sectionsOf(cluster, file).get(id);
  return data(facts(cluster, id, section ?? paramError({id: `No such job '${id}'`})));
}

function createJob({cluster, params, path}: Context): Reply {
  const {id = ''} = path;
  if (sectionsOf(cluster, file).has(id)) {
    fail(500, `Job '${id}' already exists`);
  }
  const values = checkedProperties(uses, params, true);
  const realm = values.get('realm') ?? '';
  const type = cluster.access.realms.get(realm)?.type;
  if (type === undefined) {
    wrapped(400, 'Parameter verification failed.', `realm: No such realm '${realm}'`);
  }
  if (type !== 'ldap' && type !== 'ad') {
    wrapped(400, 'Parameter verification failed.', 'realm: Only LDAP/AD realms can be synced.');
  }
  const section: Section = new Map();
  setProperties(section, values);
  sectionsOf(cluster, file).set(id, section);
  recordEffect(cluster, 'realm-sync', undefined, `${id} created`);
  return nothing;
}

function updateJob(context: Context): Reply {
  const {cluster, params, path} = context;
  const {id = ''} = path;
  const {delete: _, ...settings} = params;
  if (Object.keys(params).length === 0) {
    fail(500, 'no job options specified');
  }
  const section = sectionsOf(cluster, file).get(id) ?? fail(500, 'no such realm-sync job');
  const values = checkedProperties(uses, settings, false);
  deleteProperties(uses, section, list(context, 'delete'), settings);
  setProperties(section, values);
  recordEffect(cluster, 'realm-sync', undefined, `${id} updated`);
  return nothing;
}

function deleteJob({cluster, path}: Context): Reply {
  const {id = ''} = path;
  if (!sectionsOf(cluster, file).delete(id)) {
    wrapped(400, 'Parameter verification failed.', `id: No such job '${id}'`);
  }
  recordEffect(cluster, 'realm-sync', undefined, `${id} deleted`);
  return nothing;
}
