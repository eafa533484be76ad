// Why this exists: datacenter options: stored as text, property strings read back as objects
// (PVE/DataCenterConfig.pm, PVE/GuestHelpers.pm).
import {fail} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {SubKeys} from '../schema/property-string.ts';
import {splitPropertyString} from '../schema/property-string.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';

/** `/cluster/options`. */
export const optionRoutes: readonly Route[] = [
  route('GET', '/cluster/options', showOptions),
  route('PUT', '/cluster/options', updateOptions),
];

/** The prefix that Proxmox registered: it stands even when none is set. */
const registeredPrefix = 'BC:24:11';

function showOptions(context: Context): Reply {
  const {cluster} = context;
  const allowed = {'allowed-tags': allowedTags(context)};
  if (!may(context, '/', ['Sys.Audit'])) {
    const own = ['console', 'tag-style'].flatMap((key) => {
      const text = cluster.options.get(key);
      return text === undefined ? [] : [[key, shape(cluster, key, text)] as const];
    });
    return data({...Object.fromEntries(own), ...allowed});
  }
  const shown: Record<string, unknown> = {
    mac_prefix: registeredPrefix,
    description: '',
    ...allowed,
  };
  for (const [key, text] of cluster.options) {
    shown[key] = key === 'description' ? text : shape(cluster, key, text);
  }
  return data(shown);
}

function shape(cluster: Cluster, key: string, text: string): unknown {
  if (key === 'registered-tags') {
    return text.split(';');
  }
  const subKeys = subKeysOf(cluster, key);
  if (subKeys === undefined) {
    return key === 'migration_unsecure' ? Number(text) : text.split('\n')[0];
  }
  const entries = Object.entries(valuesOf(subKeys, text)).map(([name, value]) => {
    return [name, subKeys[name]?.type === 'boolean' ? Number(value) : value] as const;
  });
  const shaped: Record<string, unknown> = Object.fromEntries(entries);
  return key === 'user-tag-access' && shaped['user-allow-list'] !== undefined
    ? {...shaped, 'user-allow-list': String(shaped['user-allow-list']).split(';')}
    : shaped;
}

/** The sub-keys of an option that is a property string. */
function subKeysOf(cluster: Cluster, key: string): SubKeys | undefined {
  const method = findMethod(cluster.version, 'PUT', '/cluster/options')?.method;
  const format = method === undefined ? undefined : paramFacts(method, key)?.format;
  // The limits stay as they were written.
  return typeof format === 'object' && key !== 'bwlimit' ? format : undefined;
}

function valuesOf(subKeys: SubKeys, text: string): Readonly<Record<string, string>> {
  const split = splitPropertyString(subKeys, text);
  return split.kind === 'values' ? split.values : {};
}

function option(cluster: Cluster, key: string): Readonly<Record<string, string>> {
  return valuesOf(subKeysOf(cluster, key) ?? {}, cluster.options.get(key) ?? '');
}

/** The tags that a caller may set: registered ones are for who may modify the cluster. */
function allowedTags(context: Context): readonly string[] {
  const {cluster} = context;
  const isPrivileged = may(context, '/', ['Sys.Modify']);
  const rule = option(cluster, 'user-tag-access');
  const allow = rule['user-allow'] ?? 'free';
  const listed = allow === 'none' && !isPrivileged ? [] : splitList(rule['user-allow-list'] ?? '');
  const used =
    allow === 'free' || allow === 'existing' || isPrivileged
      ? [...cluster.guests.values()]
          .filter((guest) => isPrivileged || may(context, `/vms/${guest.vmid}`, ['VM.Audit']))
          .flatMap((guest) => splitList(guest.config.get('tags') ?? ''))
      : [];
  const registered = splitList(cluster.options.get('registered-tags') ?? '');
  const free = [...listed, ...used].filter((tag) => isPrivileged || !registered.includes(tag));
  return [...new Set([...free, ...(isPrivileged ? registered : [])])].sort();
}

function updateOptions(context: Context): Reply {
  const {cluster, params} = context;
  const {delete: _, ...settings} = params;
  const next = new Map([...cluster.options].map(([key, text]) => [key, rewritten(key, text)]));
  for (const [key, value] of Object.entries(settings)) {
    next.set(key, key === 'description' ? described(value) : value.trim());
  }
  for (const key of list(context, 'delete')) {
    next.delete(key);
  }
  mapOldNames(next);
  requireRange(cluster, next.get('next-id'));
  cluster.options.clear();
  for (const [key, value] of next) {
    cluster.options.set(key, value);
  }
  recordEffect(cluster, 'options', undefined, JSON.stringify(params));
  return nothing;
}

/** Lists of tags are sorted when the file is written again. */
function rewritten(key: string, text: string): string {
  const sorted = (tags: string): string => tags.split(';').sort().join(';');
  if (key === 'registered-tags') {
    return sorted(text);
  }
  return key === 'user-tag-access'
    ? text.replace(/(user-allow-list=)([^,]*)/, (_, name: string, tags: string) => {
        return `${name}${sorted(tags)}`;
      })
    : text;
}

function described(value: string): string {
  const lines = value.replace(/\n*$/, '');
  return lines === '' || lines === '0' ? '' : `${lines}\n`;
}

function mapOldNames(options: Map<string, string>): void {
  const insecure = options.get('migration_unsecure');
  if (insecure !== undefined && !options.has('migration')) {
    options.set('migration', `type=${insecure === '1' ? 'insecure' : 'secure'}`);
    options.delete('migration_unsecure');
  }
  if (options.get('console') === 'applet') {
    options.set('console', 'html5');
  }
  if (options.get('mac_prefix')?.toUpperCase() === registeredPrefix) {
    options.delete('mac_prefix');
  }
}

function requireRange(cluster: Cluster, text: string | undefined): void {
  if (text === undefined) {
    return;
  }
  const values = valuesOf(subKeysOf(cluster, 'next-id') ?? {}, text);
  const lower = Number(values.lower ?? 100);
  const upper = Number(values.upper ?? 1_000_000);
  if (lower > upper) {
    fail(500, `lower (${lower}) <= upper (${upper}) boundary rule broken`);
  }
}
