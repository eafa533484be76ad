// Why this exists: the whole simulated cluster as plain mutable state, without I/O, so that tests
// can prepare it, read it and judge from it. Rules live in the other files.
import type {Schedule} from './clock.ts';
import type {FaultPlan} from './faults.ts';
import type {FirewallScope} from './firewall/scope.ts';
import type {FileLock} from './flock.ts';
import type {Random} from './random.ts';

/** Which Proxmox VE the cluster plays. */
export type Version = '8.4' | '9.1';

/** One node. An offline node answers nothing: calls to it give 595. */
export interface ClusterNode {
  readonly name: string;
  readonly ip: string;
  online: boolean;
  /** False while the node's pvedaemon is down: plain reads work, the rest gives 595. */
  daemonUp: boolean;
  /** How far the node's clock is ahead of the true (virtual) time. */
  clockSkewMs: number;
  /** How calls to it fail while it is offline; default 595 `No route to host`. */
  unreachable?: {readonly status: number; readonly reason: string};
  /** False: a node directory exists, but the node is no cluster member (not in /nodes). */
  readonly listed: boolean;
  readonly bootedAtMs: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly fingerprint: string;
  /** Bridges by name; netN names one of them. */
  readonly bridges: Set<string>;
  /** Physical free space of directories, in bytes; all dir storages of a node share it. */
  readonly diskBytes: number;
  nextPid: number;
}

/** What a running QEMU process holds that the configuration file does not. */
export interface QemuRuntime {
  readonly pid: number;
  readonly startedAtMs: number;
  qmpStatus: 'running' | 'paused' | 'prelaunch';
  /** Whether a guest agent answers inside the guest. */
  agentAnswers: boolean;
  /** Whether the guest reacts to ACPI shutdown and unplug requests. */
  guestAnswers: boolean;
  /** The machine type fixed at start, e.g. `pc-i440fx-10.0+pve0`. */
  machine: string;
}

/** A QEMU guest. Values are raw text exactly as in the configuration file. */
export interface QemuGuest {
  readonly kind: 'qemu';
  readonly vmid: number;
  node: string;
  /** The current section, description included; digests are taken over the file's text. */
  config: Map<string, string>;
  pending: Map<string, string>;
  /** The [PENDING] section's `delete:` list, in order. */
  pendingDelete: Map<string, 'normal' | 'force'>;
  /** Snapshot sections by name, in file order; snaptime, parent, vmstate are keys in them. */
  readonly snapshots: Map<string, Map<string, string>>;
  /** The configuration the cloud-init image was last made from; undefined: never made. */
  cloudInit: Map<string, string> | undefined;
  /** Values changed since that image was made: the old value, or null for a key that was added. */
  readonly cloudInitDrift: Map<string, string | null>;
  runtime: QemuRuntime | undefined;
  /** How the guest behaves once started; tests set it. */
  behaviour: {agent: boolean; acpi: boolean; bootMs: number; shutdownMs: number};
}

/** A container; its configuration in the same raw form as a QEMU guest's. */
export interface LxcGuest {
  readonly kind: 'lxc';
  readonly vmid: number;
  node: string;
  config: Map<string, string>;
  pending: Map<string, string>;
  pendingDelete: Map<string, 'normal' | 'force'>;
  readonly snapshots: Map<string, Map<string, string>>;
  runtime: {readonly pid: number; readonly startedAtMs: number} | undefined;
  /** It ignores requests to shut down; tests set it. */
  stubborn?: boolean;
}

/** A guest of either kind. */
export type Guest = QemuGuest | LxcGuest;

/** What the statistics daemon last broadcast about a guest: /cluster/resources shows this. */
export interface Published {
  readonly atMs: number;
  readonly node: string;
  readonly name: string;
  readonly status: 'running' | 'stopped';
  readonly template: 0 | 1;
  readonly maxcpu: number;
  readonly maxmemBytes: number;
  readonly maxdiskBytes: number;
  readonly startedAtMs: number | undefined;
}

/** A storage definition of /etc/pve/storage.cfg; `options` holds every other key as text. */
export interface StorageDefinition {
  readonly id: string;
  readonly type: string;
  content: Set<string>;
  shared: boolean;
  disabled: boolean;
  /** Nodes it is limited to; undefined: all. */
  nodes: Set<string> | undefined;
  readonly options: Map<string, string>;
  totalBytes: number;
  /** Virtual time that allocating one volume takes; a slow storage has 40 000. */
  allocateMs: number;
  /** Virtual time that copying one GiB takes. */
  copyMsPerGiB: number;
  /** Its server does not answer: nothing on it can be used. */
  outOfReach?: boolean;
}

/** One volume; on a local storage the same volid may exist on several nodes. */
export interface Volume {
  readonly volid: string;
  readonly storage: string;
  /** The node that holds it; undefined on a shared storage. */
  readonly node: string | undefined;
  readonly format: string;
  sizeBytes: number;
  usedBytes: number;
  readonly vmid: number | undefined;
  /** The base volume's name (without the storage) of a linked clone. */
  readonly parent: string | undefined;
  readonly content: string;
  readonly ctimeS: number;
  /** Snapshot names that the volume holds. */
  readonly snapshots: Set<string>;
  notes?: string;
  protected?: boolean;
  /** Somebody has let this script be run, as no call can. */
  executable?: boolean;
  /** What it holds; `{virtualBytes}` for an image in an import file, text for a snippet. */
  data?: unknown;
}

/** A resource pool; nested ids are `a/b/c`. */
export interface Pool {
  comment: string | undefined;
  readonly vms: Set<number>;
  readonly storages: Set<string>;
}

/** An API token of a user; expireS 0 means never. */
export interface ApiToken {
  secret: string;
  privsep: boolean;
  expireS: number;
  comment: string | undefined;
}

/** A user; `password` undefined: nobody can log in with one. */
export interface User {
  enabled: boolean;
  expireS: number;
  password: string | undefined;
  /** comment, email, firstname, lastname, keys. */
  readonly fields: Map<string, string>;
  readonly groups: Set<string>;
  readonly tokens: Map<string, ApiToken>;
}

/** One line of the access control list. */
export interface AclEntry {
  readonly path: string;
  readonly kind: 'user' | 'group' | 'token';
  readonly subject: string;
  readonly role: string;
  propagate: boolean;
}

/** Users, groups, roles and the access control list. */
export interface Access {
  readonly users: Map<string, User>;
  readonly groups: Map<string, {comment: string | undefined}>;
  /** Own roles; the built-in ones come from the schema data. */
  readonly roles: Map<string, Set<string>>;
  acl: AclEntry[];
  readonly realms: Map<string, {readonly type: string; readonly comment: string | undefined}>;
}

/** A forked worker, running or done. */
export interface Task {
  readonly upid: string;
  readonly node: string;
  readonly pid: number;
  readonly pstart: number;
  readonly startS: number;
  readonly type: string;
  readonly id: string;
  /** `u@r`. */
  readonly user: string;
  /** Token name without the user; undefined for a ticket. */
  readonly tokenid: string | undefined;
  readonly log: string[];
  endS: number | undefined;
  /** `OK`, `WARNINGS: n` or the error text; undefined while running. */
  exitStatus: string | undefined;
  warnings: number;
  /** Ends the worker with this text; undefined once it is done. */
  stop: ((exitStatus: string) => void) | undefined;
}

/** One line of the cluster log. */
export interface LogLine {
  readonly uid: number;
  readonly atS: number;
  readonly node: string;
  readonly tag: string;
  readonly priority: number;
  /** `u@r` or `u@r!tok`. */
  readonly user: string;
  readonly message: string;
}

/** One real change of the world, in order: crash and fault tests judge from these alone. */
export interface Effect {
  readonly sequence: number;
  readonly atMs: number;
  /** `config`, `create`, `destroy`, `start`, `allocate`, `free`, `acl` … */
  readonly what: string;
  readonly vmid: number | undefined;
  readonly user: string;
  /** What changed, in words for a person and exact enough for a test. */
  readonly detail: string;
}

/** The simulated cluster. */
export interface Cluster {
  readonly version: Version;
  readonly seed: number;
  readonly random: Random;
  /** Virtual time: epoch milliseconds. Only `advance` moves it. */
  nowMs: number;
  /** By how much virtual time has outrun what clocks show: 0 but where tasks are hurried. */
  aheadMs: number;
  readonly schedule: Schedule;
  readonly nodes: Map<string, ClusterNode>;
  /** The node whose pveproxy answers. */
  entry: string;
  quorate: boolean;
  /** Whether an HA manager runs; without one HA is configuration only. */
  haManagerUp: boolean;
  readonly guests: Map<number, Guest>;
  /** By VMID; outlives the guest until the next cycle, so a reused id shows the dead guest. */
  readonly published: Map<number, Published>;
  readonly storages: Map<string, StorageDefinition>;
  /** By `node/volid`, or `/volid` on shared storages. */
  readonly volumes: Map<string, Volume>;
  readonly pools: Map<string, Pool>;
  readonly access: Access;
  /** datacenter.cfg, raw text. */
  readonly options: Map<string, string>;
  readonly tasks: Map<string, Task>;
  readonly log: LogLine[];
  readonly flocks: Map<string, FileLock>;
  readonly effects: Effect[];
  readonly faults: FaultPlan;
  /** The firewall by scope: `cluster`, `node/pve1`, `vm/100`. */
  readonly firewall: Map<string, FirewallScope>;
  /** Sections of configuration that are only stored and listed: backup jobs, HA. */
  readonly sections: Map<string, Map<string, Map<string, string>>>;
  /** Extra virtual time before a call is worked on, by method and path template; default none. */
  serviceMs: ((method: string, template: string) => number) | undefined;
  /** Who is being served; effects are recorded under this name. */
  actor: string;
}

/** Append to the effects log; call it where, and only where, the state really changes. */
export function recordEffect(
  cluster: Cluster,
  what: string,
  vmid: number | undefined,
  detail: string,
): void {
  const sequence = cluster.effects.length;
  cluster.effects.push({sequence, atMs: cluster.nowMs, what, vmid, user: cluster.actor, detail});
}

const keptLogLines = 4_000;

/** Append a line to the cluster log, as a synchronous config write does under the caller's name. */
export function logLine(cluster: Cluster, node: string, user: string, message: string): void {
  const uid = (cluster.log.at(-1)?.uid ?? 0) + 1;
  if (cluster.log.length >= keptLogLines) {
    cluster.log.splice(0, keptLogLines / 2);
  }
  const atS = Math.floor((cluster.nowMs - cluster.aheadMs) / 1000);
  cluster.log.push({uid, atS, node, tag: 'pvedaemon', priority: 6, user, message});
}

/** Seconds since the epoch by the clock of `node`. */
export function nodeSeconds(cluster: Cluster, node: string): number {
  const skewMs = cluster.nodes.get(node)?.clockSkewMs ?? 0;
  return Math.floor((cluster.nowMs - cluster.aheadMs + skewMs) / 1000);
}
