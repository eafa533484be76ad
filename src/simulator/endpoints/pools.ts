// Why this exists: pools of guests and storages, by the current and by the deprecated form
// (facts.md section 15, PVE/API2/Pool.pm).
import {requireModify} from '../check.ts';
import {fail, prefixed} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import type {Cluster, Pool} from '../state.ts';
import {recordEffect} from '../state.ts';
import {keptText} from './access-users.ts';
import {guestFigures, storageEntry} from './resources.ts';

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

/** With `poolid` the pool itself, which anybody may read: Proxmox ignores its own check there. */
function listPools(context: Context): Reply {
  const {cluster, params} = context;
  const {poolid = ''} = params;
  if (poolid !== '' && poolid !== '0') {
    const pool = requirePool(cluster, poolid);
    return data([{poolid, ...facts(pool), members: members(context, pool)}]);
  }
  const visible = [...cluster.pools].filter(([id]) => may(context, `/pool/${id}`, ['Pool.Audit']));
  return data(visible.sort(byId).map(([id, pool]) => ({poolid: id, ...facts(pool)})));
}

function byId([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** As Perl sorts: as texts, 1000 before 200. */
function byText(left: number, right: number): number {
  return `${left}` < `${right}` ? -1 : 1;
}

function facts(pool: Pool): Record<string, string> {
  return pool.comment === undefined ? {} : {comment: pool.comment};
}

function showPool(context: Context): Reply {
  const {poolid = ''} = context.path;
  const pool = requirePool(context.cluster, poolid);
  return data({poolid, ...facts(pool), members: members(context, pool)});
}

function members(context: Context, pool: Pool): readonly unknown[] {
  const {cluster, params} = context;
  const {type} = params;
  const guests = [...pool.vms].sort(byText).flatMap((vmid) => {
    const guest = cluster.guests.get(vmid);
    const isWanted = type === undefined || type === guest?.kind;
    return guest === undefined || !isWanted ? [] : [guestFigures(cluster, guest)];
  });
  const storages = [...pool.storages].flatMap((id) => {
    const storage = cluster.storages.get(id);
    const isWanted = storage !== undefined && (type === undefined || type === 'storage');
    // The answering node's view, or that of the first node that has it.
    const own = storage?.nodes === undefined || storage.nodes.has(context.node);
    const name = own ? context.node : [...(storage?.nodes ?? [])].sort()[0];
    const node = cluster.nodes.get(name ?? '');
    return isWanted && node !== undefined ? [storageEntry(cluster, node, storage)] : [];
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
      fail(500, `parent '${parent}' of pool '${poolid}' does not exist`);
    }
  });
  const comment = kept(params.comment);
  cluster.pools.set(poolid, {comment, vms: new Set(), storages: new Set()});
  recordEffect(cluster, 'pool', undefined, `${poolid} created`);
  return nothing;
}

/** What user.cfg keeps of a comment: nothing of an empty one. */
function kept(comment: string | undefined): string | undefined {
  return keptText(comment);
}

/** All or nothing: the file is written once, at the end. */
function updatePool(context: Context, poolid: string): Reply {
  const {cluster, params} = context;
  const before = [...cluster.pools].map(([, pool]) => ({pool, vms: [...pool.vms]}));
  const storages = [...(cluster.pools.get(poolid)?.storages ?? [])];
  try {
    prefixed('update pools failed', () => {
      const pool = requirePool(cluster, poolid);
      for (const vmid of list(context, 'vms').map(Number)) {
        moveGuest(context, pool, poolid, vmid);
      }
      for (const storage of list(context, 'storage')) {
        moveStorage(context, pool, storage);
      }
      pool.comment = params.comment === undefined ? pool.comment : kept(params.comment);
    });
  } catch (error) {
    for (const {pool, vms} of before) {
      refill(pool.vms, vms);
    }
    refill(cluster.pools.get(poolid)?.storages ?? new Set(), storages);
    throw error;
  }
  recordEffect(cluster, 'pool', undefined, `${poolid} ${JSON.stringify(params)}`);
  return nothing;
}

function refill<T>(set: Set<T>, values: readonly T[]): void {
  set.clear();
  for (const value of values) {
    set.add(value);
  }
}

function moveGuest(context: Context, pool: Pool, poolid: string, vmid: number): void {
  requireModify(context, `/vms/${vmid}`);
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
  if (other !== undefined) {
    if (!flag(context, 'allow-move')) {
      fail(500, `VM ${vmid} belongs already to pool '${other[0]}' and 'allow-move' is not set`);
    }
    require403(context, `/pool/${other[0]}`, ['Pool.Allocate']);
    other[1].vms.delete(vmid);
  }
  pool.vms.add(vmid);
}

function moveStorage(context: Context, pool: Pool, storage: string): void {
  requireModify(context, `/storage/${storage}`);
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
  prefixed('delete pool failed', () => {
    const pool = requirePool(cluster, poolid);
    const child = [...cluster.pools.keys()]
      .sort()
      .find((id) => id.startsWith(`${poolid}/`) && !id.slice(poolid.length + 1).includes('/'));
    if (child !== undefined) {
      fail(500, `pool '${poolid}' is not empty (contains pool '${child}')`);
    }
    const guest = [...pool.vms].sort(byText).find((vmid) => cluster.guests.has(vmid));
    if (guest !== undefined) {
      fail(500, `pool '${poolid}' is not empty (contains VM ${guest})`);
    }
    const storage = [...pool.storages].sort().find((id) => cluster.storages.has(id));
    if (storage !== undefined) {
      fail(500, `pool '${poolid}' is not empty (contains storage '${storage}')`);
    }
  });
  cluster.pools.delete(poolid);
  // Only the entries of a pool at the top go with it.
  const base = `/pool/${poolid}`;
  if (!poolid.includes('/')) {
    cluster.access.acl = cluster.access.acl.filter(
      ({path}) => path !== base && !path.startsWith(`${base}/`),
    );
  }
  recordEffect(cluster, 'pool', undefined, `${poolid} deleted`);
  return nothing;
}
