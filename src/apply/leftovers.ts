// Why this exists: a QEMU configuration write that ends in an error may leave any part of its keys
// pending, unapplied even on a stopped guest; the next successful write or start would apply them.
// What we left is reverted before anything else happens (safety.md 8; proxmox facts section 20.3).
import {isObject} from '../core/json.ts';
import type {ApplyContext} from './context.ts';
import type {StepRun} from './run-step.ts';

const NOT_KEYS = new Set(['delete', 'digest', 'force', 'revert', 'background_delay', 'skiplock']);

/**
 * Reverts what our failed write left pending; a sentence about it, or null when nothing was left.
 */
export async function clearLeftovers(context: ApplyContext, run: StepRun): Promise<string | null> {
  const {step} = run;
  if (step.operation !== 'config' && step.operation !== 'allocate') return null;
  const base = /^(\/nodes\/[^/]+\/qemu\/\d+)\/config$/.exec(step.call.path)?.[1];
  if (base === undefined) return null;
  const keys = ours(step.call.params);
  const left = await leftPending(context, base, keys);
  if (left === null) return 'what it left pending could not be read';
  if (left.length === 0) return null;
  const answer = await context.pve.write({
    method: 'PUT',
    path: `${base}/config`,
    params: {revert: left.join(',')},
  });
  if (!answer.ok) return `left pending, and reverting failed: ${left.join(', ')}`;
  const still = await leftPending(context, base, keys);
  if (still === null || still.length > 0) return `left pending: ${(still ?? left).join(', ')}`;
  return `reverted what it left pending: ${left.join(', ')}`;
}

function ours(params: StepRun['step']['call']['params']): ReadonlySet<string> {
  const keys = Object.keys(params).filter((key) => !NOT_KEYS.has(key));
  const deleted = params['delete'];
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
