// Why this exists: the [PENDING] section: what a write leaves there, what of it is void, and how
// GET config and GET pending show it.
import type {PendingEntry} from '../guest/pending.ts';
import {deletion} from '../guest/pending.ts';
import type {QemuGuest} from '../state.ts';
import {keyFacts} from './keys.ts';

const mask = '**********';
const numbers = new Set(['snaptime']);

/** A raw value as the API types it: integers and booleans are numbers, the rest text. */
function typedValue(key: string, raw: string): string | number {
  const type = keyFacts(key)?.type;
  const numeric = type === 'integer' || type === 'boolean' || numbers.has(key);
  return numeric && /^-?\d+$/.test(raw) ? Number(raw) : raw;
}

/** Mark a key for deletion; a later mark replaces an earlier one. */
export function addPendingDelete(guest: QemuGuest, key: string, force: boolean): void {
  guest.pendingDelete.set(key, force ? 'force' : 'normal');
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
    entries.push({
      key,
      value: key === 'cipassword' ? mask : typedValue(key, raw),
      ...(pending === undefined ? {} : {pending: shownPending(key, pending)}),
      ...deletion(guest, key),
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
