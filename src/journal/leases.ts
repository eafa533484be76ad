// Why this exists: two controllers on one cluster would undo each other's work. One holds the
// lease; its fencing token grows with every change of holder, so a former holder can be told apart.
import type {LeaseResult} from '../core/ports.ts';
import type {Store} from './store.ts';

/** No lease is given for longer; half a minute is usual. */
const LONGEST_MS = 600_000;

/** Takes or renews a cluster's lease; it may be taken over once it was not renewed for `ttlMs`. */
export function acquireLease(
  store: Store,
  cluster: string,
  holder: string,
  now: number,
  ttlMs: number,
): LeaseResult {
  return store.atomically(() => {
    const sql = 'SELECT holder, token, expires_at FROM leases WHERE cluster = ?';
    const row = store.get(sql, cluster);
    const last = row === null ? 0 : Number(row.token);
    const expiresAt = row === null ? 0 : Number(row.expires_at);
    const current = typeof row?.holder === 'string' ? row.holder : null;
    if (current !== null && current !== holder && expiresAt > now) {
      if (expiresAt <= now + LONGEST_MS) return {kind: 'other', holder: current, expiresAt};
      // Given before the clock was set back: a living holder renews it in time, a dead one never.
      const lapsesAt = Math.trunc(now + ttlMs);
      store.run('UPDATE leases SET expires_at = ? WHERE cluster = ?', lapsesAt, cluster);
      return {kind: 'other', holder: current, expiresAt: lapsesAt};
    }
    const token = current === holder ? last : last + 1;
    store.run(
      'INSERT OR REPLACE INTO leases (cluster, holder, token, expires_at) VALUES (?, ?, ?, ?)',
      ...[cluster, holder, token, Math.trunc(now + ttlMs)],
    );
    return {kind: 'held', token};
  });
}

/** Gives the lease back; does nothing when somebody else holds it. The token stays known. */
export function releaseLease(store: Store, cluster: string, holder: string): void {
  const sql = 'UPDATE leases SET holder = NULL, expires_at = 0 WHERE cluster = ? AND holder = ?';
  store.run(sql, cluster, holder);
}

/** Who holds a cluster's lease, if anybody does; nothing is changed by asking. */
export function leaderOf(store: Store, cluster: string, now: number): string | null {
  const sql = 'SELECT holder FROM leases WHERE cluster = ? AND expires_at > ?';
  const row = store.get(sql, cluster, Math.trunc(now));
  return typeof row?.holder === 'string' ? row.holder : null;
}
