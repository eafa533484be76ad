// Why this exists: a one-shot apply is a controller for the length of one command: it leads the
// cluster, or it does nothing.
import type {Clock, Journal} from '../core/ports.ts';
import {holderName} from './holder.ts';

const LEASE_MS = 30_000;

/** A held lease; `end` gives it back. */
export interface HeldLease {
  /** Whether this process still leads; renews the lease if so. */
  leads(): boolean;
  end(): Promise<void>;
}

/** Leads the cluster until ended; or says who does. */
export function holdLease(
  journal: Journal,
  cluster: string,
  clock: Clock,
): HeldLease | {readonly holder: string} {
  const holder = holderName('pvegit apply');
  const acquire = () => journal.acquireLease(cluster, holder, clock.now(), LEASE_MS);
  const lease = acquire();
  if (lease.kind === 'other') return {holder: lease.holder};
  const stop = new AbortController();
  const renewing = renew();
  // Why it could not be renewed is told by whoever asks `leads`, or at the end.
  renewing.catch(() => {});
  return {
    leads: () => acquire().kind === 'held',
    end: async () => {
      stop.abort();
      await renewing;
      journal.releaseLease(cluster, holder);
    },
  };

  async function renew(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(LEASE_MS / 3, stop.signal);
      if (!stop.signal.aborted) acquire();
    }
  }
}
