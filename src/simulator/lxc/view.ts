// Why this exists: a container's file as GET config and GET pending show it: typed, pending merged
// in, raw lxc entries as pairs, and what only some may read left out.
import type {PendingEntry} from '../guest/pending.ts';
import {deletion} from '../guest/pending.ts';
import {may} from '../permission.ts';
import type {Context} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import {keyFacts, typedValue} from './keys.ts';

/** A section as GET config answers it, with the digest when one is given. */
export function configView(
  context: Context,
  vmid: number,
  section: ReadonlyMap<string, string>,
  digest?: string,
): Record<string, unknown> {
  const {version} = context.cluster;
  const view: Record<string, unknown> = {};
  for (const [key, raw] of section) {
    if (isHidden(context, vmid, key)) continue;
    view[key] = key === 'lxc' ? rawEntries(raw) : typedValue(version, key, raw);
  }
  if (digest !== undefined) view['digest'] = digest;
  return view;
}

/** The entries of GET pending. */
export function pendingView(
  context: Context,
  guest: LxcGuest,
  digest: string,
): readonly PendingEntry[] {
  const {version} = context.cluster;
  const entries: PendingEntry[] = [{key: 'digest', value: digest}];
  for (const [key, raw] of guest.config) {
    if (key === 'lxc' || isHidden(context, guest.vmid, key)) continue;
    const pending = guest.pending.get(key);
    entries.push({
      key,
      value: typedValue(version, key, raw),
      ...(pending === undefined ? {} : {pending: typedValue(version, key, pending)}),
      ...deletion(guest, key),
    });
  }
  for (const [key, raw] of guest.pending) {
    if (guest.config.has(key) || isHidden(context, guest.vmid, key)) continue;
    entries.push({key, pending: typedValue(version, key, raw)});
  }
  return entries;
}

/** 9.1 shows the environment to those only who may set it; 8.4 knows none. */
function isHidden(context: Context, vmid: number, key: string): boolean {
  if (key !== 'env' || keyFacts(context.cluster.version, 'env') === undefined) return false;
  return !may(context, `/vms/${vmid}`, ['VM.Config.Options']);
}

/** Lines `lxc.key: value` as pairs. */
function rawEntries(raw: string): readonly (readonly [string, string])[] {
  return raw
    .split('\n')
    .map((line) => /^([^:]+): ?(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [match[1] ?? '', match[2] ?? ''] as const);
}
