// Why this exists: nodes: list, status, time, network and the small read-only endpoints near them.
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import {sectionsOf} from '../section.ts';
import type {ClusterNode} from '../state.ts';
import {cephRoutes} from './ceph.ts';
import {diskRoutes} from './node-disks.ts';
import facts from './node-facts.json' with {type: 'json'};
import {hardwareRoutes} from './node-hardware.ts';
import {networkRoutes} from './node-network.ts';
import {serviceRoutes} from './node-services.ts';
import {settingRoutes} from './node-settings.ts';
import {shellRoutes} from './node-shells.ts';
import {replicationRoutes} from './replication.ts';
import {memberNodes, nodeFigures} from './resources.ts';
import {showGraph, showRrd} from './rrd.ts';
import {versionOf} from './versions.ts';

const base = '/nodes/{node}';

/** Everything below `/nodes` that has no file of its own. */
export const nodeRoutes: readonly Route[] = [
  route('GET', '/nodes', listNodes),
  route('GET', base, showIndex),
  route('GET', `${base}/version`, ({cluster}) => data(versionOf(cluster))),
  route('GET', `${base}/status`, showStatus),
  route('GET', `${base}/capabilities/qemu/cpu`, () => data(facts.cpus)),
  route('GET', `${base}/capabilities/qemu/machines`, () => data(facts.machines)),
  route('GET', `${base}/sdn/zones`, listZones),
  route('GET', `${base}/sdn/zones/{zone}/content`, ({cluster, path}) =>
    data(
      [...sectionsOf(cluster, 'sdn-running-vnets')]
        .filter(([, vnet]) => vnet.get('zone') === path.zone)
        .map(([vnet]) => ({vnet, status: 'available', statusmsg: null})),
    ),
  ),
  route('GET', `${base}/subscription`, showSubscription),
  route('GET', `${base}/rrd`, (context) => showGraph(`pve2-node/${context.path.node}`, context)),
  route('GET', `${base}/rrddata`, showRrd),
  ...networkRoutes,
  ...settingRoutes,
  ...serviceRoutes,
  ...cephRoutes,
  ...diskRoutes,
  ...shellRoutes,
  ...hardwareRoutes,
  ...replicationRoutes,
];

/** Children that the index of a node leaves out. */
const unlisted = new Set(['execute', 'vncwebsocket']);

function showIndex({cluster}: Context): Reply {
  const names = childNames(cluster.version, base).filter((name) => !unlisted.has(name));
  return data(names.map((name) => ({name})));
}

function nodeOf(context: Context): ClusterNode | undefined {
  return context.cluster.nodes.get(context.node);
}

function listNodes(context: Context): Reply {
  const {cluster} = context;
  return data(
    memberNodes(cluster).map((node) => {
      const audited = may(context, `/nodes/${node.name}`, ['Sys.Audit']);
      return {
        id: `node/${node.name}`,
        node: node.name,
        type: 'node',
        level: '',
        status: node.online ? 'online' : 'offline',
        ssl_fingerprint: node.fingerprint,
        ...(audited && node.online ? nodeFigures(cluster, node) : {}),
      };
    }),
  );
}

function showStatus(context: Context): Reply {
  const {cluster} = context;
  const node = nodeOf(context);
  const memory = node?.memoryBytes ?? 0;
  const disk = node?.diskBytes ?? 0;
  const used = Math.floor(memory / 20);
  const kernel = '6.8.12-18-pve';
  const {version, repoid} = versionOf(cluster);
  return data({
    'boot-info': {mode: 'legacy-bios'},
    cpu: 0,
    cpuinfo: {
      cpus: node?.cpus,
      cores: node?.cpus,
      sockets: 1,
      flags: 'fpu vme de pse tsc msr pae mce cx8 apic',
      hvm: '1',
      mhz: '2596.122',
      model: 'AMD EPYC',
      user_hz: 100,
    },
    'current-kernel': {
      machine: 'x86_64',
      release: kernel,
      sysname: 'Linux',
      version: '#1 SMP PREEMPT_DYNAMIC',
    },
    idle: 0,
    ksm: {shared: 0},
    kversion: `Linux ${kernel} #1 SMP PREEMPT_DYNAMIC`,
    loadavg: ['0.08', '0.22', '0.54'],
    memory: {total: memory, used, free: memory - used},
    pveversion: `pve-manager/${version}/${repoid}`,
    rootfs: {total: disk, used: disk / 8, free: disk - disk / 8, avail: disk - disk / 8},
    swap: {total: 0, used: 0, free: 0},
    uptime: Math.floor((cluster.nowMs - (node?.bootedAtMs ?? 0)) / 1000),
    wait: 0,
  });
}

/** The zones that were applied: all of them, whoever asks (SDN/Zones/Status.pm). */
function listZones({cluster}: Context): Reply {
  const zones = [...sectionsOf(cluster, 'sdn-running-zones').keys()].sort();
  return data(zones.map((zone) => ({zone, status: 'available'})));
}

function showSubscription(context: Context): Reply {
  const audited = may(context, `/nodes/${context.node}`, ['Sys.Audit']);
  return data({
    status: 'notfound',
    message: 'There is no subscription key',
    ...(audited ? {serverid: '6DB69F388CAC40A61E62DF0F2C156B4F'} : {}),
    url: 'https://www.proxmox.com/en/proxmox-virtual-environment/pricing',
  });
}
