// Why this exists: a QEMU configuration write that ends in an error may leave any part of its keys
// pending, unapplied even on a stopped guest; the next successful write or start would apply them.
// What we left is reverted before anything else happens (safety.md 8; proxmox facts section 20.3).
import type {CallStep, Intent} from '../core/action.ts';
import {isObject} from '../core/json.ts';
import type {Observed} from '../core/model.ts';
import {type ApplyContext, kindOf} from './context.ts';
import {observeNow} from './observe.ts';

const NOT_KEYS = new Set(['delete', 'digest', 'force', 'revert', 'background_delay', 'skiplock']);

/** Whether a step writes a QEMU configuration, so that it can leave work pending. */
export function leavesPending(step: CallStep): boolean {
  return baseOf(step) !== null;
}

/** Configuration keys with pending work, as an observation shows them. */
export function pendingKeys(observed: Observed | null): readonly string[] {
  const {configured, active} = observed?.raw ?? {};
  if (!isObject(configured) || !isObject(active)) return [];
  const keys = new Set([...Object.keys(configured), ...Object.keys(active)]);
  return [...keys].filter((key) => configured[key] !== active[key]).sort();
}

/**
 * Reverts what a write that did not succeed left pending; a sentence about it, or null when nothing
 * was left. What was pending before the write is somebody else's, and stays; so does all that waits
 * in a guest that has taken the place of ours meanwhile.
 */
export async function clearLeftovers(
  context: ApplyContext,
  intent: Intent,
): Promise<string | null> {
  const {step, pendingBefore} = intent;
  const base = baseOf(step);
  if (base === null) return null;
  const digest = await digestOfOurs(context, intent);
  if (digest === 'unread') return UNREAD;
  if (digest === 'gone') return null;
  const keys = writtenKeys(step);
  const pending = await leftPending(context, base, keys);
  if (pending === null) return UNREAD;
  const former = new Set(pendingBefore ?? keys);
  const left = pending.filter((key) => !former.has(key));
  if (left.length === 0) return null;
  const answer = await context.pve.write({
    method: 'PUT',
    path: `${base}/config`,
    params: {revert: left.join(','), digest: digest.value},
  });
  if (!answer.ok) return `left pending, and reverting failed: ${left.join(', ')}`;
  const still = (await leftPending(context, base, new Set(left))) ?? left;
  if (still.length > 0) return `left pending: ${still.join(', ')}`;
  return `reverted what it left pending: ${left.join(', ')}`;
}

const UNREAD = 'what it left pending could not be read';

/** The digest of the guest that was written to, as it is now; `gone`: it is another, or none. */
async function digestOfOurs(
  context: ApplyContext,
  {action, key, vmid, node, step}: Intent,
): Promise<{readonly value: string} | 'unread' | 'gone'> {
  const kind = kindOf(context, action.kind);
  if (kind === null) return 'unread';
  const seen = await observeNow(context, kind, {key, vmid, node});
  if (seen.kind === 'undetermined') return 'unread';
  if (seen.kind !== 'present') return 'gone';
  const {ownership, witness, digest} = seen.observed;
  const expected = step.guard.state === 'unmarked' ? 'unmarked' : 'ours';
  const isOther = step.guard.witness !== null && witness !== step.guard.witness;
  if (ownership.kind !== expected || isOther) return 'gone';
  return digest === null ? 'unread' : {value: digest};
}

function baseOf(step: CallStep): string | null {
  if (step.operation !== 'config' && step.operation !== 'allocate') return null;
  return /^(\/nodes\/[^/]+\/qemu\/\d+)\/config$/.exec(step.call.path)?.[1] ?? null;
}

function writtenKeys({call}: CallStep): ReadonlySet<string> {
  const keys = Object.keys(call.params).filter((key) => !NOT_KEYS.has(key));
  const deleted = call.params['delete'];
  if (typeof deleted === 'string') keys.push(...deleted.split(','));
  return new Set(keys);
}

async function leftPending(
  context: ApplyContext,
  base: string,
  keys: ReadonlySet<string>,
): Promise<readonly string[] | null> {
  const answer = await context.pve.read(`${base}/pending`);
  if (!answer.ok || !Array.isArray(answer.value)) return null;
  return answer.value.flatMap((entry) => {
    if (!isObject(entry) || typeof entry['key'] !== 'string' || !keys.has(entry['key'])) return [];
    return 'pending' in entry || 'delete' in entry ? [entry['key']] : [];
  });
}
