// Why this exists: changes of a guest of any kind may wait in a section of their own in the file:
// what of them is void, and how GET config merges the rest in (PVE::AbstractConfig).
import type {Guest} from '../state.ts';

/** One entry of GET pending. */
export interface PendingEntry {
  readonly key: string;
  readonly value?: string | number;
  readonly pending?: string | number;
  /** 2: the volume goes too, as `force` asked. */
  readonly delete?: 1 | 2;
}

/** Drop what is void: a pending value equal to the current one, a delete of what is not there. */
export function cleanUpPending(guest: Guest): void {
  for (const [key, value] of [...guest.pending]) {
    if (guest.config.get(key) === value) guest.pending.delete(key);
  }
  for (const key of [...guest.pendingDelete.keys()]) {
    if (!guest.config.has(key)) guest.pendingDelete.delete(key);
  }
}

/** Whether anything waits. */
export function hasPending(guest: Guest): boolean {
  return guest.pending.size > 0 || guest.pendingDelete.size > 0;
}

/** The current section with pending work merged in; a pending delete spares what is false. */
export function mergedConfig(guest: Guest): Map<string, string> {
  const merged = new Map([...guest.config, ...guest.pending]);
  for (const key of guest.pendingDelete.keys()) {
    if (merged.get(key) !== '0') merged.delete(key);
  }
  return merged;
}

/** How GET pending shows that a key waits to be deleted, if it does. */
export function deletion(guest: Guest, key: string): Pick<PendingEntry, 'delete'> {
  const how = guest.pendingDelete.get(key);
  return how === undefined ? {} : {delete: how === 'force' ? 2 : 1};
}
