// Why this exists: /cluster/resources shows name, status, cores and memory as the statistics daemon
// last broadcast them, every 10 s, so it lags behind and remembers the dead (facts.md section 16).
import {after} from './clock.ts';
import type {Cluster, Guest, Published} from './state.ts';

const cycleMs = 10_000;
const mib = 1024 ** 2;

/** Broadcast every 10 s from now on. */
export function startStatistics(cluster: Cluster): void {
  after(cluster, cycleMs, () => {
    publishNow(cluster);
    startStatistics(cluster);
  });
}

/** Broadcast now: every guest of every online node; guests that are gone are forgotten. */
export function publishNow(cluster: Cluster): void {
  for (const [vmid, published] of cluster.published) {
    const isOnline = cluster.nodes.get(published.node)?.online === true;
    if (isOnline && !cluster.guests.has(vmid)) {
      cluster.published.delete(vmid);
    }
  }
  for (const guest of cluster.guests.values()) {
    if (cluster.nodes.get(guest.node)?.online === true) {
      cluster.published.set(guest.vmid, statistics(cluster, guest));
    }
  }
}

/** A guest's figures as of now. */
function statistics(cluster: Cluster, guest: Guest): Published {
  const {config} = guest;
  const isQemu = guest.kind === 'qemu';
  const fallback = isQemu ? `VM ${guest.vmid}` : `CT${guest.vmid}`;
  const disk = isQemu ? bootDisk(config) : config.get('rootfs');
  return {
    atMs: cluster.nowMs,
    node: guest.node,
    name: config.get(isQemu ? 'name' : 'hostname') ?? fallback,
    status: guest.runtime === undefined ? 'stopped' : 'running',
    template: config.get('template') === '1' ? 1 : 0,
    maxcpu: isQemu ? qemuCpus(config) : containerCpus(cluster, guest),
    maxmemBytes: memoryMiB(config) * mib,
    maxdiskBytes: sizeOf(disk),
    startedAtMs: guest.runtime?.startedAtMs,
  };
}

/** Bytes of a `size=` text such as `32G`, `528K` or `3584M`; 0 without one. */
function sizeOf(drive: string | undefined): number {
  const match = /(?:^|,)size=(\d+(?:\.\d+)?)([KMGT]?)/.exec(drive ?? '');
  const unit = ['', 'K', 'M', 'G', 'T'].indexOf(match?.[2] ?? '');
  return match === null ? 0 : Math.round(Number(match[1]) * 1024 ** unit);
}

function memoryMiB(config: ReadonlyMap<string, string>): number {
  const text = config.get('memory') ?? '512';
  return Number(/(\d+)/.exec(text)?.[1] ?? 512);
}

function qemuCpus(config: ReadonlyMap<string, string>): number {
  const all = Number(config.get('sockets') ?? 1) * Number(config.get('cores') ?? 1);
  return Number(config.get('vcpus') ?? all);
}

/** Cores, else the limit, else all of the node's. */
function containerCpus(cluster: Cluster, guest: Guest): number {
  const {config} = guest;
  return Number(config.get('cores')) || Number(config.get('cpulimit')) || nodeCpus(cluster, guest);
}

function nodeCpus(cluster: Cluster, guest: Guest): number {
  return cluster.nodes.get(guest.node)?.cpus ?? 1;
}

/** The first disk of the boot order that is no CD drive, as the daemon reports its size. */
function bootDisk(config: ReadonlyMap<string, string>): string | undefined {
  const order = /order=([^,]*)/.exec(config.get('boot') ?? '')?.[1]?.split(';') ?? [];
  for (const device of order) {
    const drive = config.get(device);
    if (drive !== undefined && /^(ide|sata|scsi|virtio)\d+$/.test(device)) {
      if (!/(^|,)media=cdrom/.test(drive)) {
        return drive;
      }
    }
  }
  return undefined;
}
