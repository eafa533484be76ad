// Why this exists: the firewall's endpoints in one list, with options, groups and indices.
import {fail, paramError} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import {shownSection} from '../section.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import {macroNames} from './macros.ts';
import {ruleRoutes} from './rules.ts';
import {
  contentDigest,
  keptComment,
  scopeBases,
  scopeName,
  scopeOf,
  storeNamed,
  vnetBase,
} from './scope.ts';
import {setRoutes} from './sets.ts';

const groupTemplate = '/cluster/firewall/groups/{group}';
const guestIndex = ['rules', 'aliases', 'ipset', 'refs', 'options'] as const;
const indices: Readonly<Record<string, readonly string[]>> = {
  '/cluster/firewall': ['aliases', 'rules', 'options', 'groups', 'ipset', 'macros', 'refs'],
  '/nodes/{node}/firewall': ['rules', 'options', 'log'],
  [vnetBase]: ['rules', 'options'],
};
/** The log of a firewall that never ran: one line, and no list around it. */
const noLog = () => data({n: 1, t: 'unable to open file - No such file or directory'}, {total: 1});

/** Everything about the firewall. */
export const firewallRoutes: readonly Route[] = allRoutes().map((one) =>
  one.template.startsWith(`${vnetBase}/`) ? {...one, handler: vnetHandler(one)} : one,
);

/** Who may see or change the firewall of a virtual network is asked of the one that runs. */
function vnetHandler({method, handler}: Route): Route['handler'] {
  return (context) => {
    const {vnet = ''} = context.path;
    const running = context.cluster.sections.get('sdn-running-vnets')?.get(vnet);
    if (running === undefined) {
      const where = '/usr/share/perl5/PVE/API2/Firewall/Helpers.pm line 55.';
      fail(500, `invalid vnet specified at ${where}`);
    }
    const wanted = method === 'GET' ? ['SDN.Audit', 'SDN.Allocate'] : ['SDN.Allocate'];
    require403(context, `/sdn/zones/${running.get('zone')}/${vnet}`, wanted, true);
    return handler(context);
  };
}

function allRoutes(): readonly Route[] {
  return [
    ...scopeBases.flatMap((base) => [
      route('GET', base, () => data((indices[base] ?? guestIndex).map((name) => ({name})))),
      route('GET', `${base}/options`, (context) => showOptions(context, base)),
      route('PUT', `${base}/options`, (context) => updateOptions(context, base)),
    ]),
    route('GET', '/cluster/firewall/groups', listGroups),
    route('POST', '/cluster/firewall/groups', createGroup),
    route('DELETE', '/cluster/firewall/groups/{group}', deleteGroup),
    ...ruleRoutes.filter((one) => one.template !== groupTemplate || one.method !== 'DELETE'),
    ...setRoutes,
    route('GET', '/cluster/firewall/macros', () =>
      data(macroNames.map((macro) => ({macro, descr: `${macro} traffic`}))),
    ),
    route('GET', '/nodes/{node}/firewall/log', noLog),
    route('GET', '/nodes/{node}/qemu/{vmid}/firewall/log', noLog),
    route('GET', '/nodes/{node}/lxc/{vmid}/firewall/log', noLog),
  ];
}

function optionsDigest(context: Context): string {
  const lines = [...scopeOf(context).options].map(([key, value]) => `${key}: ${value}`);
  return contentDigest(lines.sort());
}

function optionFacts({cluster}: Context, base: string) {
  const path = base.replace('{node}', 'pve1').replace('{vmid}', '100').replace('{vnet}', 'v0');
  const method = findMethod(cluster.version, 'PUT', `${path}/options`)?.method;
  return (key: string) => (method === undefined ? undefined : paramFacts(method, key));
}

function showOptions(context: Context, base: string): Reply {
  const shown = shownSection(scopeOf(context).options, optionFacts(context, base));
  // A cluster enabled with more than 1 is so for a minute only, unless that is confirmed.
  const since = Number(shown.enable ?? 0);
  const isLate = since > 1 && nodeSeconds(context.cluster, context.node) - since > 60;
  return data({...shown, ...(isLate ? {enable: 0} : {}), digest: optionsDigest(context)});
}

function updateOptions(context: Context, base: string): Reply {
  const {params} = context;
  const {options} = scopeOf(context);
  const {digest, delete: _, ...settings} = params;
  if (digest !== undefined && digest !== '' && digest !== optionsDigest(context)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
  const known = optionFacts(context, base);
  const deleted = list(context, 'delete');
  const unknown = deleted.find((key) => known(key) === undefined);
  if (unknown !== undefined) {
    paramError({delete: `no such option '${unknown}'`});
  }
  for (const key of deleted) {
    options.delete(key);
  }
  for (const [key, value] of Object.entries(settings)) {
    const isTrial = base === '/cluster/firewall' && key === 'enable' && Number(value) > 1;
    options.set(key, isTrial ? String(nodeSeconds(context.cluster, context.node)) : value);
  }
  return record(context, `options ${JSON.stringify(params)}`);
}

function record(context: Context, what: string): Reply {
  const {vmid} = context.path;
  const detail = `${scopeName(context)} ${what}`;
  recordEffect(context.cluster, 'firewall', vmid === undefined ? undefined : Number(vmid), detail);
  return nothing;
}

function groupsDigest(context: Context): string {
  const all = [...scopeOf(context).groups];
  return contentDigest(all.map(([name, {comment}]) => JSON.stringify([name, comment])));
}

function listGroups(context: Context): Reply {
  const digest = groupsDigest(context);
  return data(
    [...scopeOf(context).groups].map(([group, {comment}]) => ({
      group,
      digest,
      ...(comment === undefined ? {} : {comment}),
    })),
  );
}

function createGroup(context: Context): Reply {
  const scope = scopeOf(context);
  const {params} = context;
  const {group = '', comment, rename} = params;
  if (rename !== undefined) {
    return renameGroup(context, rename, group);
  }
  if (scope.groups.has(group)) {
    paramError({group: `Security group '${group}' already exists`});
  }
  storeNamed(scope.groups, group, {comment: keptComment(comment), rules: []});
  return record(context, `group ${group} created`);
}

/** With the same name twice only the comment changes. */
function renameGroup(context: Context, from: string, to: string): Reply {
  const scope = scopeOf(context);
  const {digest, comment} = context.params;
  if (digest !== undefined && digest !== '' && digest !== groupsDigest(context)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
  const known = scope.groups.get(from);
  if (known === undefined) {
    return paramError({group: `Security group '${from}' does not exist`});
  }
  if (scope.groups.has(to) && to !== from) {
    paramError({group: `Security group '${to}' does already exist`});
  }
  scope.groups.delete(from);
  const told = comment === undefined ? known.comment : keptComment(comment);
  storeNamed(scope.groups, to, {comment: told, rules: known.rules});
  renameReferences(context, from, to);
  return record(context, `group ${from} renamed ${to}`);
}

function renameReferences({cluster}: Context, from: string, to: string): void {
  for (const scope of cluster.firewall.values()) {
    for (const rule of scope.rules) {
      if (rule.get('type') === 'group' && rule.get('action') === from) {
        rule.set('action', to);
      }
    }
  }
}

function deleteGroup(context: Context): Reply {
  const {group: name = ''} = context.path;
  const {groups} = scopeOf(context);
  const known = groups.get(name) ?? fail(500, `no such security group '${name}'`);
  if (known.rules.length > 0) {
    fail(500, `Security group '${name}' is not empty`);
  }
  groups.delete(name);
  return record(context, `group ${name} deleted`);
}
