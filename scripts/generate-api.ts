// Why this exists: the simulator validates every call as the real API does, so the facts of the
// API schema (names, types, ranges, formats, permissions; no descriptions) become compact data.
// Registered in generate.ts; reads api-8.4.json, api-9.1.json and config-keys.json.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

type Json = null | boolean | number | string | Json[] | {[key: string]: Json};
type Fields = {[key: string]: Json};

const keptFacts = new Set([
  'type',
  'format',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'optional',
  'requires',
  'default_key',
  'alias',
  'keyAlias',
  'items',
]);

const source = join(import.meta.dirname, '../../shared/proxmox');

/** Rows of JSON, each stored once. */
class Table {
  readonly rows: string[] = [];
  readonly #known = new Map<string, number>();

  add(row: Fields): number {
    const text = JSON.stringify(row);
    const index = this.#known.get(text) ?? this.rows.push(text) - 1;
    this.#known.set(text, index);
    return index;
  }
}

/** Endpoints that pvegit itself calls: guests and what is read around them. */
export const CALLED: RegExp = new RegExp(
  `^/(?:${[
    'version',
    'pools',
    'nodes',
    'access/permissions',
    'cluster/(?:resources|status|nextid|log|backup|replication|ha/resources)',
    'cluster/mapping/(?:pci|usb|dir)/{id}',
    'nodes/{node}/(?:time|network|capabilities/qemu/machines)',
    'nodes/{node}/tasks(?:/{upid}/(?:status|log))?',
    'nodes/{node}/storage/{storage}/content(?:/{volume})?',
    'nodes/{node}/qemu(?:/{vmid})?',
    'nodes/{node}/qemu/{vmid}/(?:config|pending|cloudinit|status/[a-z]+|resize|unlink)',
    'nodes/{node}/qemu/{vmid}/(?:clone|move_disk|migrate|template|firewall/rules)',
    'nodes/{node}/qemu/{vmid}/snapshot(?:/{snapname}(?:/(?:config|rollback))?)?',
  ]
    .join('|')
    .replace(/[{}]/g, '\\$&')})$`,
);

/** The text of an `api-<version>.generated.json`, of all endpoints or of some. */
export function renderApi(version: '8.4' | '9.1', paths = /^/): string {
  const table = new Table();
  const methods: Fields = {};
  for (const root of array(read(`api-${version}.json`))) {
    walk(object(root), table, methods, paths);
  }
  const rows = Object.entries(methods).map(
    ([name, method]) => `${JSON.stringify(name)}: ${JSON.stringify(method)}`,
  );
  const text = [
    '{',
    `"formats": ${JSON.stringify(namedFormats(version))},`,
    `"params": [\n${table.rows.join(',\n')}\n],`,
    `"methods": {\n${rows.join(',\n')}\n}`,
    '}\n',
  ];
  return text.join('\n');
}

function walk(node: Fields, table: Table, methods: Fields, paths: RegExp): void {
  const path = String(node.path);
  for (const [method, raw] of Object.entries(object(node.info ?? {}))) {
    const name = `${method} ${path}`;
    if (paths.test(path)) methods[name] = methodFacts(object(raw), table, unnamed.has(name));
  }
  for (const child of array(node.children ?? [])) {
    walk(object(child), table, methods, paths);
  }
}

/** Methods whose source names no properties at all, so that the validator takes any (8.4). */
const unnamed = new Set([
  'GET /access/ticket',
  'GET /cluster/firewall',
  'GET /cluster/firewall/options',
  'GET /cluster/notifications/matcher-field-values',
  'PUT /cluster/sdn',
]);

function methodFacts(info: Fields, table: Table, isUnnamed: boolean): Fields {
  const parameters = object(info.parameters ?? {});
  const properties = object(parameters.properties ?? {});
  const params: Fields = {};
  for (const name of Object.keys(properties).sort()) {
    params[name] = table.add(facts(object(properties[name] ?? {})));
  }
  const permissions = object(info.permissions ?? {});
  return {
    params,
    ...(parameters.additionalProperties === 0 && !(isUnnamed && Object.keys(params).length === 0)
      ? {}
      : {open: 1}),
    ...(permissions.check === undefined ? {} : {check: permissions.check}),
    ...(permissions.user === undefined ? {} : {user: permissions.user}),
    ...(info.protected === undefined ? {} : {protected: 1}),
    ...(info.proxyto === undefined ? {} : {proxyto: info.proxyto}),
    ...(info.allowtoken === 0 ? {noToken: 1} : {}),
  };
}

function facts(schema: Fields): Fields {
  const kept: Fields = {};
  for (const key of Object.keys(schema).sort()) {
    const value = schema[key];
    if (keptFacts.has(key) && value !== undefined) {
      kept[key] = fact(key, value);
    }
  }
  return kept;
}

function fact(key: string, value: Json): Json {
  if (key === 'items') {
    return facts(object(value));
  }
  if (key !== 'format' || typeof value === 'string') {
    return value;
  }
  return Object.fromEntries(
    Object.entries(object(value))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, raw]) => [name, facts(object(raw))]),
  );
}

/** Formats that the schema only names, from the list of configuration keys. */
function namedFormats(version: '8.4' | '9.1'): Fields {
  const named: Fields = {};
  const keys = object(object(read('config-keys.json')).qemu);
  for (const raw of Object.values(keys)) {
    const key = object(raw);
    const isNamed = typeof key.format === 'string' && key.format !== 'property-string';
    if (typeof key.format === 'string' && isNamed && key.properties !== undefined) {
      named[key.format] = subKeys(object(key.properties), version);
    }
  }
  return named;
}

/** Those that the release knows: `since` is `9.x` where the older one refuses them. */
function subKeys(properties: Fields, version: '8.4' | '9.1'): Fields {
  const known = Object.entries(properties).filter(([, raw]) => {
    const {since = version} = object(raw);
    return Number.parseFloat(String(since)) <= Number(version);
  });
  const entries = known.map(([name, raw]): [string, Json] => {
    const {required, default_key, ...rest} = object(raw);
    const isDefault = default_key === true ? {default_key: 1} : {};
    return [name, facts({...rest, ...(required === true ? {} : {optional: 1}), ...isDefault})];
  });
  return Object.fromEntries(entries);
}

function read(name: string): Json {
  // Safe: JSON.parse of a file gives JSON.
  return JSON.parse(readFileSync(join(source, name), 'utf8')) as Json;
}

function object(value: Json | undefined): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new TypeError(`expected an object, got ${JSON.stringify(value)?.slice(0, 80)}`);
  }
  return value;
}

function array(value: Json): Json[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`expected an array, got ${JSON.stringify(value).slice(0, 80)}`);
  }
  return value;
}
