// Why this exists: tests and the demo say in a few words which cluster they want.
import {createCluster} from './create.ts';
import type {
  AclEntry,
  Cluster,
  ClusterNode,
  LxcGuest,
  QemuGuest,
  StorageDefinition,
  User,
  Version,
  Volume,
} from './state.ts';
import {publishNow, startStatistics} from './statistics.ts';
import {put} from './volume.ts';

const gib = 1024 ** 3;

/** A storage in words; `type` dir by default, everything else has a sensible default. */
export interface StorageWish {
  readonly type?: string;
  readonly content?: readonly string[];
  readonly shared?: boolean;
  readonly nodes?: readonly string[];
  readonly totalGiB?: number;
  readonly options?: Readonly<Record<string, string>>;
  readonly allocateMs?: number;
  readonly copyMsPerGiB?: number;
}

/** A guest in words: raw configuration text, and whether it runs. */
export interface GuestWish {
  readonly node?: string;
  readonly config: Readonly<Record<string, string>>;
  readonly running?: boolean;
  readonly pool?: string;
  readonly agent?: boolean;
  /** Volumes to create along with it: volid and size. */
  readonly volumes?: Readonly<Record<string, number>>;
}

/** A cluster in words. */
export interface ClusterWish {
  readonly version?: Version;
  readonly seed?: number;
  readonly nowMs?: number;
  readonly nodes?: readonly string[];
  readonly storages?: Readonly<Record<string, StorageWish>>;
  readonly guests?: Readonly<Record<number, GuestWish>>;
  readonly containers?: Readonly<Record<number, GuestWish>>;
  readonly pools?: readonly string[];
}

/** The secret of the demo's token `pvegit@pve!controller`. */
export const demoSecret = '7b1c6f2e-4c1d-4c55-9a55-1f0c3a9d5e21';

/** A cluster as wished: nodes pve1, storages local and local-lvm unless said otherwise. */
export function buildCluster(wish: ClusterWish = {}): Cluster {
  const {version = '8.4', seed = 1, nowMs = Date.UTC(2026, 0, 5, 8)} = wish;
  const cluster = createCluster({version, seed, nowMs});
  const names = wish.nodes ?? ['pve1'];
  names.forEach((name, index) => {
    cluster.nodes.set(name, buildNode(cluster, name, index));
  });
  cluster.entry = names[0] ?? 'pve1';
  for (const [id, storage] of Object.entries(wish.storages ?? standardStorages)) {
    cluster.storages.set(id, buildStorage(id, storage));
  }
  for (const pool of wish.pools ?? []) {
    cluster.pools.set(pool, {comment: undefined, vms: new Set(), storages: new Set()});
  }
  for (const [vmid, guest] of Object.entries(wish.guests ?? {})) {
    addGuest(cluster, Number(vmid), guest);
  }
  for (const [vmid, container] of Object.entries(wish.containers ?? {})) {
    addContainer(cluster, Number(vmid), container);
  }
  publishNow(cluster);
  startStatistics(cluster);
  return cluster;
}

/** The demo's cluster: template 100 and a controller's token with exactly its own privileges. */
export function demoCluster(wish: ClusterWish = {}): Cluster {
  const cluster = buildCluster({...wish, guests: {100: template, ...wish.guests}});
  addToken(cluster, {user: 'pvegit@pve', token: 'controller', secret: demoSecret});
  grant(cluster, {subject: 'pvegit@pve', role: 'Administrator', path: '/'});
  grant(cluster, {subject: 'pvegit@pve!controller', role: 'Administrator', path: '/'});
  return cluster;
}

/** Add a user (if missing) with a token. */
export function addToken(
  cluster: Cluster,
  wish: {
    readonly user: string;
    readonly token: string;
    readonly secret: string;
    readonly privsep?: boolean;
    readonly comment?: string;
  },
): void {
  const user = cluster.access.users.get(wish.user) ?? newUser();
  cluster.access.users.set(wish.user, user);
  user.tokens.set(wish.token, {
    secret: wish.secret,
    privsep: wish.privsep ?? true,
    expireS: 0,
    comment: wish.comment,
  });
}

/** Give a role on a path; the subject is a user `u@r` or a token `u@r!t`. */
export function grant(
  cluster: Cluster,
  wish: {readonly subject: string; readonly role: string; readonly path: string},
): void {
  const kind: AclEntry['kind'] = wish.subject.includes('!') ? 'token' : 'user';
  cluster.access.acl.push({...wish, kind, propagate: true});
}

/** An enabled user without password, groups and tokens. */
function newUser(): User {
  return {
    enabled: true,
    expireS: 0,
    password: undefined,
    fields: new Map(),
    groups: new Set(),
    tokens: new Map(),
  };
}

const standardStorages: Readonly<Record<string, StorageWish>> = {
  local: {
    content: ['backup', 'iso', 'vztmpl', 'snippets', 'import'],
    options: {path: '/var/lib/vz'},
  },
  'local-lvm': {
    type: 'lvmthin',
    content: ['images', 'rootdir'],
    options: {vgname: 'pve', thinpool: 'data'},
    totalGiB: 400,
  },
};

const template: GuestWish = {
  config: {
    agent: '1',
    boot: 'order=scsi0',
    cores: '2',
    cpu: 'host',
    ide2: 'local-lvm:vm-100-cloudinit,media=cdrom,size=4M',
    ipconfig0: 'ip=dhcp',
    memory: '2048',
    meta: 'creation-qemu=9.2.0,ctime=1767600000',
    name: 'ubuntu-24.04',
    net0: 'virtio=BC:24:11:00:01:00,bridge=vmbr0',
    ostype: 'l26',
    scsi0: 'local-lvm:base-100-disk-0,discard=on,size=3584M',
    scsihw: 'virtio-scsi-single',
    serial0: 'socket',
    smbios1: 'uuid=5f1d0f3a-7a1b-4a7e-9d65-0c6a1b2f3e4d',
    template: '1',
    vga: 'serial0',
    vmgenid: '0f4f5c1e-8d3a-4b62-bb6d-8f1a2c3d4e5f',
  },
  volumes: {'local-lvm:base-100-disk-0': 3.5 * gib, 'local-lvm:vm-100-cloudinit': 4 * 1024 ** 2},
};

function buildNode(cluster: Cluster, name: string, index: number): ClusterNode {
  const pair = (): string => cluster.random.hex(2).toUpperCase();
  return {
    name,
    ip: `192.0.2.${index + 2}`,
    online: true,
    listed: true,
    daemonUp: true,
    clockSkewMs: 0,
    bootedAtMs: cluster.nowMs - 4_678_000,
    cpus: 8,
    memoryBytes: 64 * gib,
    fingerprint: Array.from({length: 32}, pair).join(':'),
    bridges: new Set(['vmbr0', 'vmbr1']),
    diskBytes: 252 * gib,
    nextPid: 1000 + index,
  };
}

/** A storage definition as wished. */
function buildStorage(id: string, wish: StorageWish): StorageDefinition {
  return {
    id,
    type: wish.type ?? 'dir',
    content: new Set(wish.content ?? ['images', 'rootdir']),
    shared: wish.shared ?? false,
    disabled: false,
    nodes: wish.nodes === undefined ? undefined : new Set(wish.nodes),
    options: new Map(Object.entries(wish.options ?? {})),
    totalBytes: (wish.totalGiB ?? 252) * gib,
    allocateMs: wish.allocateMs ?? 0,
    copyMsPerGiB: wish.copyMsPerGiB ?? 400,
  };
}

/** Put a guest with its volumes into the cluster, as if it had always been there. */
export function addGuest(cluster: Cluster, vmid: number, wish: GuestWish): QemuGuest {
  const node = wish.node ?? cluster.entry;
  const guest: QemuGuest = {
    kind: 'qemu',
    vmid,
    node,
    config: new Map(Object.entries(wish.config)),
    pending: new Map(),
    pendingDelete: new Map(),
    snapshots: new Map(),
    cloudInit: undefined,
    cloudInitDrift: new Map(),
    runtime: undefined,
    behaviour: {agent: wish.agent ?? false, acpi: true, bootMs: 1_000, shutdownMs: 2_000},
  };
  if (wish.running === true) {
    guest.runtime = {
      pid: 2000 + vmid,
      startedAtMs: cluster.nowMs - 60_000,
      qmpStatus: 'running',
      agentAnswers: guest.behaviour.agent,
      guestAnswers: true,
      machine: /^.*-\d+\.\d+.*$/.exec(wish.config['machine'] ?? '')?.[0] ?? 'pc-i440fx-9.2+pve1',
    };
  }
  cluster.guests.set(vmid, guest);
  if (wish.pool !== undefined) {
    cluster.pools.get(wish.pool)?.vms.add(vmid);
  }
  for (const [volid, sizeBytes] of Object.entries(wish.volumes ?? {})) {
    put(cluster, volumeOf(cluster, {volid, sizeBytes, vmid, node}));
  }
  return guest;
}

/** Put a container with its volumes into the cluster, as if it had always been there. */
function addContainer(cluster: Cluster, vmid: number, wish: GuestWish): LxcGuest {
  const node = wish.node ?? cluster.entry;
  const isRunning = wish.running === true;
  const guest: LxcGuest = {
    kind: 'lxc',
    vmid,
    node,
    config: new Map(Object.entries(wish.config)),
    pending: new Map(),
    pendingDelete: new Map(),
    snapshots: new Map(),
    runtime: isRunning ? {pid: 2000 + vmid, startedAtMs: cluster.nowMs - 60_000} : undefined,
  };
  cluster.guests.set(vmid, guest);
  if (wish.pool !== undefined) {
    cluster.pools.get(wish.pool)?.vms.add(vmid);
  }
  for (const [volid, sizeBytes] of Object.entries(wish.volumes ?? {})) {
    put(cluster, volumeOf(cluster, {volid, sizeBytes, vmid, node, content: 'rootdir'}));
  }
  return guest;
}

function volumeOf(
  cluster: Cluster,
  wish: {volid: string; sizeBytes: number; vmid: number; node: string; content?: string},
): Volume {
  const {volid, sizeBytes, vmid, node, content = 'images'} = wish;
  const storage = volid.split(':')[0] ?? '';
  const extension = /\.(qcow2|raw|vmdk|subvol)$/.exec(volid)?.[1];
  return {
    volid,
    storage,
    node: cluster.storages.get(storage)?.shared === true ? undefined : node,
    format: extension ?? 'raw',
    sizeBytes,
    usedBytes: 4096,
    vmid,
    parent: undefined,
    content,
    ctimeS: Math.floor(cluster.nowMs / 1000),
    snapshots: new Set(),
  };
}
