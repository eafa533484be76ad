// Why this exists: a guest that a person has just stopped is left alone (safety.md 7). Who stopped
// it is in the node's task list; it is asked only where a guest's power drifted.

import type {Action, Plan} from '../core/action.ts';
import {isObject, type Json} from '../core/json.ts';
import type {ResourceKey} from '../core/model.ts';
import {isPowerDrift} from '../gate/mode.ts';
import type {ClusterParts} from './parts.ts';

const STOPS: ReadonlySet<unknown> = new Set([
  'qmstop',
  'qmshutdown',
  'vzstop',
  'vzshutdown',
  'hastop',
]);

/** Keys of guests with drifted power whose newest stop task is not ours. */
export async function foreignStops(
  parts: ClusterParts,
  plan: Plan,
): Promise<ReadonlySet<ResourceKey>> {
  const drifted = plan.actions.filter(isPowerDrift);
  const judged = await Promise.all(
    drifted.map(async (action) => ((await isForeign(parts, action)) ? action.key : null)),
  );
  return new Set(judged.filter((key) => key !== null));
}

async function isForeign(parts: ClusterParts, {node, vmid}: Action): Promise<boolean> {
  if (node === null || vmid === null) return false;
  const answer = await parts.pve.read(`/nodes/${node}/tasks?vmid=${vmid}&limit=50`);
  // Who stopped it cannot be told: leave it alone, as for another's.
  if (!answer.ok || !Array.isArray(answer.value)) return true;
  const newest = answer.value.filter(isStop).reduce<Json | undefined>(later, undefined);
  return newest !== undefined && !isOurs(newest, parts.user);
}

function isStop(task: Json): boolean {
  return isObject(task) && STOPS.has(task['type']);
}

function later(a: Json | undefined, b: Json): Json {
  return startOf(a) >= startOf(b) && a !== undefined ? a : b;
}

function startOf(task: Json | undefined): number {
  const start = isObject(task) ? task['starttime'] : undefined;
  return typeof start === 'number' ? start : 0;
}

/** Running: user `u@r!t`; finished: user `u@r` and tokenid `t` (proxmox facts section 5). */
function isOurs(task: Json, ours: string): boolean {
  if (!isObject(task)) return false;
  const token = task['tokenid'];
  const user = typeof token === 'string' ? `${String(task['user'])}!${token}` : task['user'];
  return user === ours;
}
