// Why this exists: a request that was fully sent is carried out even if its answer is lost. Before
// anything else happens to that guest, this finds out what became of it (safety.md 8).
import type {Intent} from '../core/action.ts';
import {isObject} from '../core/json.ts';
import type {PveError} from '../core/model.ts';
import {isNodeTime, parseUpid} from '../pve/wire.ts';
import type {ApplyContext} from './context.ts';
import {kindOf} from './context.ts';
import {observeNow} from './observe.ts';
import {judgeState, type Resolution} from './resolve-state.ts';
import {sourceOfClone, taskTypeOf} from './task-types.ts';

/** How long an absence must last before it proves that nothing was created. */
const ABSENT_PROOF_MS = 30_000;
const POLL_MS = 2_000;
/** Clocks read whole seconds and are set now and then: a little more is looked at than needed. */
const MARGIN_MS = 5_000;
/** Where the node does not say its time, another node's must do. */
const WIDE_MARGIN_MS = 120_000;
/** When nobody can tell how long ago the intent was, because our clock was set back since. */
const LONG_AGO_MS = 86_400_000;

export type {Resolution} from './resolve-state.ts';

/** How an intent is looked at. */
export interface Search {
  readonly signal: AbortSignal;
  /** Monotonic ms at which it was journalled, if that was in this process. */
  readonly askedAt?: number;
}

/**
 * Finds out what became of an open intent's call: by its task first, else by state. Waits (up to
 * the step's own deadline) while it is still under way. `unknown` means only a person can say.
 */
export async function resolveIntent(
  context: ApplyContext,
  intent: Intent,
  search: Search,
): Promise<Resolution> {
  const {signal} = search;
  const timeoutMs = intent.step.timeoutMs;
  if (intent.upid !== null) return awaitTask(context, {...intent, upid: intent.upid}, search);
  const deadline = context.clock.monotonic() + Math.max(timeoutMs, 2 * ABSENT_PROOF_MS);
  let last: Resolution = {kind: 'unknown', because: 'it was not looked at yet'};
  while (!signal.aborted && !isSaid(context, intent)) {
    const found = await findTask(context, intent, search);
    if (found.kind === 'found') {
      context.journal.setTask(intent.id, found.upid);
      return awaitTask(context, {...intent, upid: found.upid}, search);
    }
    const looked =
      found.kind === 'unreadable'
        ? {kind: 'wait' as const, because: found.because}
        : await lookAtState(context, intent, search);
    if (looked.kind !== 'wait') return looked;
    last = {kind: 'unknown', because: looked.because};
    if (context.clock.monotonic() >= deadline) break;
    await context.clock.sleep(POLL_MS, signal);
  }
  return last;
}

/** A person has said meanwhile what became of it: there is nothing left to find out. */
function isSaid({journal}: ApplyContext, {id}: Intent): boolean {
  const state = journal.intent(id)?.state;
  return state === 'done' || state === 'interrupted';
}

/** Waits for a known task and then looks at the state that it left. */
async function awaitTask(
  context: ApplyContext,
  intent: Intent & {readonly upid: string},
  search: Search,
): Promise<Resolution> {
  const {upid} = intent;
  const {signal} = search;
  const ended = await context.pve.task(upid, {timeoutMs: intent.step.timeoutMs, signal});
  if (!ended.ok) return withoutTask(context, intent, {error: ended.error, search});
  if (ended.value.success) return {kind: 'done', because: ended.value.exitStatus, upid};
  return {kind: 'failed', because: ended.value.exitStatus, upid};
}

/** A task that nobody knows any more has ended; one that cannot be asked about may still run. */
async function withoutTask(
  context: ApplyContext,
  intent: Intent,
  {error, search}: {readonly error: PveError; readonly search: Search},
): Promise<Resolution> {
  const because = `its task cannot be read: ${error.message}`;
  if (search.signal.aborted) return {kind: 'unknown', because};
  const state = await lookAtState(context, intent, search);
  if (state.kind === 'wait') return {kind: 'unknown', because: `${because}; ${state.because}`};
  return state.kind === 'done' || error.kind === 'missing' ? state : {kind: 'unknown', because};
}

type FoundTask =
  | {readonly kind: 'found'; readonly upid: string}
  | {readonly kind: 'none'}
  | {readonly kind: 'unreadable'; readonly because: string};

/** The node's tasks of our own token, this type, this VMID, started after the intent. */
async function findTask(context: ApplyContext, intent: Intent, search: Search): Promise<FoundTask> {
  const {step} = intent;
  const type = taskTypeOf(step);
  const node = /^\/nodes\/([^/]+)\//.exec(step.call.path)?.[1];
  if (type === null || node === undefined) return {kind: 'none'};
  const source = sourceOfClone(step);
  const vmid = source ?? intent.vmid;
  if (vmid === null) return {kind: 'none'};
  const since = await sinceOf(context, intent, {node, search});
  const query = `vmid=${vmid}&source=all&since=${since}&typefilter=${type}&limit=50`;
  const {signal} = search;
  const answer = await context.pve.read(`/nodes/${node}/tasks?${query}`, {signal});
  if (!answer.ok) return {kind: 'unreadable', because: answer.error.message};
  if (!Array.isArray(answer.value)) return {kind: 'unreadable', because: 'tasks are not a list'};
  // Under its source a clone is listed beside the clones of others, which are other keys' tasks.
  const whose = source === null ? intent.key : null;
  const known = new Set(
    context.journal.tasksOf(context.cluster, whose, intent.openedAt - 3_600_000),
  );
  const upids = answer.value
    .flatMap((task) => (isObject(task) && typeof task['upid'] === 'string' ? [task['upid']] : []))
    .filter((upid) => !known.has(upid) && parseUpid(upid)?.user === context.user);
  const [first, second] = upids;
  if (first === undefined) return {kind: 'none'};
  if (second !== undefined && source !== null) {
    // A template may be cloned to several guests at once: which task is ours, only the state tells.
    return {kind: 'none'};
  }
  return {kind: 'found', upid: upids.reduce(later, first)};
}

function later(a: string, b: string): string {
  return (parseUpid(b)?.starttime ?? 0) > (parseUpid(a)?.starttime ?? 0) ? b : a;
}

/** Tasks are dated by their own node's clock (safety.md 3.12); seconds since the epoch. */
async function sinceOf(
  context: ApplyContext,
  intent: Intent,
  {node, search}: {readonly node: string; readonly search: Search},
): Promise<number> {
  const {clock, pve} = context;
  const answer = await pve.read(`/nodes/${node}/time`, {signal: search.signal});
  const said = answer.ok && isNodeTime(answer.value) ? answer.value.time * 1000 : null;
  const nodeNow = said ?? clock.now() + (pve.clockOffsetMs() ?? 0);
  const marginMs = said === null ? WIDE_MARGIN_MS : MARGIN_MS;
  const byWall = clock.now() - intent.openedAt;
  const agoMs = Math.max(byWall < 0 ? LONG_AGO_MS : byWall, monotonicAge(context, search) ?? 0);
  return Math.max(0, Math.floor((nodeNow - agoMs - marginMs) / 1000));
}

function monotonicAge({clock}: ApplyContext, {askedAt}: Search): number | null {
  return askedAt === undefined ? null : clock.monotonic() - askedAt;
}

async function lookAtState(
  context: ApplyContext,
  intent: Intent,
  search: Search,
): Promise<Resolution | {readonly kind: 'wait'; readonly because: string}> {
  const kind = kindOf(context, intent.action.kind);
  if (!kind) return {kind: 'unknown', because: `no kind ${intent.action.kind}`};
  const subject = {key: intent.key, vmid: intent.vmid, node: intent.node};
  const seen = await observeNow(context, kind, subject, search.signal);
  // A wall clock that was set meanwhile proves nothing.
  const ageMs = monotonicAge(context, search) ?? context.clock.now() - intent.openedAt;
  return judgeState({intent, seen, kind, absenceProven: ageMs >= ABSENT_PROOF_MS});
}
