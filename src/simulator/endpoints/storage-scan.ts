// Why this exists: looking for what a storage could be made of. Nothing outside is reachable from
// the simulated nodes, and they have what their storages are made of (PVE/API2/Storage/Scan.pm).
import {fail} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import type {StorageDefinition} from '../state.ts';
import {volumesOn} from '../volume.ts';
import {usage} from './storage-usage.ts';

const base = '/nodes/{node}/scan';

/** `/nodes/{node}/scan` and below. */
export const scanRoutes: readonly Route[] = [
  route('GET', base, () =>
    data(['cifs', 'glusterfs', 'iscsi', 'lvm', 'nfs', 'pbs', 'zfs'].map((method) => ({method}))),
  ),
  route('GET', `${base}/lvm`, listGroups),
  route('GET', `${base}/lvmthin`, listPools),
  route('GET', `${base}/zfs`, listDataSets),
  route('GET', `${base}/nfs`, refuseExports),
  route('GET', `${base}/glusterfs`, refuseExports),
  route('GET', `${base}/cifs`, refuseShares),
  route('GET', `${base}/iscsi`, refuseTargets),
  route('GET', `${base}/pbs`, refuseDatastores),
];

function ofType({cluster, node}: Context, types: readonly string[]): readonly StorageDefinition[] {
  return [...cluster.storages.values()].filter(
    (one) => types.includes(one.type) && (one.nodes?.has(node) ?? true) && one.outOfReach !== true,
  );
}

function distinct(storages: readonly StorageDefinition[], key: string): readonly string[] {
  return [...new Set(storages.map((one) => one.options.get(key) ?? one.id))];
}

function listGroups(context: Context): Reply {
  const {cluster, node} = context;
  const there = ofType(context, ['lvm', 'lvmthin']);
  return data(
    distinct(there, 'vgname').map((vg) => {
      const own = there.filter((one) => (one.options.get('vgname') ?? one.id) === vg);
      const size = own[0]?.totalBytes ?? 0;
      const lvcount = own.reduce((sum, one) => sum + volumesOn(cluster, node, one.id).length, 0);
      return {vg, size, free: 0, lvcount};
    }),
  );
}

function listPools(context: Context): Reply {
  const {vg} = context.params;
  const there = ofType(context, ['lvmthin']).filter((one) => one.options.get('vgname') === vg);
  return data(distinct(there, 'thinpool').map((lv) => ({vg, lv})));
}

function listDataSets(context: Context): Reply {
  const {cluster, node} = context;
  return data(
    ofType(context, ['zfspool']).map((one) => {
      const {total, avail} = usage(cluster, node, one);
      return {pool: one.options.get('pool') ?? one.id, size: total, free: avail};
    }),
  );
}

/** A name that is none of the cluster's is not resolved, an address does not answer. */
function addressOf({cluster, params}: Context): string {
  const {server = ''} = params;
  const isAddress = /^[\d.]+$|:/.test(server);
  const known = cluster.nodes.get(server)?.ip;
  return isAddress
    ? server
    : (known ?? fail(500, `unable to resolve address for server '${server}'`));
}

function refuseExports(context: Context): Reply {
  const command = `/sbin/showmount --no-headers --exports ${addressOf(context)}`;
  return fail(500, `command '${command}' failed: exit code 1`);
}

function refuseShares(context: Context): Reply {
  const address = addressOf(context);
  const cause = 'Error NT_STATUS_CONNECTION_REFUSED';
  return fail(500, `do_connect: Connection to ${address} failed (${cause})`);
}

function refuseTargets({params}: Context): Reply {
  const {portal = ''} = params;
  const isAddress = /^[\d.]+(:\d+)?$/.test(portal);
  // A target that does not answer a test is left out of the discovery.
  return isAddress ? data([]) : fail(500, `unable to parse/resolve portal address '${portal}'`);
}

function refuseDatastores({params}: Context): Reply {
  const {server, port = '8007'} = params;
  const cause = `500 Can't connect to ${server}:${port} (Connection refused)`;
  return fail(500, `error fetching datastores - ${cause}`);
}
