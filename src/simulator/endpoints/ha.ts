// Why this exists: high availability as configuration: groups (8.4) or rules (9.x) and resources,
// and a status that follows from what is asked and what runs. Who acts is in qemu/ha.ts.
import {fail, prefixed} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {sectionDigest, sectionsOf, shownSection} from '../section.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';

/** Everything below `/cluster/ha`. */
export const haRoutes: readonly Route[] = [
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
  route('GET', '/cluster/ha/rules', listRules),
  route('POST', '/cluster/ha/rules', createRule),
  route('GET', '/cluster/ha/rules/{rule}', showRule),
  route('PUT', '/cluster/ha/rules/{rule}', updateRule),
  route('DELETE', '/cluster/ha/rules/{rule}', deleteRule),
  route('GET', '/cluster/ha/status/current', showCurrent),
  route('GET', '/cluster/ha/status/manager_status', showManager),
];

const resourceFile = 'ha-resources';
const groupFile = 'ha-groups';
const ruleFile = 'ha-rules';

function shown(cluster: Cluster, file: string, post: string, section: Section): object {
  const method = findMethod(cluster.version, 'POST', post)?.method;
  const facts = shownSection(section, (key) => (method ? paramFacts(method, key) : undefined));
  return {...facts, digest: sectionDigest(cluster, file)};
}

/** `220` and `vm:220` name the same resource. */
function sidOf(cluster: Cluster, text: string): string {
  if (text.includes(':')) {
    return text;
  }
  return `${cluster.guests.get(Number(text))?.kind === 'lxc' ? 'ct' : 'vm'}:${text}`;
}

function resourceFacts(cluster: Cluster, sid: string, section: Section): object {
  const type = sid.split(':')[0];
  return {sid, type, ...shown(cluster, resourceFile, '/cluster/ha/resources', section)};
}

function listResources({cluster, params}: Context): Reply {
  const all = [...sectionsOf(cluster, resourceFile)];
  const wanted = all.filter(([sid]) => params.type === undefined || sid.startsWith(params.type));
  return data(wanted.map(([sid, section]) => resourceFacts(cluster, sid, section)));
}

function shownResource({cluster, path}: Context): object {
  const sid = sidOf(cluster, path.sid ?? '');
  const section = sectionsOf(cluster, resourceFile).get(sid);
  return resourceFacts(cluster, sid, section ?? fail(500, `no such resource '${sid}'`));
}

function createResource({cluster, params}: Context): Reply {
  const sid = sidOf(cluster, params.sid ?? '');
  if (!cluster.guests.has(Number(sid.split(':')[1]))) {
    fail(500, `resource '${sid}' does not exist in cluster`);
  }
  prefixed('create resource failed', () => {
    if (sectionsOf(cluster, resourceFile).has(sid)) {
      fail(500, `resource ID '${sid}' already defined`);
    }
    if (params.group !== undefined && !sectionsOf(cluster, groupFile).has(params.group)) {
      fail(500, `HA group '${params.group}' does not exist`);
    }
  });
  const section: Section = new Map();
  write(section, params);
  sectionsOf(cluster, resourceFile).set(sid, section);
  recordEffect(cluster, 'ha', Number(sid.split(':')[1]), `${sid} created`);
  return nothing;
}

function write(section: Section, params: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(params)) {
    if (!['sid', 'group-id', 'digest', 'delete', 'type', 'rule'].includes(key)) {
      section.set(key, key === 'state' && value === 'enabled' ? 'started' : value);
    }
  }
}

function checkDigest({cluster, params}: Context, file: string): void {
  const {digest} = params;
  if (digest !== undefined && digest !== '' && digest !== sectionDigest(cluster, file)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
}

function updateResource(context: Context): Reply {
  const {cluster, params, path} = context;
  const sid = sidOf(cluster, path.sid ?? '');
  prefixed('update resources config failed', () => {
    checkDigest(context, resourceFile);
    const section =
      sectionsOf(cluster, resourceFile).get(sid) ?? fail(500, `no such resource '${sid}'`);
    for (const key of list(context, 'delete')) {
      section.delete(key);
    }
    write(section, params);
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
  const {group = '', ...settings} = params;
  prefixed('create ha group failed', () => {
    if (sectionsOf(cluster, groupFile).has(group)) {
      fail(500, `ha group ID '${group}' already defined`);
    }
  });
  const section: Section = new Map();
  write(section, settings);
  sectionsOf(cluster, groupFile).set(group, section);
  recordEffect(cluster, 'ha', undefined, `group ${group} created`);
  return nothing;
}

function updateGroup(context: Context): Reply {
  refuseMigrated(context, 'update');
  const {cluster, params, path} = context;
  const group = path.group ?? '';
  prefixed('update ha group failed', () => {
    checkDigest(context, groupFile);
    const section =
      sectionsOf(cluster, groupFile).get(group) ?? fail(500, `no such ha group '${group}'`);
    for (const key of list(context, 'delete')) {
      section.delete(key);
    }
    write(section, params);
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

function ruleFacts(cluster: Cluster, rule: string, section: Section): object {
  return {...shown(cluster, ruleFile, '/cluster/ha/rules', section), rule};
}

function listRules({cluster}: Context): Reply {
  const all = [...sectionsOf(cluster, ruleFile)];
  return data(all.map(([rule, section]) => ruleFacts(cluster, rule, section)));
}

function requireRule({cluster, path}: Context): Section {
  const rule = path.rule ?? '';
  return sectionsOf(cluster, ruleFile).get(rule) ?? fail(500, `no such ha rule '${rule}'`);
}

function showRule(context: Context): Reply {
  return data(ruleFacts(context.cluster, context.path.rule ?? '', requireRule(context)));
}

function createRule({cluster, params}: Context): Reply {
  const {rule = '', type = 'node-affinity'} = params;
  if (sectionsOf(cluster, ruleFile).has(rule)) {
    fail(500, `HA rule '${rule}' already defined`);
  }
  const section: Section = new Map([['type', type]]);
  write(section, params);
  sectionsOf(cluster, ruleFile).set(rule, section);
  recordEffect(cluster, 'ha', undefined, `rule ${rule} created`);
  return nothing;
}

function updateRule(context: Context): Reply {
  const section = requireRule(context);
  checkDigest(context, ruleFile);
  for (const key of list(context, 'delete')) {
    section.delete(key);
  }
  write(section, context.params);
  recordEffect(context.cluster, 'ha', undefined, `rule ${context.path.rule} updated`);
  return nothing;
}

function deleteRule(context: Context): Reply {
  requireRule(context);
  sectionsOf(context.cluster, ruleFile).delete(context.path.rule ?? '');
  recordEffect(context.cluster, 'ha', undefined, `rule ${context.path.rule} deleted`);
  return nothing;
}

function showCurrent({cluster}: Context): Reply {
  const quorum = {
    id: 'quorum',
    type: 'quorum',
    node: cluster.entry,
    status: cluster.quorate ? 'OK' : 'No quorum on node!',
    quorate: cluster.quorate ? 1 : 0,
  };
  const services = [...sectionsOf(cluster, resourceFile)].map(([sid, section]) =>
    serviceFacts(cluster, sid, section),
  );
  return data([quorum, ...services]);
}

function serviceFacts(cluster: Cluster, sid: string, section: Section): object {
  const node = cluster.guests.get(Number(sid.split(':')[1]))?.node ?? cluster.entry;
  const wanted = section.get('state') ?? 'started';
  const state = stateOf(cluster, sid, wanted);
  const group = section.get('group');
  return {
    id: `service:${sid}`,
    type: 'service',
    sid,
    node,
    state,
    request_state: wanted,
    status: `${sid} (${node}, ${state})`,
    max_restart: Number(section.get('max_restart') ?? 1),
    max_relocate: Number(section.get('max_relocate') ?? 1),
    ...(group === undefined ? {} : {group}),
  };
}

function stateOf(cluster: Cluster, sid: string, wanted: string): string {
  if (wanted === 'ignored' || wanted === 'disabled') {
    return wanted;
  }
  const runs = cluster.guests.get(Number(sid.split(':')[1]))?.runtime !== undefined;
  if (wanted === 'started') {
    return runs ? 'started' : 'queued';
  }
  return runs ? 'request_stop' : 'stopped';
}

function showManager({cluster}: Context): Reply {
  const quorum = {quorate: cluster.quorate ? '1' : '0', node: cluster.entry};
  return data({manager_status: {node_status: {}}, quorum});
}
