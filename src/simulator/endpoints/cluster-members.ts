// Why this exists: what is told of the members of the cluster to those who would join it; a
// single node is in no cluster (PVE/API2/ClusterConfig.pm).
import {ApiFailure, fail} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import {sectionDigest} from '../section.ts';
import type {Cluster} from '../state.ts';
import {memberNodes} from './resources.ts';

/** `/cluster/config`, and the parts of the cluster that are not installed. */
export const memberRoutes: readonly Route[] = [
  route('GET', '/cluster/config', () =>
    data(['nodes', 'totem', 'join', 'qdevice', 'apiversion'].map((name) => ({name}))),
  ),
  route('GET', '/cluster/config/apiversion', () => data(1)),
  route('GET', '/cluster/config/qdevice', () => data({})),
  route('GET', '/cluster/config/nodes', ({cluster}) => data(members(cluster))),
  route('GET', '/cluster/config/totem', ({cluster}) => data(isAlone(cluster) ? null : totem)),
  route('GET', '/cluster/config/join', showJoin),
  route('GET', '/cluster/acme', () =>
    data(
      'account tos meta directories plugins challenge-schema'.split(' ').map((name) => ({name})),
    ),
  ),
  route('GET', '/cluster/acme/account', () => data([])),
  route('GET', '/cluster/acme/account/{name}', ({path}) =>
    fail(500, `ACME account config file '${path.name}' does not exist.`),
  ),
  route('GET', '/cluster/acme/plugins', ({cluster}) =>
    data([
      {plugin: 'standalone', type: 'standalone', digest: sectionDigest(cluster, 'acme-plugins')},
    ]),
  ),
];

const totem = {
  cluster_name: 'cluster',
  config_version: '2',
  interface: {'0': {linknumber: '0'}},
  ip_version: 'ipv4-6',
  link_mode: 'passive',
  secauth: 'on',
  version: '2',
};

function isAlone(cluster: Cluster): boolean {
  return memberNodes(cluster).length < 2;
}

function members(cluster: Cluster): readonly Record<string, unknown>[] {
  if (isAlone(cluster)) {
    return [];
  }
  return memberNodes(cluster).map(({name, ip}, index) => ({
    name,
    node: name,
    nodeid: String(index + 1),
    quorum_votes: '1',
    ring0_addr: ip,
  }));
}

function showJoin({cluster, node, params}: Context): Reply {
  const {node: asked = node} = params;
  if (isAlone(cluster)) {
    const text = 'node is not in a cluster, no join info available!';
    throw new ApiFailure(424, text, undefined, text);
  }
  const nodelist = memberNodes(cluster).map((one, index) => ({
    ...members(cluster)[index],
    pve_fp: one.fingerprint,
    pve_addr: one.ip,
  }));
  if (!nodelist.some((one) => one.pve_addr === cluster.nodes.get(asked)?.ip)) {
    fail(500, `unknown node '${asked}'`);
  }
  const digest = sectionDigest(cluster, 'corosync');
  return data({nodelist, preferred_node: asked, totem, config_digest: digest});
}
