// Why this exists: /storage: the definitions of /etc/pve/storage.cfg with their common digest.
import {createHash} from 'node:crypto';
import {fail, prefixed} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route, splitList} from '../route.ts';
import type {Cluster, StorageDefinition} from '../state.ts';
import {recordEffect} from '../state.ts';

/** `/storage` and below. */
export const storageDefinitionRoutes: readonly Route[] = [
  route('GET', '/storage', listDefinitions),
  route('POST', '/storage', createDefinition),
  route('GET', '/storage/{storage}', showDefinition),
  route('PUT', '/storage/{storage}', updateDefinition),
  route('DELETE', '/storage/{storage}', deleteDefinition),
];

const required: Readonly<Record<string, readonly string[]>> = {
  dir: ['path'],
  nfs: ['server', 'export'],
  cifs: ['server', 'share'],
  lvm: ['vgname'],
  lvmthin: ['vgname', 'thinpool'],
  zfspool: ['pool'],
  pbs: ['server', 'datastore'],
  iscsi: ['portal', 'target'],
};
const sharedTypes = new Set(['nfs', 'cifs', 'cephfs', 'rbd', 'pbs', 'iscsi', 'glusterfs']);
const secret = new Set(['password', 'keyring', 'encryption-key', 'master-pubkey']);
const numeric = new Set(['disable', 'shared', 'max-protected-backups', 'maxfiles', 'mkdir']);
const handled = new Set(['storage', 'type', 'content', 'nodes', 'disable', 'digest', 'delete']);

function configDigest(cluster: Cluster): string {
  const lines = [...cluster.storages.values()].map((one) => JSON.stringify(facts(one)));
  return createHash('sha1').update(lines.join('\n')).digest('hex');
}

function facts(storage: StorageDefinition): Record<string, unknown> {
  const options = [...storage.options].filter(([key]) => !secret.has(key));
  return {
    storage: storage.id,
    type: storage.type,
    content: [...storage.content].join(','),
    ...(storage.shared ? {shared: 1} : {}),
    ...Object.fromEntries(options.map(([key, text]) => [key, shape(key, text)])),
    ...(storage.nodes === undefined ? {} : {nodes: [...storage.nodes].join(',')}),
    ...(storage.disabled ? {disable: 1} : {}),
  };
}

function shape(key: string, text: string): unknown {
  return numeric.has(key) ? Number(text) : text;
}

function listDefinitions(context: Context): Reply {
  const {cluster, params} = context;
  const digest = configDigest(cluster);
  const visible = [...cluster.storages.values()]
    .filter((one) =>
      may(context, `/storage/${one.id}`, ['Datastore.Audit', 'Datastore.AllocateSpace'], true),
    )
    .filter((one) => params.type === undefined || one.type === params.type);
  return data(visible.map((one) => ({...facts(one), digest})));
}

function requireDefinition({cluster, path}: Context): StorageDefinition {
  const id = path.storage ?? '';
  return cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
}

function showDefinition(context: Context): Reply {
  return data({...facts(requireDefinition(context)), digest: configDigest(context.cluster)});
}

function createDefinition(context: Context): Reply {
  const {cluster, params} = context;
  const {storage: id = '', type = 'dir'} = params;
  for (const option of required[type] ?? []) {
    if (params[option] === undefined) {
      fail(500, `missing value for required option '${option}'`);
    }
  }
  prefixed('create storage failed', () => {
    if (cluster.storages.has(id)) {
      fail(500, `storage ID '${id}' already defined`);
    }
  });
  const storage: StorageDefinition = {
    id,
    type,
    content: new Set(['images', 'rootdir']),
    shared: sharedTypes.has(type),
    disabled: false,
    nodes: undefined,
    options: new Map(),
    totalBytes: [...cluster.storages.values()][0]?.totalBytes ?? 252 * 1024 ** 3,
    allocateMs: 0,
    copyMsPerGiB: 400,
  };
  apply(storage, params);
  cluster.storages.set(id, storage);
  recordEffect(cluster, 'storage', undefined, `${id} created`);
  return data({storage: id, type});
}

function apply(storage: StorageDefinition, params: Readonly<Record<string, string>>): void {
  const {content, nodes, disable, shared} = params;
  storage.content = content === undefined ? storage.content : new Set(splitList(content));
  storage.nodes = nodes === undefined ? storage.nodes : new Set(splitList(nodes));
  storage.disabled = disable === undefined ? storage.disabled : disable === '1';
  storage.shared = shared === undefined ? storage.shared : shared === '1';
  for (const [key, value] of Object.entries(params)) {
    if (!handled.has(key)) {
      storage.options.set(key, value);
    }
  }
}

function updateDefinition(context: Context): Reply {
  const {cluster, params} = context;
  const storage = prefixed('update storage failed', () => {
    const found = requireDefinition(context);
    const {digest} = params;
    if (digest !== undefined && digest !== '' && digest !== configDigest(cluster)) {
      fail(500, 'detected modified configuration - file changed by other user? Try again.');
    }
    return found;
  });
  for (const key of list(context, 'delete')) {
    unset(storage, key);
  }
  apply(storage, params);
  recordEffect(cluster, 'storage', undefined, `${storage.id} updated`);
  return data({storage: storage.id, type: storage.type});
}

function unset(storage: StorageDefinition, key: string): void {
  storage.options.delete(key);
  if (key === 'disable') {
    storage.disabled = false;
  } else if (key === 'nodes') {
    storage.nodes = undefined;
  } else if (key === 'shared') {
    storage.shared = false;
  }
}

function deleteDefinition(context: Context): Reply {
  const {cluster, path} = context;
  prefixed('delete storage failed', () => requireDefinition(context));
  cluster.storages.delete(path.storage ?? '');
  recordEffect(cluster, 'storage', undefined, `${path.storage} deleted`);
  return nothing;
}
