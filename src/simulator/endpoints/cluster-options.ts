// Why this exists: datacenter options: stored as text, property strings read back as objects.
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import {recordEffect} from '../state.ts';

/** `/cluster/options`. */
export const optionRoutes: readonly Route[] = [
  route('GET', '/cluster/options', showOptions),
  route('PUT', '/cluster/options', updateOptions),
];

const propertyOptions = new Set([
  'bwlimit',
  'crs',
  'ha',
  'migration',
  'next-id',
  'notify',
  'tag-style',
  'u2f',
  'user-tag-access',
  'webauthn',
]);

function showOptions(context: Context): Reply {
  const {cluster} = context;
  const allowed = {'allowed-tags': allowedTags(context)};
  if (!may(context, '/', ['Sys.Audit'])) {
    const own = ['console', 'tag-style'].flatMap((key) => {
      const text = cluster.options.get(key);
      return text === undefined ? [] : [[key, shape(key, text)] as const];
    });
    return data({...Object.fromEntries(own), ...allowed});
  }
  const shown: Record<string, unknown> = {mac_prefix: 'BC:24:11', description: '', ...allowed};
  for (const [key, text] of cluster.options) {
    shown[key] = shape(key, text);
  }
  return data(shown);
}

function shape(key: string, text: string): unknown {
  if (key === 'registered-tags') {
    return splitList(text);
  }
  if (!propertyOptions.has(key)) {
    return text;
  }
  const pairs = text.split(',').map((part) => part.split('=', 2));
  return Object.fromEntries(pairs.map(([name = '', value]) => [name, value ?? name]));
}

/** Tags in use on visible guests and registered ones, as the interface offers them. */
function allowedTags(context: Context): readonly string[] {
  const {cluster} = context;
  const used = [...cluster.guests.values()]
    .filter((guest) => may(context, `/vms/${guest.vmid}`, ['VM.Audit']))
    .flatMap((guest) => splitList(guest.config.get('tags') ?? ''));
  const registered = splitList(cluster.options.get('registered-tags') ?? '');
  return [...new Set([...used, ...registered])].sort();
}

function updateOptions(context: Context): Reply {
  const {cluster, params} = context;
  const {delete: _, ...settings} = params;
  const removed = list(context, 'delete');
  for (const [key, value] of Object.entries(settings)) {
    cluster.options.set(key, key === 'description' ? `${value.replace(/\n*$/, '')}\n` : value);
  }
  for (const key of removed) {
    cluster.options.delete(key);
  }
  recordEffect(cluster, 'options', undefined, JSON.stringify(params));
  return nothing;
}
