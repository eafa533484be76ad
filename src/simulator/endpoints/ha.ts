// Why this exists: high availability as configuration: groups (8.4) or rules (9.x) and resources,
// and a status that follows from what is asked and what runs. Who acts is in qemu/ha.ts.
import {fail, prefixed} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import type {Section} from '../section.ts';
import {requireDigest, sectionsOf} from '../section.ts';
import type {Uses} from '../section-plugins.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {haRuleRoutes} from './ha-rules.ts';
import {haStatusRoutes, resourceFile, shown} from './ha-status.ts';

/** Everything below `/cluster/ha`. */
export const haRoutes: readonly Route[] = [
  route('GET', '/cluster/ha', ({cluster}) =>
    data(
      ['status', 'resources', 'groups', ...(cluster.version === '8.4' ? [] : ['rules'])].map(
        (id) => ({id}),
      ),
    ),
  ),
  route('POST', '/cluster/ha/resources/{sid}/migrate', (context) => queue(context, 'migrate')),
  route('POST', '/cluster/ha/resources/{sid}/relocate', (context) => queue(context, 'relocate')),
  ...haStatusRoutes,
  ...haRuleRoutes,
  route('GET', '/cluster/ha/resources', listResources),
  route('POST', '/cluster/ha/resources', createResource),
  route('GET', '/cluster/ha/resources/{sid}', (context) => data(shownResource(context))),
  route('PUT', '/cluster/ha/resources/{sid}', updateResource),
  route('DELETE', '/cluster/ha/resources/{sid}', deleteResource),
  route('GET', '/cluster/ha/groups', listGroups),
  route('POST', '/cluster/ha/groups', createGroup),
  route('GET', '/cluster/ha/groups/{group}', showGroup),
  route('PUT', '/cluster/ha/groups/{group}', updateGroup),
  route('DELETE', '/cluster/ha/groups/{group}', deleteGroup),
];

const groupFile = 'ha-groups';
const groupUses = usesOf('nodes! comment nofailback restricted');

function resourceUses(cluster: Cluster): Uses {
  const place = cluster.version === '8.4' ? 'group' : 'failback auto-rebalance';
  return usesOf(`state comment max_restart max_relocate ${place}`);
}

/** `220` and `vm:220` name the same resource. */
function sidOf(cluster: Cluster, text: string): string {
  if (!/^\d+$/.test(text)) {
    return text;
  }
  const kind = cluster.guests.get(Number(text))?.kind;
  if (kind === undefined) {
    fail(500, `unable do detect SID from VMID - VM/CT ${text} does not exist`);
  }
  return `${kind === 'lxc' ? 'ct' : 'vm'}:${text}`;
}

function resourceFacts(cluster: Cluster, sid: string, section: Section): object {
  const type = sid.split(':')[0];
  return {sid, type, ...shown(cluster, resourceFile, '/cluster/ha/resources', section)};
}

function listResources({cluster, params}: Context): Reply {
  const wanted = [...sectionsOf(cluster, resourceFile)].filter(
    ([sid]) => params.type === undefined || sid.split(':')[0] === params.type,
  );
  return data(
    wanted.map(([sid, section]) => {
      const group = section.get('group');
      const isGone = group !== undefined && !sectionsOf(cluster, groupFile).has(group);
      const errors = isGone ? {errors: {group: `group '${group}' does not exist`}} : {};
      return {...resourceFacts(cluster, sid, section), ...errors};
    }),
  );
}

function shownResource({cluster, path}: Context): object {
  const sid = sidOf(cluster, path.sid ?? '');
  const section = sectionsOf(cluster, resourceFile).get(sid);
  return resourceFacts(cluster, sid, section ?? fail(500, `no such resource '${sid}'`));
}

/** A guest of the right kind must be there; a group need not. */
function createResource({cluster, params}: Context): Reply {
  const {sid: asked = '', type, ...rest} = params;
  const sid = sidOf(cluster, asked);
  const [kind = '', name = ''] = sid.split(':');
  if (type !== undefined && type !== kind) {
    fail(500, 'types does not match');
  }
  requireGuest(cluster, kind, name);
  const values = checkedProperties(resourceUses(cluster), rest, true);
  prefixed('create resource failed', () => {
    if (sectionsOf(cluster, resourceFile).has(sid)) {
      fail(500, `resource ID '${sid}' already defined`);
    }
  });
  const section: Section = new Map();
  write(section, values);
  sectionsOf(cluster, resourceFile).set(sid, section);
  recordEffect(cluster, 'ha', Number(name), `${sid} created`);
  return nothing;
}

function requireGuest(cluster: Cluster, kind: string, name: string): void {
  if (kind !== 'vm' && kind !== 'ct') {
    fail(500, `unknown section type '${kind}'`);
  }
  if (!/^[1-9][0-9]+$/.test(name)) {
    fail(500, 'invalid VMID');
  }
  const guest = cluster.guests.get(Number(name));
  if (guest === undefined) {
    fail(500, `resource '${kind}:${name}' does not exist in cluster`);
  }
  // An 8.4 takes a guest of the other kind.
  if (cluster.version !== '8.4' && (guest.kind === 'lxc') !== (kind === 'ct')) {
    const what = kind === 'vm' ? 'is not a VM' : 'is not a container';
    fail(500, `resource '${kind}:${name}' - guest with ID ${name} ${what}`);
  }
}

function write(section: Section, values: Section): void {
  const state = values.get('state');
  setProperties(section, values);
  if (state === 'enabled') {
    section.set('state', 'started');
  }
}

function updateResource(context: Context): Reply {
  const {cluster, params, path} = context;
  const sid = sidOf(cluster, path.sid ?? '');
  const {digest, delete: _, type, ...rest} = params;
  if (type !== undefined && type !== sid.split(':')[0]) {
    fail(500, 'types does not match');
  }
  if (rest.group !== undefined && !sectionsOf(cluster, groupFile).has(rest.group)) {
    fail(500, `HA group '${rest.group}' does not exist`);
  }
  prefixed('update resources config failed', () => {
    requireDigest(cluster, resourceFile, digest);
    const section =
      sectionsOf(cluster, resourceFile).get(sid) ?? fail(500, `no such resource '${sid}'`);
    const uses = resourceUses(cluster);
    const changed: Section = new Map(section);
    write(changed, checkedProperties(uses, rest, false));
    deleteProperties(uses, changed, list(context, 'delete'), {});
    sectionsOf(cluster, resourceFile).set(sid, changed);
  });
  recordEffect(cluster, 'ha', Number(sid.split(':')[1]), `${sid} ${JSON.stringify(params)}`);
  return nothing;
}

function deleteResource({cluster, path}: Context): Reply {
  const sid = sidOf(cluster, path.sid ?? '');
  if (!sectionsOf(cluster, resourceFile).delete(sid)) {
    fail(500, `cannot delete service '${sid}', not HA managed!`);
  }
  recordEffect(cluster, 'ha', Number(sid.split(':')[1]), `${sid} deleted`);
  return nothing;
}

/** The wish is queued for the manager; the simulated one moves guests only by `migrate`. */
function queue({cluster, path, params}: Context, verb: string): Reply {
  const sid = sidOf(cluster, path.sid ?? '');
  if (!sectionsOf(cluster, resourceFile).has(sid)) {
    fail(500, `resource '${sid}' is not HA managed`);
  }
  recordEffect(cluster, 'ha', Number(sid.split(':')[1]), `${verb} ${sid} ${params.node}`);
  return cluster.version === '8.4' ? nothing : data({sid, 'requested-node': params.node});
}

function refuseMigrated({cluster}: Context, verb: string): void {
  if (cluster.version !== '8.4') {
    fail(500, `cannot ${verb} groups: ha groups have been migrated to rules`);
  }
}

function groupFacts(cluster: Cluster, group: string, section: Section): object {
  return {...shown(cluster, groupFile, '/cluster/ha/groups', section), group, type: 'group'};
}

function listGroups(context: Context): Reply {
  refuseMigrated(context, 'index');
  const {cluster} = context;
  const all = [...sectionsOf(cluster, groupFile)];
  return data(all.map(([group, section]) => groupFacts(cluster, group, section)));
}

function showGroup(context: Context): Reply {
  refuseMigrated(context, 'read');
  const {cluster, path} = context;
  const group = path.group ?? '';
  const section = sectionsOf(cluster, groupFile).get(group);
  return data(groupFacts(cluster, group, section ?? fail(500, `no such ha group '${group}'`)));
}

function createGroup(context: Context): Reply {
  refuseMigrated(context, 'create');
  const {cluster, params} = context;
  const {group = '', type: _, ...settings} = params;
  const values = checkedProperties(groupUses, settings, true);
  prefixed('create ha group failed', () => {
    if (sectionsOf(cluster, groupFile).has(group)) {
      fail(500, `ha group ID '${group}' already defined`);
    }
  });
  const section: Section = new Map();
  write(section, values);
  sectionsOf(cluster, groupFile).set(group, section);
  recordEffect(cluster, 'ha', undefined, `group ${group} created`);
  return nothing;
}

function updateGroup(context: Context): Reply {
  refuseMigrated(context, 'update');
  const {cluster, params, path} = context;
  const group = path.group ?? '';
  prefixed('update ha group failed', () => {
    requireDigest(cluster, groupFile, params.digest);
    const section =
      sectionsOf(cluster, groupFile).get(group) ?? fail(500, `no such ha group '${group}'`);
    const {digest: _, delete: __, type: ___, ...settings} = params;
    const changed: Section = new Map(section);
    write(changed, checkedProperties(groupUses, settings, false));
    deleteProperties(groupUses, changed, list(context, 'delete'), {});
    sectionsOf(cluster, groupFile).set(group, changed);
  });
  recordEffect(cluster, 'ha', undefined, `group ${group} updated`);
  return nothing;
}

function deleteGroup(context: Context): Reply {
  refuseMigrated(context, 'delete');
  const {cluster, path} = context;
  const group = path.group ?? '';
  prefixed('delete ha group failed', () => {
    const user = [...sectionsOf(cluster, resourceFile)].find(
      ([, section]) => section.get('group') === group,
    );
    if (user !== undefined) {
      fail(500, `ha group is used by service '${user[0]}'`);
    }
  });
  sectionsOf(cluster, groupFile).delete(group);
  recordEffect(cluster, 'ha', undefined, `group ${group} deleted`);
  return nothing;
}
