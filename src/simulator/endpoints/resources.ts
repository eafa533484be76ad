// Why this exists: /cluster/resources, the one list that a controller lives by, stale as the real
// one (facts.md section 16).
import {may} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data} from '../route.ts';
import type {Cluster, ClusterNode, Guest, StorageDefinition} from '../state.ts';
import {usage} from './storage-usage.ts';

/** `GET /cluster/resources`. */
export function listResources(context: Context): Reply {
  const {cluster, params} = context;
  const wanted = (type: string): boolean => params.type === undefined || params.type === type;
  const entries: unknown[] = [];
  if (params.type === undefined) {
    entries.push(...poolEntries(context));
  }
  if (wanted('vm')) {
    entries.push(...[...cluster.guests.values()].flatMap((guest) => visibleGuest(context, guest)));
  }
  if (wanted('node')) {
    entries.push(...memberNodes(cluster).map((node) => nodeEntry(context, node)));
  }
  if (wanted('storage')) {
    entries.push(...storageEntries(context));
  }
  if (wanted('sdn')) {
    entries.push(...sdnEntries(context));
  }
  return data(entries);
}

/** Nodes that are members of the cluster. */
export function memberNodes(cluster: Cluster): readonly ClusterNode[] {
  return [...cluster.nodes.values()].filter((node) => node.listed);
}

/** A guest's entry as the resource list shows it; the caller checks visibility. */
function guestEntry(cluster: Cluster, guest: Guest): Record<string, unknown> {
  const {vmid, node, kind, config} = guest;
  const pool = [...cluster.pools].find(([, one]) => one.vms.has(vmid))?.[0];
  const ha = haState(cluster, guest);
  const immediate = {
    id: `${kind}/${vmid}`,
    vmid,
    node,
    type: kind,
    ...optional('pool', pool),
    ...optional('lock', config.get('lock')),
    ...optional('tags', config.get('tags')),
    ...optional('hastate', ha),
  };
  return {...immediate, ...broadcast(cluster, guest)};
}

/** A guest as lists of pool members show it: identity and figures, no pool, lock, tags. */
export function guestFigures(cluster: Cluster, guest: Guest): Record<string, unknown> {
  const {vmid, node, kind} = guest;
  return {id: `${kind}/${vmid}`, vmid, node, type: kind, ...broadcast(cluster, guest)};
}

/** What the last broadcast said; older than 300 s (or none): unknown and nothing else. */
function broadcast(cluster: Cluster, guest: Guest): Record<string, unknown> {
  const published = cluster.published.get(guest.vmid);
  if (published === undefined || cluster.nowMs - published.atMs > 300_000) {
    return {status: 'unknown'};
  }
  const running = published.startedAtMs;
  return {
    name: published.name,
    status: published.status,
    template: published.template,
    uptime: running === undefined ? 0 : Math.floor((published.atMs - running) / 1000),
    cpu: running === undefined ? 0 : 0.01,
    maxcpu: published.maxcpu,
    mem: running === undefined ? 0 : Math.floor(published.maxmemBytes / 4),
    maxmem: published.maxmemBytes,
    disk: 0,
    maxdisk: published.maxdiskBytes,
    netin: 0,
    netout: 0,
    diskread: 0,
    diskwrite: 0,
    ...(cluster.version === '8.4' || guest.kind === 'lxc' ? {} : {memhost: 0}),
  };
}

/** Without a manager only what is asked for is known, if anything. */
function haState(cluster: Cluster, guest: Guest): string | null | undefined {
  const sid = `${guest.kind === 'qemu' ? 'vm' : 'ct'}:${guest.vmid}`;
  const resource = cluster.sections.get('ha-resources')?.get(sid);
  if (resource === undefined) {
    return undefined;
  }
  return resource.get('state') ?? (cluster.haManagerUp ? 'started' : null);
}

function visibleGuest(context: Context, guest: Guest): readonly unknown[] {
  if (!may(context, `/vms/${guest.vmid}`, ['VM.Audit'])) {
    return [];
  }
  const {pool, ...entry} = guestEntry(context.cluster, guest);
  const isTold = typeof pool === 'string' && may(context, `/pool/${pool}`, ['Pool.Audit']);
  return [isTold ? {...entry, pool} : entry];
}

function poolEntries(context: Context): readonly unknown[] {
  const {cluster} = context;
  return [...cluster.pools]
    .filter(([pool]) => may(context, `/pool/${pool}`, ['Pool.Audit']))
    .map(([pool, {vms}]) => ({id: `/pool/${pool}`, pool, type: 'pool', ...sums(cluster, vms)}));
}

/** What the running guests of a pool use together; nothing while none runs. */
function sums(cluster: Cluster, vms: ReadonlySet<number>): Record<string, number> {
  const total = {uptime: 0, mem: 0, maxmem: 0, cpu: 0, maxcpu: 0};
  for (const vmid of vms) {
    const guest = cluster.guests.get(vmid);
    const told = guest === undefined ? {} : broadcast(cluster, guest);
    const figure = (key: string): number => Number(told[key] ?? 0);
    if (figure('uptime') > 0) {
      const cpus = total.maxcpu + figure('maxcpu');
      const used = total.cpu * total.maxcpu + figure('cpu') * figure('maxcpu');
      total.cpu = cpus === 0 ? 0 : used / cpus;
      total.maxcpu = cpus;
      total.uptime = Math.max(total.uptime, figure('uptime'));
      total.mem += figure('mem');
      total.maxmem += figure('maxmem');
    }
  }
  return total.uptime === 0 ? {} : total;
}

/** A node's figures for those with Sys.Audit. */
export function nodeFigures(cluster: Cluster, node: ClusterNode): Record<string, unknown> {
  return {
    cpu: 0.02,
    maxcpu: node.cpus,
    mem: Math.floor(node.memoryBytes / 20),
    maxmem: node.memoryBytes,
    disk: Math.floor(node.diskBytes / 8),
    maxdisk: node.diskBytes,
    uptime: Math.floor((cluster.nowMs - node.bootedAtMs) / 1000),
  };
}

function nodeEntry(context: Context, node: ClusterNode): Record<string, unknown> {
  const audited = may(context, `/nodes/${node.name}`, ['Sys.Audit']);
  const figures = audited && node.online ? nodeFigures(context.cluster, node) : {};
  return {
    id: `node/${node.name}`,
    node: node.name,
    type: 'node',
    status: node.online ? 'online' : 'offline',
    level: '',
    ...(node.online ? {'cgroup-mode': 1} : {}),
    ...figures,
  };
}

function storageEntries(context: Context): readonly unknown[] {
  const {cluster} = context;
  return memberNodes(cluster).flatMap((node) =>
    [...cluster.storages.values()]
      .filter((storage) => storage.nodes === undefined || storage.nodes.has(node.name))
      .filter((storage) => !storage.disabled)
      .filter((storage) => may(context, `/storage/${storage.id}`, ['Datastore.Audit']))
      .map((storage) => storageEntry(cluster, node, storage)),
  );
}

/** A storage's entry of one node. */
export function storageEntry(
  cluster: Cluster,
  node: ClusterNode,
  storage: StorageDefinition,
): Record<string, unknown> {
  const figures = usage(cluster, node.name, storage);
  return {
    id: `storage/${node.name}/${storage.id}`,
    storage: storage.id,
    node: node.name,
    type: 'storage',
    plugintype: storage.type,
    content: [...storage.content].join(','),
    shared: storage.shared ? 1 : 0,
    status: node.online ? 'available' : 'unknown',
    ...(node.online ? {disk: figures.used, maxdisk: figures.total} : {}),
  };
}

function sdnEntries(context: Context): readonly unknown[] {
  if (!may(context, '/sdn/zones/localnetwork', ['SDN.Audit'])) {
    return [];
  }
  return memberNodes(context.cluster).map(({name}) =>
    context.cluster.version === '8.4'
      ? {
          id: `sdn/${name}/localnetwork`,
          sdn: 'localnetwork',
          node: name,
          type: 'sdn',
          status: 'ok',
        }
      : {
          id: `network/${name}/zone/localnetwork`,
          network: 'localnetwork',
          'network-type': 'zone',
          node: name,
          type: 'network',
          status: 'ok',
        },
  );
}

function optional(key: string, value: string | null | undefined): Record<string, string | null> {
  return value === undefined ? {} : {[key]: value};
}
