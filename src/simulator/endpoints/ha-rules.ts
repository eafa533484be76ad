// Why this exists: since 9.0 rules say where HA resources may run and which keep together
// (PVE/API2/HA/Rules.pm).
import {fail, prefixed} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import type {Section} from '../section.ts';
import {requireDigest, sectionsOf} from '../section.ts';
import type {Uses} from '../section-plugins.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {shown} from './ha-status.ts';

/** `/cluster/ha/rules` and below. */
export const haRuleRoutes: readonly Route[] = [
  route('GET', '/cluster/ha/rules', listRules),
  route('POST', '/cluster/ha/rules', createRule),
  route('GET', '/cluster/ha/rules/{rule}', showRule),
  route('PUT', '/cluster/ha/rules/{rule}', updateRule),
  route('DELETE', '/cluster/ha/rules/{rule}', deleteRule),
];

const file = 'ha-rules';
const usesByType: Readonly<Record<string, Uses>> = {
  'node-affinity': usesOf('resources! nodes! strict comment disable'),
  'resource-affinity': usesOf('resources! affinity! comment disable'),
};

function facts(cluster: Cluster, rule: string, section: Section): object {
  return {...shown(cluster, file, '/cluster/ha/rules', section), rule};
}

function listRules({cluster, params}: Context): Reply {
  const {type, resource} = params;
  const wanted = [...sectionsOf(cluster, file)].filter(
    ([, section]) =>
      (type === undefined || section.get('type') === type) &&
      (resource === undefined || splitList(section.get('resources') ?? '').includes(resource)),
  );
  return data(wanted.map(([rule, section]) => facts(cluster, rule, section)));
}

function showRule({cluster, path}: Context): Reply {
  const {rule = ''} = path;
  const section = sectionsOf(cluster, file).get(rule);
  return data(facts(cluster, rule, section ?? fail(500, `no such ha rule '${rule}'`)));
}

/** `disable=0` is as good as nothing. */
function wanted(type: string, settings: Readonly<Record<string, string>>, isNew: boolean): Section {
  const {disable, ...rest} = settings;
  const given = disable === '1' ? settings : rest;
  return checkedProperties(usesByType[type] ?? {}, given, isNew);
}

function createRule({cluster, params}: Context): Reply {
  const {rule = '', type = '', ...rest} = params;
  const values = wanted(type, rest, true);
  prefixed('create ha rule failed', () => {
    if (sectionsOf(cluster, file).has(rule)) {
      fail(500, `HA rule '${rule}' already defined`);
    }
  });
  const section: Section = new Map([['type', type]]);
  setProperties(section, values);
  sectionsOf(cluster, file).set(rule, section);
  recordEffect(cluster, 'ha', undefined, `rule ${rule} created`);
  return nothing;
}

function updateRule(context: Context): Reply {
  const {cluster, params, path} = context;
  const {rule = ''} = path;
  const {digest, delete: _, type: __, ...rest} = params;
  prefixed('update HA rules failed', () => {
    requireDigest(cluster, file, digest);
    const section =
      sectionsOf(cluster, file).get(rule) ?? fail(500, `HA rule '${rule}' does not exist`);
    const type = section.get('type') ?? '';
    const values = wanted(type, rest, false);
    const changed: Section = new Map(section);
    deleteProperties(usesByType[type] ?? {}, changed, list(context, 'delete'), rest);
    setProperties(changed, values);
    sectionsOf(cluster, file).set(rule, changed);
  });
  recordEffect(cluster, 'ha', undefined, `rule ${rule} updated`);
  return nothing;
}

/** Deleting what is not there is no error. */
function deleteRule({cluster, path}: Context): Reply {
  const {rule = ''} = path;
  sectionsOf(cluster, file).delete(rule);
  recordEffect(cluster, 'ha', undefined, `rule ${rule} deleted`);
  return nothing;
}
