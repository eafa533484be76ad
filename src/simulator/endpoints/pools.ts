// Why this exists: pools of guests and storages, by the current and by the deprecated form
// (facts.md section 15).
import {fail, prefixed} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import type {Cluster, Pool} from '../state.ts';
import {recordEffect} from '../state.ts';
import {guestEntry, memberNodes, storageEntry} from './resources.ts';

/** `/pools` and below. */
export const poolRoutes: readonly Route[] = [
  route('GET', '/pools', listPools),
  route('POST', '/pools', createPool),
  route('PUT', '/pools', (context) => updatePool(context, context.params.poolid ?? '')),
  route('DELETE', '/pools', (context) => deletePool(context, context.params.poolid ?? '')),
  route('GET', '/pools/{poolid}', showPool),
  route('PUT', '/pools/{poolid}', (context) => updatePool(context, context.path.poolid ?? '')),
  route('DELETE', '/pools/{poolid}', (context) => deletePool(context, context.path.poolid ?? '')),
];

function requirePool(cluster: Cluster, id: string): Pool {
  return cluster.pools.get(id) ?? fail(500, `pool '${id}' does not exist`);
}

function listPools(context: Context): Reply {
  const {cluster, params} = context;
  if (params.poolid !== undefined) {
    require403(context, `/pool/${params.poolid}`, ['Pool.Audit']);
    const pool = requirePool(cluster, params.poolid);
    return data([{poolid: params.poolid, ...facts(pool), members: members(context, pool)}]);
  }
  const visible = [...cluster.pools].filter(([id]) => may(context, `/pool/${id}`, ['Pool.Audit']));
  return data(visible.map(([poolid, pool]) => ({poolid, ...facts(pool)})));
}

function facts(pool: Pool): Record<string, string> {
  return pool.comment === undefined ? {} : {comment: pool.comment};
}

function showPool(context: Context): Reply {
  const pool = requirePool(context.cluster, context.path.poolid ?? '');
  return data({...facts(pool), members: members(context, pool)});
}

function members(context: Context, pool: Pool): readonly unknown[] {
  const {cluster, params} = context;
  const {type} = params;
  const guests = [...pool.vms].flatMap((vmid) => {
    const guest = cluster.guests.get(vmid);
    const isWanted = type === undefined || type === guest?.kind;
    return guest === undefined || !isWanted ? [] : [guestEntry(cluster, guest)];
  });
  const storages = [...pool.storages].flatMap((id) => {
    const storage = cluster.storages.get(id);
    const isWanted = storage !== undefined && (type === undefined || type === 'storage');
    return isWanted ? memberNodes(cluster).map((node) => storageEntry(cluster, node, storage)) : [];
  });
  return [...guests, ...storages];
}

function createPool(context: Context): Reply {
  const {cluster, params} = context;
  const {poolid = ''} = params;
  prefixed('create pool failed', () => {
    if (cluster.pools.has(poolid)) {
      fail(500, `pool '${poolid}' already exists`);
    }
    const parent = poolid.split('/').slice(0, -1).join('/');
    if (parent !== '' && !cluster.pools.has(parent)) {
      fail(500, `parent pool '${parent}' does not exist`);
    }
  });
  cluster.pools.set(poolid, {comment: params.comment, vms: new Set(), storages: new Set()});
  recordEffect(cluster, 'pool', undefined, `${poolid} created`);
  return nothing;
}

function updatePool(context: Context, poolid: string): Reply {
  const {cluster, params} = context;
  require403(context, `/pool/${poolid}`, ['Pool.Allocate']);
  prefixed('update pools failed', () => {
    const pool = requirePool(cluster, poolid);
    pool.comment = params.comment ?? pool.comment;
    for (const vmid of list(context, 'vms').map(Number)) {
      moveGuest(context, pool, poolid, vmid);
    }
    for (const storage of list(context, 'storage')) {
      moveStorage(context, pool, storage);
    }
  });
  recordEffect(cluster, 'pool', undefined, `${poolid} ${JSON.stringify(params)}`);
  return nothing;
}

function moveGuest(context: Context, pool: Pool, poolid: string, vmid: number): void {
  require403(context, `/vms/${vmid}`, ['VM.Allocate', 'Permissions.Modify'], true);
  if (flag(context, 'delete')) {
    if (!pool.vms.delete(vmid)) {
      fail(500, `VM ${vmid} is not a pool member`);
    }
    return;
  }
  if (pool.vms.has(vmid)) {
    fail(500, `VM ${vmid} is already a pool member`);
  }
  const other = [...context.cluster.pools].find(([id, one]) => id !== poolid && one.vms.has(vmid));
  if (other !== undefined && !flag(context, 'allow-move')) {
    fail(500, `VM ${vmid} belongs already to pool '${other[0]}' and 'allow-move' is not set`);
  }
  other?.[1].vms.delete(vmid);
  pool.vms.add(vmid);
}

function moveStorage(context: Context, pool: Pool, storage: string): void {
  require403(context, `/storage/${storage}`, ['Datastore.Allocate', 'Permissions.Modify'], true);
  if (flag(context, 'delete')) {
    if (!pool.storages.delete(storage)) {
      fail(500, `Storage '${storage}' is not a pool member`);
    }
    return;
  }
  if (pool.storages.has(storage)) {
    fail(500, `Storage '${storage}' is already a pool member`);
  }
  pool.storages.add(storage);
}

function deletePool(context: Context, poolid: string): Reply {
  const {cluster} = context;
  require403(context, `/pool/${poolid}`, ['Pool.Allocate']);
  prefixed('delete pool failed', () => {
    const pool = requirePool(cluster, poolid);
    const guest = [...pool.vms].find((vmid) => cluster.guests.has(vmid));
    if (guest !== undefined) {
      fail(500, `pool '${poolid}' is not empty (contains VM ${guest})`);
    }
    const [storage] = pool.storages;
    if (storage !== undefined) {
      fail(500, `pool '${poolid}' is not empty (contains storage '${storage}')`);
    }
    const child = [...cluster.pools.keys()].find((id) => id.startsWith(`${poolid}/`));
    if (child !== undefined) {
      fail(500, `pool '${poolid}' is not empty (contains pool '${child}')`);
    }
  });
  cluster.pools.delete(poolid);
  recordEffect(cluster, 'pool', undefined, `${poolid} deleted`);
  return nothing;
}
