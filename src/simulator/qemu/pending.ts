// Why this exists: the [PENDING] section: what a write leaves there, what of it is void, and how
// GET config and GET pending show it.
import type {QemuGuest} from '../state.ts';
import {keyFacts} from './keys.ts';

/** One entry of GET pending. */
export interface PendingEntry {
  readonly key: string;
  readonly value?: string | number;
  readonly pending?: string | number;
  readonly delete?: 1 | 2;
}

const mask = '**********';
const numbers = new Set(['snaptime']);

/** A raw value as the API types it: integers and booleans are numbers, the rest text. */
export function typedValue(key: string, raw: string): string | number {
  const type = keyFacts(key)?.type;
  const numeric = type === 'integer' || type === 'boolean' || numbers.has(key);
  return numeric && /^-?\d+$/.test(raw) ? Number(raw) : raw;
}

/** Mark a key for deletion; a later mark replaces an earlier one. */
export function addPendingDelete(guest: QemuGuest, key: string, force: boolean): void {
  guest.pendingDelete.set(key, force ? 'force' : 'normal');
}

/** Drop what is void: a pending value equal to the current one, a delete of what is not there. */
export function cleanupPending(guest: QemuGuest): void {
  for (const [key, value] of [...guest.pending]) {
    if (guest.config.get(key) === value) guest.pending.delete(key);
  }
  for (const key of [...guest.pendingDelete.keys()]) {
    if (!guest.config.has(key)) guest.pendingDelete.delete(key);
  }
}

/** Whether anything waits in [PENDING]. */
export function hasPending(guest: QemuGuest): boolean {
  return guest.pending.size > 0 || guest.pendingDelete.size > 0;
}

/** The current section with pending work merged in, as GET config shows it. */
export function mergedConfig(guest: QemuGuest): Map<string, string> {
  const merged = new Map([...guest.config, ...guest.pending]);
  for (const key of guest.pendingDelete.keys()) merged.delete(key);
  return merged;
}

/** A section as GET config answers it: typed, the password masked, the digest added. */
export function configView(
  section: ReadonlyMap<string, string>,
  digest?: string,
): Record<string, string | number> {
  const view: Record<string, string | number> = {};
  for (const [key, raw] of section) view[key] = key === 'cipassword' ? mask : typedValue(key, raw);
  if (digest !== undefined) view['digest'] = digest;
  return view;
}

/** The entries of GET pending. */
export function pendingView(guest: QemuGuest, digest: string): readonly PendingEntry[] {
  const entries: PendingEntry[] = [{key: 'digest', value: digest}];
  for (const [key, raw] of guest.config) {
    const pending = guest.pending.get(key);
    const deletes = guest.pendingDelete.get(key);
    entries.push({
      key,
      value: key === 'cipassword' ? mask : typedValue(key, raw),
      ...(pending === undefined ? {} : {pending: shownPending(key, pending)}),
      ...(deletes === undefined ? {} : {delete: deletes === 'force' ? 2 : 1}),
    });
  }
  for (const [key, raw] of guest.pending) {
    if (!guest.config.has(key)) entries.push({key, pending: shownPending(key, raw)});
  }
  return entries;
}

/** A pending password is masked with a trailing blank, so that it differs from the value. */
function shownPending(key: string, raw: string): string | number {
  return key === 'cipassword' ? `${mask} ` : typedValue(key, raw);
}
