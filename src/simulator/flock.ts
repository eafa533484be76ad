// Why this exists: Proxmox holds a file lock for a whole worker, and others wait up to 10 s for
// it; several of its best-known errors come from here.
import {after} from './clock.ts';
import type {Cluster} from './state.ts';

/** A lock file: who holds it and who waits. */
export interface FileLock {
  shared: boolean;
  holders: number;
  readonly waiting: Waiter[];
}

interface Waiter {
  readonly shared: boolean;
  readonly grant: () => void;
}

/** A wish for a lock file. A clone holds its source's shared; all else is exclusive. */
export interface LockWish {
  readonly file: string;
  readonly shared?: boolean;
  /** Default 10 s; create, clone and restore workers use 1 s. */
  readonly waitMs?: number;
}

/** The lock file of a QEMU guest's configuration. */
export function qemuLockFile(vmid: number): string {
  return `/var/lock/qemu-server/lock-${vmid}.conf`;
}

/** The lock file of a container's configuration. */
export function lxcLockFile(vmid: number): string {
  return `/run/lock/lxc/pve-config-${vmid}.lock`;
}

/**
 * Take a lock: `granted` is called now or when it becomes free, with a function that gives it
 * back (idempotent); `timedOut` instead when the wait was in vain.
 */
export function acquire(
  cluster: Cluster,
  wish: LockWish,
  granted: (release: () => void) => void,
  timedOut: (reason: string) => void,
): void {
  const lock = lockOf(cluster, wish.file);
  const shared = wish.shared === true;
  if (fits(lock, shared)) {
    granted(take(cluster, wish.file, lock, shared));
    return;
  }
  const waiter: Waiter = {
    shared,
    grant: () => {
      cancel();
      granted(take(cluster, wish.file, lock, shared));
    },
  };
  lock.waiting.push(waiter);
  const cancel = after(cluster, wish.waitMs ?? 10_000, () => {
    lock.waiting.splice(lock.waiting.indexOf(waiter), 1);
    timedOut(`can't lock file '${wish.file}' - got timeout`);
  });
}

/** Whether anybody holds the lock file now. */
export function isHeld(cluster: Cluster, file: string): boolean {
  return (cluster.flocks.get(file)?.holders ?? 0) > 0;
}

function lockOf(cluster: Cluster, file: string): FileLock {
  const known = cluster.flocks.get(file);
  if (known !== undefined) {
    return known;
  }
  const fresh: FileLock = {shared: false, holders: 0, waiting: []};
  cluster.flocks.set(file, fresh);
  return fresh;
}

function fits(lock: FileLock, shared: boolean): boolean {
  return lock.holders === 0 || (lock.shared && shared);
}

function take(cluster: Cluster, file: string, lock: FileLock, shared: boolean): () => void {
  lock.shared = shared;
  lock.holders += 1;
  let released = false;
  return () => {
    if (!released) {
      released = true;
      lock.holders -= 1;
      serveWaiting(lock);
      if (lock.holders === 0 && lock.waiting.length === 0) {
        cluster.flocks.delete(file);
      }
    }
  };
}

function serveWaiting(lock: FileLock): void {
  for (let first = lock.waiting[0]; first !== undefined; first = lock.waiting[0]) {
    if (!fits(lock, first.shared)) {
      return;
    }
    lock.waiting.shift();
    first.grant();
  }
}
