// Why this exists: what befalls a whole cluster (nodes that leave and return, lost quorum, skewed
// clocks, rights taken away, locks that stay), by name for a test or drawn from a seed.
import {after} from './clock.ts';
import type {RequestFault, SeededFaults, TaskFault} from './faults.ts';
import {seededRandom} from './random.ts';
import type {Cluster} from './state.ts';

/** The node answers nothing for a while (for ever without `backAfterMs`); its guests go on. */
export function takeNodeOffline(cluster: Cluster, name: string, backAfterMs?: number): void {
  const node = cluster.nodes.get(name);
  if (node === undefined) {
    return;
  }
  node.online = false;
  if (backAfterMs !== undefined) {
    after(cluster, backAfterMs, () => {
      const same = cluster.nodes.get(name);
      if (same !== undefined) {
        same.online = true;
      }
    });
  }
}

/** Reads go on, writes are refused, until quorum is back. */
export function loseQuorum(cluster: Cluster, backAfterMs?: number): void {
  cluster.quorate = false;
  if (backAfterMs !== undefined) {
    after(cluster, backAfterMs, () => {
      cluster.quorate = true;
    });
  }
}

/** A node's daemon is restarted: plain reads work, the rest gives 595 meanwhile. */
export function restartDaemon(cluster: Cluster, name: string, takesMs: number): void {
  const node = cluster.nodes.get(name);
  if (node === undefined) {
    return;
  }
  node.daemonUp = false;
  after(cluster, takesMs, () => {
    const same = cluster.nodes.get(name);
    if (same !== undefined) {
      same.daemonUp = true;
    }
  });
}

/** A node's clock is ahead (or behind, negative) from now on. */
export function skewClock(cluster: Cluster, name: string, byMs: number): void {
  const node = cluster.nodes.get(name);
  if (node !== undefined) {
    node.clockSkewMs = byMs;
  }
}

/** A user or token loses all its entries on a path, or everywhere. */
export function revoke(cluster: Cluster, subject: string, path?: string): void {
  cluster.access.acl = cluster.access.acl.filter(
    (entry) => entry.subject !== subject || (path !== undefined && entry.path !== path),
  );
}

/** A guest carries a `lock` that nobody will clear, as after a crashed worker. */
export function leaveLock(cluster: Cluster, vmid: number, lock: string): void {
  cluster.guests.get(vmid)?.config.set('lock', lock);
}

/** How often seeded faults come, as shares of requests and tasks. */
export interface Rates {
  readonly requests: number;
  readonly tasks: number;
}

/** From now on a share of requests and tasks suffers, the same for the same seed. */
export function seedFaults(cluster: Cluster, seed: number, rates: Rates): void {
  cluster.faults.seeded = seededFaults(seed, rates);
}

const lockTimeout = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";

const requestFaults: readonly RequestFault[] = [
  {kind: 'cut-before'},
  {kind: 'cut-after'},
  {kind: 'answer-lost'},
  {kind: 'answer-lost', afterMs: 200},
  {kind: 'answer', status: 595, reason: 'Connection refused'},
  {kind: 'answer', status: 500, reason: lockTimeout},
  {kind: 'answer', status: 500, reason: 'cluster not ready - no quorum?'},
  {kind: 'answer', status: 401, reason: 'Authentication failed!'},
  {kind: 'slow', delayMs: 9_000},
  {kind: 'no-answer'},
];

const taskFaults: readonly TaskFault[] = [
  {kind: 'fails', text: 'command failed: exit code 1', when: 'start'},
  {kind: 'fails', text: 'command failed: exit code 1', when: 'end'},
  {kind: 'warns', text: 'something odd'},
  {kind: 'late', delayMs: 45_000},
  {kind: 'killed', afterMs: 120},
  {kind: 'vanishes'},
];

function seededFaults(seed: number, rates: Rates): SeededFaults {
  const random = seededRandom(seed);
  return {
    request: () =>
      random.unit() < rates.requests
        ? requestFaults[random.below(requestFaults.length)]
        : undefined,
    task: () =>
      random.unit() < rates.tasks ? taskFaults[random.below(taskFaults.length)] : undefined,
  };
}
