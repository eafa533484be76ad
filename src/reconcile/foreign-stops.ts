// Why this exists: a guest that a person has just stopped is left alone (safety.md 7). Who stopped
// it is in the node's task list; it is asked only where a guest's power drifted.

import type {Action, Plan} from '../core/action.ts';
import {isObject, type Json} from '../core/json.ts';
import type {ResourceKey} from '../core/model.ts';
import {isPowerDrift} from '../gate/mode.ts';
import type {ClusterParts} from './parts.ts';

const STOPS = ['qmstop', 'qmshutdown', 'vzstop', 'vzshutdown', 'hastop'] as const;
/** So many tasks are asked for at a time. */
const MOST = 50;

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
  const ask = (filter: string) => tasksOf(parts, `/nodes/${node}/tasks?vmid=${vmid}${filter}`);
  const newest = await ask('');
  // Who stopped it cannot be told: leave it alone, as for another's.
  if (newest === null) return true;
  // A guest that is copied every few minutes has many tasks later than its stop.
  const isCut = newest.length >= MOST && !newest.some(isStop);
  const lists = isCut ? await Promise.all(STOPS.map((type) => ask(`&typefilter=${type}`))) : [];
  if (lists.includes(null)) return true;
  const stops = [newest, ...lists].flatMap((list) => list ?? []).filter(isStop);
  const last = stops.reduce<Json | undefined>(later, undefined);
  return last !== undefined && !isOurs(last, parts.user);
}

async function tasksOf({pve}: ClusterParts, path: string): Promise<readonly Json[] | null> {
  const answer = await pve.read(`${path}&limit=${MOST}`);
  return answer.ok && Array.isArray(answer.value) ? answer.value : null;
}

function isStop(task: Json): boolean {
  return isObject(task) && STOPS.some((type) => type === task['type']);
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
