// Why this exists: nodes: list, status, time, network and the small read-only endpoints near them.
import {createHash} from 'node:crypto';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import type {ClusterNode} from '../state.ts';
import {nodeSeconds} from '../state.ts';
import {versionOf} from './cluster.ts';
import facts from './node-facts.json' with {type: 'json'};
import {memberNodes, nodeFigures} from './resources.ts';

const base = '/nodes/{node}';

/** Everything below `/nodes` that has no file of its own. */
export const nodeRoutes: readonly Route[] = [
  route('GET', '/nodes', listNodes),
  route('GET', base, showIndex),
  route('GET', `${base}/version`, ({cluster}) => data(versionOf(cluster))),
  route('GET', `${base}/time`, showTime),
  route('GET', `${base}/status`, showStatus),
  route('GET', `${base}/network`, (context) => data(interfaces(context))),
  route('GET', `${base}/network/{iface}`, showInterface),
  route('GET', `${base}/dns`, () => data({dns1: '10.255.255.53'})),
  route('GET', `${base}/hosts`, showHosts),
  route('GET', `${base}/config`, () => data({})),
  route('GET', `${base}/capabilities/qemu/cpu`, () => data(facts.cpus)),
  route('GET', `${base}/capabilities/qemu/machines`, () => data(facts.machines)),
  route('GET', `${base}/services`, () => data(facts.services)),
  route('GET', `${base}/disks/list`, () => data(facts.disks)),
  route('GET', `${base}/sdn/zones`, () => data([])),
  route('GET', `${base}/subscription`, showSubscription),
  route('GET', `${base}/rrddata`, showRrd),
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

function showTime({cluster, node}: Context): Reply {
  const time = nodeSeconds(cluster, node);
  return data({time, localtime: time, timezone: 'Etc/UTC'});
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

function interfaces(context: Context): readonly Record<string, unknown>[] {
  const node = nodeOf(context);
  const {ip = '192.0.2.2'} = node ?? {};
  const port = {
    iface: 'eth0',
    type: 'eth',
    active: 1,
    exists: 1,
    families: ['inet'],
    method: 'manual',
    method6: 'manual',
    priority: 3,
  };
  const bridges = [...(node?.bridges ?? [])].map((iface, index) => ({
    iface,
    type: 'bridge',
    active: 1,
    autostart: 1,
    bridge_fd: '0',
    bridge_stp: 'off',
    families: ['inet'],
    method6: 'manual',
    priority: 4 + index,
    ...(index === 0 ? uplink(ip) : inner),
  }));
  return [port, ...bridges];
}

const inner = {
  bridge_ports: '',
  bridge_vids: '2-4094',
  bridge_vlan_aware: 1,
  method: 'manual',
};

function uplink(ip: string): Record<string, unknown> {
  const gateway = `${ip.split('.').slice(0, 3).join('.')}.1`;
  const address = {address: ip, cidr: `${ip}/24`, netmask: '24', gateway};
  return {...address, bridge_ports: 'eth0', method: 'static'};
}

function showInterface(context: Context): Reply {
  const found = interfaces(context).find((one) => one.iface === context.path.iface);
  const {iface: _, ...rest} = found ?? {};
  return data(found === undefined ? null : rest);
}

function showHosts(context: Context): Reply {
  const node = nodeOf(context);
  const text = `127.0.0.1 localhost\n${node?.ip} ${node?.name}.example.test ${node?.name}\n`;
  return data({data: text, digest: createHash('sha1').update(text).digest('hex')});
}

function showSubscription(): Reply {
  return data({
    status: 'notfound',
    message: 'There is no subscription key',
    serverid: '6DB69F388CAC40A61E62DF0F2C156B4F',
    url: 'https://www.proxmox.com/en/proxmox-virtual-environment/pricing',
  });
}

const rrdSteps: Readonly<Record<string, readonly [number, number]>> = {
  hour: [60, 70],
  day: [1800, 70],
  week: [10_800, 70],
  month: [43_200, 70],
  year: [604_800, 70],
};

/** Times without values: no statistics are kept (DIFFERENCES.md). */
function showRrd({cluster, params}: Context): Reply {
  const [stepS, count] = rrdSteps[params.timeframe ?? 'hour'] ?? [60, 70];
  const last = Math.floor(cluster.nowMs / 1000 / stepS) * stepS;
  return data(
    Array.from({length: count}, (_, index) => ({time: last - (count - 1 - index) * stepS})),
  );
}
