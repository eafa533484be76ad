// Why this exists: /storage: the definitions of /etc/pve/storage.cfg with their common digest
// (PVE/API2/Storage/Config.pm).
import {createHash} from 'node:crypto';
import {fail, prefixed} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {checkedProperties, deleteProperties} from '../section-plugins.ts';
import type {Cluster, StorageDefinition} from '../state.ts';
import {recordEffect} from '../state.ts';
import {contentProblem} from '../volume.ts';
import {activationProblem, keepLocal, keepSecrets} from './storage-hooks.ts';
import type {StorageType} from './storage-types.ts';
import {formatsByType, mountedTypes, storageTypes} from './storage-types.ts';

/** `/storage` and below. */
export const storageDefinitionRoutes: readonly Route[] = [
  route('GET', '/storage', listDefinitions),
  route('POST', '/storage', createDefinition),
  route('GET', '/storage/{storage}', showDefinition),
  route('PUT', '/storage/{storage}', updateDefinition),
  route('DELETE', '/storage/{storage}', deleteDefinition),
];

function typeOf(type: string): StorageType {
  return storageTypes[type] ?? fail(500, `unknown storage type '${type}'`);
}

function configDigest(cluster: Cluster): string {
  const lines = [...cluster.storages.values()].map((one) => JSON.stringify(facts(cluster, one)));
  return createHash('sha1').update(lines.join('\n')).digest('hex');
}

function facts(cluster: Cluster, storage: StorageDefinition): Record<string, unknown> {
  return {
    storage: storage.id,
    type: storage.type,
    content: [...storage.content].join(',') || 'none',
    ...(storage.shared ? {shared: 1} : {}),
    ...(storage.disabled ? {disable: 1} : {}),
    ...Object.fromEntries(
      [...storage.options].map(([key, text]) => [key, shape(cluster, key, text)]),
    ),
    ...(storage.nodes === undefined ? {} : {nodes: [...storage.nodes].join(',')}),
  };
}

function shape(cluster: Cluster, key: string, text: string): unknown {
  if (key === 'content-dirs') {
    return Object.fromEntries(splitList(text).map((part) => part.split('=', 2)));
  }
  const method = findMethod(cluster.version, 'POST', '/storage')?.method;
  const type = method === undefined ? undefined : paramFacts(method, key)?.type;
  return type === 'integer' || type === 'boolean' || type === 'number' ? Number(text) : text;
}

function listDefinitions(context: Context): Reply {
  const {cluster, params} = context;
  const digest = configDigest(cluster);
  const visible = [...cluster.storages.values()]
    .filter((one) =>
      may(context, `/storage/${one.id}`, ['Datastore.Audit', 'Datastore.AllocateSpace'], true),
    )
    .filter((one) => params.type === undefined || one.type === params.type);
  return data(visible.map((one) => ({...facts(cluster, one), digest})));
}

function requireDefinition({cluster, path}: Context): StorageDefinition {
  const id = path.storage ?? '';
  return cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
}

function showDefinition(context: Context): Reply {
  const {cluster} = context;
  return data({...facts(cluster, requireDefinition(context)), digest: configDigest(cluster)});
}

/** Secrets go elsewhere before the rest is checked. */
function withoutSecrets(
  type: StorageType,
  params: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter(([key]) => !type.secrets.includes(key)));
}

function createDefinition(context: Context): Reply {
  const {cluster, params} = context;
  const {storage: id = '', type: name = 'dir', nodes = '', ...rest} = params;
  const type = typeOf(name);
  const given = withoutSecrets(type, {...rest, ...(nodes === '' ? {} : {nodes})});
  const path = mountedTypes.has(name) ? {path: `/mnt/pve/${id}`} : {};
  const values = readable(name, checkedProperties(type.uses, {...path, ...given}, true));
  checkPath(name, values);
  const storage: StorageDefinition = {
    id,
    type: name,
    content: new Set(contentOf(type, values.get('content'))),
    shared: type.isShared,
    disabled: false,
    nodes: undefined,
    options: new Map(),
    totalBytes: [...cluster.storages.values()][0]?.totalBytes ?? 252 * 1024 ** 3,
    allocateMs: 0,
    copyMsPerGiB: 400,
  };
  const shown = prefixed('create storage failed', () => {
    if (cluster.storages.has(id)) {
      fail(500, `storage ID '${id}' already defined`);
    }
    apply(storage, values);
    const made = keepSecrets(context, storage);
    connect(context, storage);
    return made;
  });
  cluster.storages.set(id, storage);
  recordEffect(cluster, 'storage', undefined, `${id} created`);
  return data({storage: id, type: name, ...shown});
}

/** What is out of reach is refused, but not where it is disabled or meant for other nodes. */
function connect({cluster, node, params}: Context, storage: StorageDefinition): void {
  // An empty list of contents is only `none` when it is read again.
  const nothing = params.content === '' ? undefined : contentProblem(storage);
  const problem = activationProblem(cluster, storage) ?? nothing;
  if (problem === undefined) {
    return;
  }
  if (!storage.disabled && (storage.nodes?.has(node) ?? true)) {
    fail(500, problem);
  }
  storage.outOfReach = true;
}

/** What a plugin leaves out without a word: formats and directories that it does not have. */
function readable(name: string, values: Section): Section {
  const format = values.get('format');
  if (format !== undefined && formatsByType[name]?.includes(format) !== true) {
    values.delete('format');
  }
  const folders = values.get('content-dirs');
  if (folders !== undefined) {
    const {contents} = typeOf(name);
    const kept = splitList(folders).filter((one) => contents.includes(one.split('=')[0] ?? ''));
    values.set('content-dirs', kept.join(','));
  }
  return values;
}

function checkPath(name: string, values: Section): void {
  const path = values.get('path');
  if ((name !== 'dir' && name !== 'btrfs') || path === undefined) {
    return;
  }
  if (!/^\/[-/a-zA-Z0-9_.@]+$/.test(path)) {
    fail(500, `illegal path for directory storage: ${path}`);
  }
  values.set('path', path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1'));
}

/** The contents that the type can hold; others are left out without a word. */
function contentOf(type: StorageType, text: string | undefined): readonly string[] {
  if (text === undefined) {
    return type.byDefault;
  }
  const known = splitList(text).filter((content) => type.contents.includes(content));
  if (known.includes('none') && known.length > 1) {
    fail(500, "unable to combine 'none' with other content types");
  }
  if (known.length === 0 && !type.contents.includes('none')) {
    fail(500, "storage does not support content type 'none'");
  }
  return known.length === 0 ? ['none'] : known;
}

function apply(storage: StorageDefinition, values: Section): void {
  for (const [key, value] of values) {
    if (key === 'content') {
      storage.content = new Set(contentOf(typeOf(storage.type), value));
    } else if (key === 'nodes') {
      storage.nodes = value === '' ? undefined : new Set(splitList(value));
    } else if (key === 'maxfiles') {
      keepLast(storage, value);
    } else if (value !== '' && key !== 'disable') {
      storage.options.set(key, value);
    }
  }
  const {disable, shared} = Object.fromEntries(values);
  storage.disabled = disable === undefined ? storage.disabled : disable === '1';
  storage.shared = shared === undefined ? storage.shared : shared === '1';
}

/** The old limit reads as the new one, unless there is one already. */
function keepLast(storage: StorageDefinition, text: string): void {
  if (!storage.options.has('prune-backups')) {
    const keep = Number(text) === 0 ? 'keep-all=1' : `keep-last=${Number(text)}`;
    storage.options.set('prune-backups', keep);
  }
}

function updateDefinition(context: Context): Reply {
  const {cluster, params} = context;
  const {digest, delete: _, ...rest} = params;
  const shown = prefixed('update storage failed', () => {
    if (digest !== undefined && digest !== '' && digest !== configDigest(cluster)) {
      fail(500, 'detected modified configuration - file changed by other user? Try again.');
    }
    const found = requireDefinition(context);
    const type = typeOf(found.type);
    const given = checkedProperties(type.uses, withoutSecrets(type, rest), false);
    const values = readable(found.type, given);
    contentOf(type, values.get('content'));
    const removed = list(context, 'delete');
    deleteProperties(type.uses, new Map(), removed, rest);
    for (const key of removed) {
      unset(found, type, key);
    }
    const made = keepSecrets(context, found);
    apply(found, values);
    if (found.id === 'local') keepLocal(cluster);
    return {storage: found.id, type: found.type, ...made};
  });
  recordEffect(cluster, 'storage', undefined, `${shown.storage} updated`);
  return data(shown);
}

function unset(storage: StorageDefinition, type: StorageType, key: string): void {
  storage.options.delete(key);
  if (key === 'disable') {
    storage.disabled = false;
  } else if (key === 'nodes') {
    storage.nodes = undefined;
  } else if (key === 'shared') {
    storage.shared = false;
  } else if (key === 'content') {
    storage.content = new Set(type.byDefault);
  }
}

/** With the definition go its entries of the access control list and its places in pools. */
function deleteDefinition(context: Context): Reply {
  const {cluster, path} = context;
  const {storage: id = ''} = path;
  prefixed('delete storage failed', () => {
    requireDefinition(context);
    const isBase = [...cluster.storages.values()].some((one) =>
      one.options.get('base')?.startsWith(`${id}:`),
    );
    if (isBase) {
      fail(500, "can't remove storage - storage is used as base of another storage");
    }
  });
  cluster.storages.delete(id);
  if (id === 'local') keepLocal(cluster);
  cluster.access.acl = cluster.access.acl.filter((entry) => entry.path !== `/storage/${id}`);
  for (const pool of cluster.pools.values()) {
    pool.storages.delete(id);
  }
  recordEffect(cluster, 'storage', undefined, `${id} deleted`);
  return nothing;
}
