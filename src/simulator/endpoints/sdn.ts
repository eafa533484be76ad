// Why this exists: the software-defined network as configuration: zones, controllers, ipams, dns,
// and applying it all (PVE/API2/Network/SDN.pm and SDN/Zones.pm).
import {fail, paramError, prefixed} from '../failure.ts';
import {may} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {requireDigest} from '../section.ts';
import type {Uses} from '../section-plugins.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster} from '../state.ts';
import {recordEffect} from '../state.ts';
import {fork} from '../task.ts';
import type {SdnFile} from './sdn-file.ts';
import {
  applyAll,
  edited,
  hasPending,
  requireLock,
  requireObject,
  requireShown,
  rollBack,
  setLock,
  shownObjects,
} from './sdn-file.ts';
import {subnetFile, vnetFile, vnetRoutes} from './sdn-vnets.ts';

const zoneFile: SdnFile = {name: 'zones', key: 'zone', post: '/cluster/sdn/zones'};
const controllerFile: SdnFile = {
  name: 'controllers',
  key: 'controller',
  post: '/cluster/sdn/controllers',
};
const ipamFile: SdnFile = {name: 'ipams', key: 'ipam', post: '/cluster/sdn/ipams'};
const dnsFile: SdnFile = {name: 'dns', key: 'dns', post: '/cluster/sdn/dns'};
const committed = [zoneFile, vnetFile, subnetFile, controllerFile];
const files = [...committed, ipamFile, dnsFile];

const zoneCommon = 'nodes mtu dns reversedns dnszone ipam';
const usesByType: Readonly<Record<string, Readonly<Record<string, Uses>>>> = {
  zones: {
    simple: usesOf(`${zoneCommon} dhcp`),
    vlan: usesOf(`${zoneCommon} bridge! bridge-disable-mac-learning`),
    qinq: usesOf(`${zoneCommon} tag! bridge! bridge-disable-mac-learning vlan-protocol`),
    vxlan: usesOf(`${zoneCommon} peers! vxlan-port fabric`),
    evpn: usesOf(
      `${zoneCommon} vrf-vxlan! controller! exitnodes exitnodes-local-routing exitnodes-primary ` +
        'advertise-subnets disable-arp-nd-suppression bridge-disable-mac-learning rt-import ' +
        'vxlan-port mac',
    ),
    faucet: usesOf(`${zoneCommon} dp-id`),
  },
  controllers: {
    evpn: usesOf('asn! peers fabric'),
    bgp: usesOf('node! asn! peers bgp-multipath-as-path-relax ebgp ebgp-multihop loopback'),
    isis: usesOf('node! isis-domain! isis-ifaces! isis-net! loopback'),
  },
  ipams: {
    pve: usesOf(''),
    netbox: usesOf('url! token! fingerprint'),
    phpipam: usesOf('url! token! section! fingerprint'),
  },
  dns: {powerdns: usesOf('url! key! ttl reversemaskv6 reversev6mask fingerprint')},
};

/** Everything below `/cluster/sdn`. */
export const sdnRoutes: readonly Route[] = [
  route('GET', '/cluster/sdn', ({cluster}) =>
    data(
      childNames(cluster.version, '/cluster/sdn')
        .filter(isFile)
        .map((id) => ({id})),
    ),
  ),
  route('PUT', '/cluster/sdn', applyNetwork),
  ...[zoneFile, controllerFile, ipamFile, dnsFile].flatMap(fileRoutes),
  route('GET', '/cluster/sdn/ipams/{ipam}/status', () => data([])),
  ...vnetRoutes,
  route('POST', '/cluster/sdn/lock', takeLock),
  route('DELETE', '/cluster/sdn/lock', releaseLock),
  route('POST', '/cluster/sdn/rollback', rollBackAll),
  route('GET', '/cluster/sdn/dry-run', () => data({'frr-diff': '', 'interfaces-diff': ''})),
  route('GET', '/cluster/sdn/fabrics', () => data(['fabric', 'node', 'all'].map((id) => ({id})))),
  route('GET', '/cluster/sdn/fabrics/all', () => data({fabrics: [], nodes: []})),
  route('GET', '/cluster/sdn/fabrics/fabric', () => data([])),
  route('GET', '/cluster/sdn/fabrics/node', () => data([])),
];

function isFile(name: string): boolean {
  return ['vnets', 'zones', 'controllers', 'ipams', 'dns', 'fabrics'].includes(name);
}

/** Since 9.0 one may hold the whole configuration by a token that each write then needs. */
function takeLock(context: Context): Reply {
  const {cluster} = context;
  return prefixed('could not acquire lock for SDN config', () => {
    requireLock(context);
    if (!flag(context, 'allow-pending') && hasPending(context, committed)) {
      fail(500, 'configuration has pending changes');
    }
    return data(setLock(cluster, randomUuid(cluster.random)));
  });
}

function releaseLock(context: Context): Reply {
  if (!flag(context, 'force')) {
    prefixed('could not release lock', () => requireLock(context));
  }
  setLock(context.cluster, undefined);
  return nothing;
}

function rollBackAll(context: Context): Reply {
  prefixed('could not rollback SDN configuration', () => requireLock(context));
  rollBack(context.cluster, files);
  letGo(context);
  recordEffect(context.cluster, 'sdn', undefined, 'rolled back');
  return nothing;
}

/** Give the lock back with the write, unless told not to. */
function letGo(context: Context): void {
  const {params, cluster} = context;
  if (params['lock-token'] !== undefined && params['release-lock'] !== '0') {
    setLock(cluster, undefined);
  }
}

function fileRoutes(file: SdnFile): readonly Route[] {
  const base = `/cluster/sdn/${file.name}`;
  const one = `${base}/{${file.key}}`;
  return [
    route('GET', base, (context) => listObjects(context, file)),
    route('POST', base, (context) => createObject(context, file)),
    route('GET', one, (context) => data(showObject(context, file))),
    route('PUT', one, (context) => updateObject(context, file)),
    route('DELETE', one, (context) => deleteObject(context, file)),
  ];
}

/** One ipam is always there. */
function withBuiltIn(cluster: Cluster, file: SdnFile): void {
  if (file.name === 'ipams' && !edited(cluster, file).has('pve')) {
    edited(cluster, file).set('pve', new Map([['type', 'pve']]));
  }
}

function listObjects(context: Context, file: SdnFile): Reply {
  const {params, cluster} = context;
  withBuiltIn(cluster, file);
  const visible = shownObjects(context, file)
    .filter((one) =>
      may(context, `/sdn/${file.name}/${one[file.key]}`, ['SDN.Audit', 'SDN.Allocate'], true),
    )
    .filter((one) => params.type === undefined || one.type === params.type);
  return data(visible);
}

function showObject(context: Context, file: SdnFile): Record<string, unknown> {
  withBuiltIn(context.cluster, file);
  return requireShown(context, file, context.path[file.key] ?? '');
}

function wordOf(file: SdnFile): string {
  return file.name === 'dns' ? 'dns' : file.key;
}

function createObject(context: Context, file: SdnFile): Reply {
  const {cluster, params} = context;
  withBuiltIn(cluster, file);
  const {[file.key]: id = '', type = '', 'lock-token': _, ...rest} = params;
  const uses = usesByType[file.name]?.[type] ?? {};
  const values = checkedProperties(uses, rest, true);
  prefixed(`create sdn ${wordOf(file)} object failed`, () => {
    requireLock(context);
    if (edited(cluster, file).has(id)) {
      fail(500, `sdn ${wordOf(file)} object ID '${id}' already defined`);
    }
    if (file.name === 'zones') {
      checkZone(cluster, type, values, values);
    }
  });
  const section: Section = new Map([['type', type]]);
  setProperties(section, values);
  edited(cluster, file).set(id, section);
  recordEffect(cluster, 'sdn', undefined, `${file.name} ${id} created`);
  return nothing;
}

/** What a zone refers to must be there. */
function checkZone(cluster: Cluster, type: string, given: Section, whole: Section): void {
  withBuiltIn(cluster, ipamFile);
  for (const key of ['dns', 'reversedns'] as const) {
    const server = given.get(key);
    if (server !== undefined && !edited(cluster, dnsFile).has(server)) {
      paramError({[key]: `${server} don't exist`});
    }
  }
  if (given.has('dnszone') && !given.has('dns')) {
    paramError({dnszone: 'missing dns server'});
  }
  const ipam = given.get('ipam');
  if (ipam !== undefined && !edited(cluster, ipamFile).has(ipam)) {
    paramError({ipam: `${ipam} not existing`});
  }
  const controller = whole.get('controller') ?? '';
  const found = edited(cluster, controllerFile).get(controller);
  if (type === 'evpn' && found?.get('type') !== 'evpn') {
    const what = found === undefined ? "don't exist" : 'is not a evpn controller type';
    fail(500, found === undefined ? `controller ${controller} ${what}` : `${controller} ${what}`);
  }
}

function updateObject(context: Context, file: SdnFile): Reply {
  const {cluster, params, path} = context;
  withBuiltIn(cluster, file);
  const id = path[file.key] ?? '';
  const {digest, delete: _, 'lock-token': __, ...rest} = params;
  prefixed(`update sdn ${wordOf(file)} object failed`, () => {
    requireLock(context);
    requireDigest(cluster, `sdn-${file.name}`, digest);
    const section = requireObject(cluster, file, id);
    const type = section.get('type') ?? '';
    const uses = usesByType[file.name]?.[type] ?? {};
    const values = checkedProperties(uses, rest, false);
    const changed: Section = new Map(section);
    deleteProperties(uses, changed, list(context, 'delete'), rest);
    setProperties(changed, values);
    if (file.name === 'zones') {
      refuseIpamChange(cluster, id, {before: section, after: changed});
      checkZone(cluster, type, values, changed);
    }
    edited(cluster, file).set(id, changed);
  });
  recordEffect(cluster, 'sdn', undefined, `${file.name} ${id} updated`);
  return nothing;
}

function refuseIpamChange(
  cluster: Cluster,
  zone: string,
  {before, after}: {readonly before: Section; readonly after: Section},
): void {
  const hasSubnet = [...edited(cluster, subnetFile).keys()].some((id) => id.startsWith(`${zone}-`));
  if (hasSubnet && before.get('ipam') !== after.get('ipam')) {
    paramError({ipam: "can't change ipam if a subnet is already defined in this zone"});
  }
}

function deleteObject(context: Context, file: SdnFile): Reply {
  const {cluster, path} = context;
  const id = path[file.key] ?? '';
  // What is deleted with an IPAM is called a zone, by mistake.
  const word = file.name === 'ipams' ? 'zone' : wordOf(file);
  prefixed(`delete sdn ${word} object failed`, () => {
    requireLock(context);
    refuseUsed(cluster, file, id, requireObject(cluster, file, id).get('type'));
  });
  edited(cluster, file).delete(id);
  recordEffect(cluster, 'sdn', undefined, `${file.name} ${id} deleted`);
  return nothing;
}

/** Only zones and controllers are asked who uses them; Perl adds the place of the complaint. */
function refuseUsed(cluster: Cluster, file: SdnFile, id: string, type: string | undefined): void {
  const isZone = file.name === 'zones';
  if (!isZone && file.name !== 'controllers') {
    return;
  }
  const users = isZone ? edited(cluster, vnetFile) : edited(cluster, zoneFile);
  const user = [...users].find(([, section]) => section.get(file.key) === id)?.[0];
  const places: Readonly<Record<string, string>> = {
    evpn: 'Controllers/EvpnPlugin.pm line 311',
    bgp: 'Controllers/BgpPlugin.pm line 146',
  };
  const place = isZone ? 'Zones/Plugin.pm line 138' : places[type ?? ''];
  if (user !== undefined && place !== undefined) {
    const what = `${file.key} ${id} is used by ${isZone ? 'vnet ' : ''}${user}`;
    fail(500, `${what} at /usr/share/perl5/PVE/Network/SDN/${place}.`);
  }
}

/** One worker reloads every node. */
function applyNetwork(context: Context): Reply {
  const {cluster, node, auth} = context;
  prefixed('could not commit SDN config', () => requireLock(context));
  letGo(context);
  const run = (worker: {readonly log: (line: string) => void}): void => {
    applyAll(cluster, files);
    for (const name of cluster.nodes.keys()) {
      worker.log(`${name}: reloading network config`);
    }
    recordEffect(cluster, 'sdn', undefined, 'applied');
  };
  const stages = [{kind: 'do', run} as const];
  return data(fork(cluster, {node, type: 'reloadnetworkall', id: '', auth, stages}));
}
