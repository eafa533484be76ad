// Why this exists: who holds a lease is told by a name, and a holder that was killed cannot give it
// back. Where its end can be proven (same machine, same boot, same process names), the next one
// does not wait for the lease to run out.
import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import type {Journal} from '../core/ports.ts';

/** Names this process in a lease, for people and for `isGone`. */
export function holderName(what: string): string {
  const life = lifeOf(process.pid);
  const where = world();
  const mark = life === null || where === null ? '' : `, ${where}-${life}`;
  return `${what} on ${hostname()} (process ${process.pid}${mark})`;
}

/**
 * Whether the named holder has certainly ended. False whenever that cannot be told: another
 * machine or boot, other process names (containers), no /proc.
 */
export function isGone(holder: string): boolean {
  const match = /\(process (\d+), ([0-9a-f]{8}-\d+)-(\d+)\)$/.exec(holder);
  const [, pid, where, life] = match ?? [];
  if (pid === undefined || where === undefined || where !== world()) return false;
  if (!answers(Number(pid))) return true;
  const now = lifeOf(Number(pid));
  // The number was given to another process since.
  return now !== null && now !== life;
}

/** The journal, where a lease of a process that is gone counts as given back. */
export function withoutTheDead(journal: Journal): Journal {
  return {
    ...journal,
    acquireLease: (cluster, holder, now, ttlMs) => {
      const lease = journal.acquireLease(cluster, holder, now, ttlMs);
      if (lease.kind === 'held' || !isGone(lease.holder)) return lease;
      journal.releaseLease(cluster, lease.holder);
      return journal.acquireLease(cluster, holder, now, ttlMs);
    },
  };
}

/** This boot of this machine, and which process names hold here; null where there is no /proc. */
function world(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    const names = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
    return names === undefined ? null : `${boot}-${names}`;
  } catch {
    return null;
  }
}

/** When a process began, in ticks since the boot (field 22 of proc(5) stat); null if unknown. */
function lifeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

/** Signal 0 asks; a process of another user exists too, it only refuses (EPERM). */
function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
