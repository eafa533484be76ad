// Why this exists: status/current, the node's list of containers and their interfaces, every field
// with its type (vmstatus of pve-container, recording 19).
import {may} from '../permission.ts';
import {parseSize} from '../qemu/size.ts';
import {haFields} from '../qemu/status.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route, vmidOf} from '../route.ts';
import type {Cluster, LxcGuest, Volume} from '../state.ts';
import {findVolume} from '../volume.ts';
import {loadContainer} from './container-file.ts';
import {contentsOf, systemInside} from './contents.ts';
import {usableBytes} from './filesystem.ts';
import {isNetKey, parseProperties, typedValue} from './keys.ts';
import {parseMount} from './mountpoint.ts';

type Fields = Record<string, unknown>;

const mib = 1024 ** 2;
const defaultDiskBytes = 4 * 1024 ** 3;

/** The fields that a list entry and status/current share. */
function basics(cluster: Cluster, guest: LxcGuest): Fields {
  const {config, runtime} = guest;
  const fields: Fields = {
    type: 'lxc',
    vmid: guest.vmid,
    name: (config.get('hostname') ?? `CT${guest.vmid}`).replace(/\s/g, '') || `CT${guest.vmid}`,
    status: runtime === undefined ? 'stopped' : 'running',
    cpus: cpus(cluster, guest),
    cpu: 0,
    mem: runtime === undefined ? 0 : 815_104,
    maxmem: Number(config.get('memory') ?? 512) * mib,
    swap: 0,
    maxswap: Number(config.get('swap') ?? 0) * mib,
    ...disk(cluster, guest),
    uptime: runtime === undefined ? 0 : Math.floor((cluster.nowMs - runtime.startedAtMs) / 1000),
    netin: 0,
    netout: 0,
    diskread: 0,
    diskwrite: 0,
  };
  for (const key of ['lock', 'tags']) {
    const value = config.get(key);
    if (value !== undefined) fields[key] = value;
  }
  if (config.get('template') === '1') fields['template'] = 1;
  if (runtime !== undefined) fields['pid'] = runtime.pid;
  if (runtime !== undefined && cluster.version === '9.1') {
    for (const what of ['cpu', 'io', 'memory']) {
      fields[`pressure${what}some`] = 0;
      fields[`pressure${what}full`] = 0;
    }
  }
  return fields;
}

/** Cores, else the limit as it is written, else all of the node's. */
function cpus(cluster: Cluster, guest: LxcGuest): string | number {
  const {config} = guest;
  for (const key of ['cores', 'cpulimit']) {
    const text = config.get(key) ?? '0';
    if (text !== '0') return typedValue(cluster.version, key, text);
  }
  return cluster.nodes.get(guest.node)?.cpus ?? 1;
}

/** Stopped: the size that the configuration tells; running: what the container sees. */
function disk(cluster: Cluster, guest: LxcGuest): Fields {
  const text = guest.config.get('rootfs');
  if (text === undefined) return {disk: 0, maxdisk: defaultDiskBytes};
  const mount = parseMount(cluster.version, 'rootfs', text);
  const volume = findVolume(cluster, guest.node, mount.volume);
  if (guest.runtime === undefined || volume === undefined) {
    const size = parseSize(mount.options.get('size') ?? '');
    return {disk: 0, maxdisk: Number.isNaN(size) ? defaultDiskBytes : size};
  }
  return {disk: contentsOf(volume).tarBytes, maxdisk: seenBytes(volume)};
}

function seenBytes(volume: Volume): number {
  if (volume.format === 'subvol') return volume.sizeBytes;
  return usableBytes(volume.sizeBytes, contentsOf(volume).madeBytes);
}

function current(context: Context): Reply {
  const {cluster} = context;
  const guest = loadContainer(cluster, context.node, vmidOf(context));
  return data({...basics(cluster, guest), ha: haFields(cluster, guest.vmid)});
}

function list(context: Context): Reply {
  const {cluster, node} = context;
  const entries: Fields[] = [];
  for (const guest of cluster.guests.values()) {
    if (guest.kind !== 'lxc' || guest.node !== node) continue;
    if (may(context, `/vms/${guest.vmid}`, ['VM.Audit'])) entries.push(basics(cluster, guest));
  }
  return data(entries);
}

/** Null of a container that does not run, or is not there. */
function interfaces(context: Context): Reply {
  const {cluster, node} = context;
  const guest = cluster.guests.get(vmidOf(context));
  if (guest?.kind !== 'lxc' || guest.node !== node || guest.runtime === undefined) {
    return data(null);
  }
  const knowsNetworks = systemInside(cluster, guest) !== 'unmanaged';
  const loopback = knowsNetworks ? ['127.0.0.1/8', '::1/128'] : [];
  const entries = [interfaceEntry('lo', '00:00:00:00:00:00', loopback)];
  for (const [key, text] of guest.config) {
    if (!isNetKey(key)) continue;
    const net = parseProperties(cluster.version, 'net0', text);
    const typed = [net.get('ip'), net.get('ip6')].filter((one) => one?.includes('/') === true);
    const addresses = knowsNetworks ? typed.map(String) : [];
    const mac = (net.get('hwaddr') ?? '').toLowerCase();
    entries.push(interfaceEntry(net.get('name') ?? key, mac, addresses));
  }
  return data(entries);
}

function interfaceEntry(name: string, mac: string, addresses: readonly string[]): Fields {
  const parts = addresses.map((address) => {
    const [ip = '', prefix = ''] = address.split('/');
    const family = ip.includes(':') ? 'inet6' : 'inet';
    return {ip, prefix: Number(prefix), family, address};
  });
  return {
    name,
    hwaddr: mac,
    'hardware-address': mac,
    ...Object.fromEntries(parts.map(({family, address}) => [family, address])),
    'ip-addresses': parts.map(({ip, prefix, family}) => ({
      'ip-address': ip,
      'ip-address-type': family,
      prefix,
    })),
  };
}

/** The status endpoints. */
export const statusRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/lxc', list),
  route('GET', '/nodes/{node}/lxc/{vmid}/status/current', current),
  route('GET', '/nodes/{node}/lxc/{vmid}/interfaces', interfaces),
];
