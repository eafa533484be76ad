// Why this exists: status/current and the node's guest list: every field with its type, for a guest
// that runs and one that does not (facts.md section 10, recordings 03 and 09).

import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, route, vmidOf} from '../route.ts';
import type {Cluster, QemuGuest, QemuRuntime} from '../state.ts';
import {memoryMiB} from './config-update.ts';
import {drivesOf, isCdrom, parseBootOrder, parseDrive} from './drive.ts';
import {loadGuest} from './guest-file.ts';
import {haResource, isManaged} from './ha.ts';
import {driveKeys, isNetKey} from './keys.ts';
import {parseProperties} from './property-string.ts';
import {agentEnabled, qemuVersion} from './runtime.ts';
import {parseSize} from './size.ts';

type Fields = Record<string, unknown>;

const mib = 1024 ** 2;

/** The number of virtual CPUs in use, never more than the node has. */
function cpuCount(cluster: Cluster, guest: QemuGuest): number {
  const count = (key: string): number => Number(guest.config.get(key) ?? 1);
  const vcpus = guest.config.get('vcpus');
  const most = cluster.nodes.get(guest.node)?.cpus ?? Number.POSITIVE_INFINITY;
  return vcpus === undefined ? Math.min(count('cores') * count('sockets'), most) : Number(vcpus);
}

/** Bytes of the first disk in the boot order (legacy orders: of `bootdisk`); 0 without. */
function bootDiskBytes(guest: QemuGuest): number {
  const boot = guest.config.get('boot');
  const ordered = parseBootOrder(boot);
  const isLegacy = boot === undefined || (boot.trim() !== '' && ordered.length === 0);
  const keys = isLegacy ? [guest.config.get('bootdisk') ?? ''] : ordered;
  for (const key of keys) {
    const text = driveKeys.includes(key) ? guest.config.get(key) : undefined;
    if (text === undefined) continue;
    const drive = parseDrive(key, text);
    if (isCdrom(drive)) continue;
    return parseSize(drive.options.get('size') ?? '0');
  }
  return 0;
}

/** The guest's name as lists show it. */
function shownName(guest: QemuGuest): string {
  return guest.config.get('name') ?? `VM ${guest.vmid}`;
}

/** The fields that a list entry and status/current share. */
function basics(cluster: Cluster, guest: QemuGuest): Fields {
  const {config, runtime} = guest;
  const fields: Fields = {
    vmid: guest.vmid,
    name: shownName(guest),
    status: runtime === undefined ? 'stopped' : 'running',
    cpus: cpuCount(cluster, guest),
    cpu: 0,
    mem: runtime === undefined ? 0 : usedMemory(cluster, guest, runtime),
    maxmem: memoryMiB(config.get('memory')) * mib,
    disk: 0,
    maxdisk: bootDiskBytes(guest),
    uptime: uptimeS(cluster, guest),
    netin: 0,
    netout: 0,
  };
  const balloon = Number(config.get('balloon') ?? 0);
  if (balloon > 0) {
    fields['balloon_min'] = balloon * mib;
    fields['shares'] = Number(config.get('shares') ?? 1000);
  }
  for (const key of ['lock', 'tags']) {
    const value = config.get(key);
    if (value !== undefined) fields[key] = value;
  }
  if (config.get('template') === '1') fields['template'] = 1;
  if (hasSerial(guest)) fields['serial'] = 1;
  if (runtime !== undefined) fields['pid'] = runtime.pid;
  if (cluster.version === '9.1') fields['memhost'] = fields['mem'];
  return fields;
}

/** What only a running process tells. */
function running(cluster: Cluster, guest: QemuGuest, runtime: QemuRuntime): Fields {
  const fields: Fields = {
    diskread: 0,
    diskwrite: 0,
    'running-machine': runtime.machine,
    'running-qemu': qemuVersion(cluster).full,
    'proxmox-support': support,
  };
  const bytes = memoryMiB(guest.config.get('memory')) * mib;
  if (guest.config.get('balloon') !== '0') {
    fields['balloon'] = bytes;
    fields['ballooninfo'] = balloonInfo(cluster, runtime, bytes);
    if (runtime.guestAnswers) fields['freemem'] = Math.floor(bytes * 0.7);
  }
  const drives = drivesOf(guest.config).filter((drive) => !/^(efidisk|tpmstate)/.test(drive.key));
  const present = drives.filter((drive) => drive.file !== 'none');
  if (present.length > 0) {
    fields['blockstat'] = Object.fromEntries(
      present.map((drive) => [drive.key, blockStatistics(runtime, isCdrom(drive))]),
    );
  }
  const nets = [...guest.config.keys()].filter(isNetKey);
  if (nets.length > 0) {
    const tap = (key: string): string => `tap${guest.vmid}i${key.slice(3)}`;
    fields['nics'] = Object.fromEntries(nets.map((key) => [tap(key), {netin: 0, netout: 0}]));
  }
  if (cluster.version === '9.1') {
    for (const what of ['cpu', 'io', 'memory']) {
      fields[`pressure${what}some`] = 0;
      fields[`pressure${what}full`] = 0;
    }
  }
  return fields;
}

const support = {
  'backup-access-api': true,
  'backup-fleecing': true,
  'backup-max-workers': true,
  'pbs-dirty-bitmap': true,
  'pbs-dirty-bitmap-migration': true,
  'pbs-dirty-bitmap-savevm': true,
  'pbs-library-version': '1.5.1 (stub)',
  'pbs-masterkey': true,
  'query-bitmap-info': true,
};

function balloonInfo(cluster: Cluster, runtime: QemuRuntime, bytes: number): Fields {
  const plain: Fields = {actual: bytes, max_mem: bytes};
  if (!runtime.guestAnswers) return plain;
  return {
    ...plain,
    free_mem: Math.floor(bytes * 0.7),
    total_mem: Math.floor(bytes * 0.85),
    last_update: Math.floor(cluster.nowMs / 1000),
    mem_swapped_in: 0,
    mem_swapped_out: 0,
    major_page_faults: 0,
    minor_page_faults: 2046,
  };
}

const operations = ['rd', 'wr', 'flush', 'unmap'] as const;

/** A CD is read at once by the firmware, a disk when the guest boots. */
function blockStatistics(runtime: QemuRuntime, isCd: boolean): Fields {
  const fields: Fields = {
    account_failed: true,
    account_invalid: true,
    timed_stats: [],
    wr_highest_offset: 0,
    zone_append_bytes: 0,
    zone_append_merged: 0,
    zone_append_operations: 0,
    zone_append_total_time_ns: 0,
    failed_zone_append_operations: 0,
    invalid_zone_append_operations: 0,
  };
  for (const name of operations) {
    fields[`${name}_operations`] = 0;
    fields[`${name}_total_time_ns`] = 0;
    fields[`failed_${name}_operations`] = 0;
    fields[`invalid_${name}_operations`] = 0;
    if (name === 'flush') continue;
    fields[`${name}_bytes`] = 0;
    fields[`${name}_merged`] = 0;
  }
  if (isCd || runtime.guestAnswers) fields['idle_time_ns'] = 1_000_000;
  return fields;
}

function qmpStatus(guest: QemuGuest): string {
  return guest.runtime?.qmpStatus ?? 'stopped';
}

function usedMemory(cluster: Cluster, guest: QemuGuest, runtime: QemuRuntime): number {
  const bytes = memoryMiB(guest.config.get('memory')) * mib;
  const share = cluster.nowMs - runtime.startedAtMs < guest.behaviour.bootMs ? 0.03 : 0.16;
  return Math.floor(bytes * share);
}

function uptimeS(cluster: Cluster, guest: QemuGuest): number {
  const {runtime} = guest;
  return runtime === undefined ? 0 : Math.floor((cluster.nowMs - runtime.startedAtMs) / 1000);
}

function hasSerial(guest: QemuGuest): boolean {
  return [...guest.config.keys()].some((key) => /^serial\d$/.test(key));
}

function current(context: Context): Reply {
  const {cluster} = context;
  const guest = loadGuest(cluster, context.node, vmidOf(context));
  const fields = basics(cluster, guest);
  fields['qmpstatus'] = qmpStatus(guest);
  fields['ha'] = haFields(cluster, guest.vmid);
  if (agentEnabled(guest)) fields['agent'] = 1;
  const vga = guest.config.get('vga');
  if (vga !== undefined) {
    const properties = parseProperties('vga', vga);
    fields['clipboard'] = properties.get('clipboard') ?? null;
    if (/^(qxl|virtio)/.test(properties.get('type') ?? '')) fields['spice'] = 1;
  }
  if (guest.runtime !== undefined) Object.assign(fields, running(cluster, guest, guest.runtime));
  return data(fields);
}

/** What status/current says of HA: managed or not, its state and group. */
export function haFields(cluster: Cluster, vmid: number): Fields {
  if (!isManaged(cluster, vmid)) return {managed: 0};
  const resource = haResource(cluster, vmid) ?? new Map<string, string>();
  const group = resource.get('group');
  const state = cluster.haManagerUp ? (resource.get('state') ?? 'started') : null;
  return {managed: 1, state, ...(group === undefined ? {} : {group})};
}

function list(context: Context): Reply {
  const {cluster, node} = context;
  const entries: Fields[] = [];
  for (const guest of cluster.guests.values()) {
    if (guest.kind !== 'qemu' || guest.node !== node) continue;
    if (!may(context, `/vms/${guest.vmid}`, ['VM.Audit'])) continue;
    const fields = basics(cluster, guest);
    if (flag(context, 'full')) {
      fields['qmpstatus'] = qmpStatus(guest);
      if (guest.runtime !== undefined)
        Object.assign(fields, running(cluster, guest, guest.runtime));
    }
    entries.push(fields);
  }
  return data(entries);
}

/** The status endpoints. */
export const statusRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/qemu', list),
  route('GET', '/nodes/{node}/qemu/{vmid}/status/current', current),
];
