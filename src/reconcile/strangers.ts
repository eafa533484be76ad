// Why this exists: two controllers with one token and two journals, or a person who borrows our
// token, cannot be told from us by Proxmox; each takes the other's work for its own. The cluster's
// log names what was begun with our token, and our journal what we began: the rest is somebody
// else's. It is read in passes that are about to write, and only then (decision 21).
import type {Intent, Plan, Verdict} from '../core/action.ts';
import {touchedKeys} from '../core/action.ts';
import {isObject, type Json} from '../core/json.ts';
import type {Inventory, ResourceKey} from '../core/model.ts';
import {parseUpid} from '../pve/wire.ts';
import type {ClusterParts} from './parts.ts';

/** What a loop remembers of others that work with its token. */
export interface Strangers {
  /** The two clocks (ms) at the first pass of this process; null before. */
  began: {readonly wall: number; readonly monotonic: number} | null;
  /** What was seen last, and until when (monotonic ms) it holds writes. */
  seen: {readonly says: string; readonly until: number} | null;
}

/** An empty memory, as after a start. */
export function newStrangers(): Strangers {
  return {began: null, seen: null};
}

/** So long after the last call of a stranger nothing is written. */
const HOLDS_MS = 3_600_000;
/** A journal that was put back, or a process that died, does not know what it began just before. */
const SETTLED_MS = 120_000;
/** Calls wait for locks and workers, and clocks read whole seconds. */
const BEFORE_MS = 600_000;
const AFTER_MS = 120_000;
/** A wall clock that was set since the start dates our own calls wrongly. */
const CLOCK_SET_MS = 60_000;
/** Of a token without Sys.Syslog these are its own lines only. */
const LINES = 500;

/** What this pass found out. */
interface Found {
  readonly plan: Plan;
  readonly verdicts: readonly Verdict[];
  readonly inventory: Pick<Inventory, 'clockOffsetMs'>;
}

/** What somebody else did with our token within the last hour; null: nothing that is known. */
export async function strangerOf(
  parts: ClusterParts,
  memory: Strangers,
  found: Found,
): Promise<string | null> {
  const {clock, applier, pve} = parts;
  if (applier === null) return null;
  const [wall, monotonic] = [clock.now(), clock.monotonic()];
  memory.began ??= {wall, monotonic};
  if (memory.seen !== null && memory.seen.until <= monotonic) memory.seen = null;
  if (!isAboutToWrite(found)) return memory.seen?.says ?? null;
  const aliveMs = monotonic - memory.began.monotonic;
  const isSet = Math.abs(wall - memory.began.wall - aliveMs) > CLOCK_SET_MS;
  if (isSet || aliveMs <= SETTLED_MS) return memory.seen?.says ?? null;
  const answer = await pve.read(`/cluster/log?max=${LINES}`);
  // Who may not read it, or cannot, goes on as before: an absence of proof holds nobody.
  const lines = answer.ok && Array.isArray(answer.value) ? answer.value : [];
  const acts = actsIn(lines, parts, found.inventory)
    .map((act) => ({...act, ageMs: wall - act.at}))
    .filter(({ageMs}) => ageMs < Math.min(HOLDS_MS, aliveMs - SETTLED_MS));
  const strange = acts.length === 0 ? [] : notOurs(acts, parts, wall);
  const newest = strange.toSorted((a, b) => b.at - a.at)[0];
  if (newest !== undefined) remember(parts, memory, newest, monotonic);
  return memory.seen?.says ?? null;
}

function isAboutToWrite({plan, verdicts}: Found): boolean {
  const allowed = new Set(
    verdicts.flatMap((one) => (one.verdict === 'allow' ? [one.fingerprint] : [])),
  );
  return plan.actions.some(({verb, fingerprint}) => verb !== 'none' && allowed.has(fingerprint));
}

/** One thing that was begun with our token. */
interface Act {
  readonly vmid: number;
  /** ms since the epoch, by our clock. */
  readonly at: number;
  readonly node: string;
  readonly says: string;
  /** Null for a call that leaves no task. */
  readonly upid: string | null;
}

function actsIn(
  lines: readonly Json[],
  {user, pve}: Pick<ClusterParts, 'user' | 'pve'>,
  {clockOffsetMs}: Pick<Inventory, 'clockOffsetMs'>,
): readonly Act[] {
  return lines.flatMap((line) => {
    if (!isObject(line) || line['user'] !== user) return [];
    const {time, node, msg} = line;
    if (typeof time !== 'number' || typeof node !== 'string' || typeof msg !== 'string') return [];
    const offsetMs = clockOffsetMs[node] ?? pve.clockOffsetMs() ?? 0;
    const act = actOf(msg);
    return act === null ? [] : [{...act, node, at: time * 1000 - offsetMs}];
  });
}

/** To look at a screen changes nothing. */
const LOOKING = /^(?:vnc|spice|term)/;

function actOf(text: string): Pick<Act, 'vmid' | 'says' | 'upid'> | null {
  const [, upid] = /^starting task (UPID:\S+)/.exec(text) ?? [];
  if (upid !== undefined) {
    const task = parseUpid(upid);
    const [id] = /^\d+/.exec(task?.id ?? '') ?? [];
    if (task === null || id === undefined || LOOKING.test(task.type)) return null;
    return {vmid: Number(id), says: `${task.type} of ${id} (${upid})`, upid};
  }
  const [, kind, id] = /^update (VM|CT) (\d+): /.exec(text) ?? [];
  // We revert what a call of ours left pending, perhaps long after it.
  if (id === undefined || / -?-revert /.test(text)) return null;
  return {vmid: Number(id), says: `an update of ${kind} ${id}`, upid: null};
}

/** The acts that no intent of ours can explain. */
function notOurs<T extends Act>(
  acts: readonly T[],
  {journal, cluster}: Pick<ClusterParts, 'journal' | 'cluster'>,
  now: number,
): readonly T[] {
  const open = journal.unfinished(cluster);
  const known = new Set([
    ...journal.tasksOf(cluster, null, now - 2 * HOLDS_MS),
    ...open.flatMap(({upid}) => upid ?? []),
  ]);
  const left = acts.filter(({upid}) => upid === null || !known.has(upid));
  if (left.length === 0) return [];
  const ours = [...journal.intentsSince(cluster, now - HOLDS_MS - BEFORE_MS), ...open];
  return left.filter(({upid, vmid, at}) => {
    const key: ResourceKey = `guest/${vmid}`;
    const near = ours.filter((intent) => concerns(intent, key) && isNear(intent, at));
    // A call whose answer was lost has a task that the journal does not name.
    return !near.some((intent) => upid === null || (intent.upid === null && isTask(intent)));
  });
}

function isTask({step}: Intent): boolean {
  return step.kind === 'task';
}

/** Whether its call may have been carried out then; one without an end may be at any time. */
function isNear({openedAt, state}: Intent, at: number): boolean {
  if (at < openedAt - AFTER_MS) return false;
  return state === 'open' || state === 'unknown' || at <= openedAt + BEFORE_MS;
}

/** Whether its call is listed by that guest: its own, its source's, that of who takes a disk. */
function concerns({action, step}: Intent, key: ResourceKey): boolean {
  const source = /\/(?:qemu|lxc)\/(\d+)\//.exec(step.call.path)?.[1];
  return touchedKeys(action).includes(key) || key === `guest/${source}`;
}

function remember(
  {log, user, cluster}: ClusterParts,
  memory: Strangers,
  {says, node, at, ageMs}: Act & {readonly ageMs: number},
  monotonic: number,
): void {
  const time = new Date(at).toISOString().slice(0, 19);
  const text = `somebody else used our token ${user} on ${node} at ${time}Z: ${says}`;
  if (memory.seen?.says !== text) log.warn('our token is used by somebody else', {cluster, says});
  memory.seen = {says: text, until: monotonic + HOLDS_MS - Math.max(0, ageMs)};
}
