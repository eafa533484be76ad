// Why this exists: a request that was fully sent is carried out even if its answer is lost. Before
// anything else happens to that guest, this finds out what became of it (safety.md 8).
import type {Intent} from '../core/action.ts';
import {isObject} from '../core/json.ts';
import type {PveError} from '../core/model.ts';
import {parseUpid} from '../pve/wire.ts';
import type {ApplyContext} from './context.ts';
import {kindOf} from './context.ts';
import {observeNow} from './observe.ts';
import {judgeState, type Resolution} from './resolve-state.ts';
import {sourceOfClone, taskTypeOf} from './task-types.ts';

/** How long an absence must last before it proves that nothing was created. */
const ABSENT_PROOF_MS = 30_000;
const POLL_MS = 2_000;

export type {Resolution} from './resolve-state.ts';

/**
 * Finds out what became of an open intent's call: by its task first, else by state. Waits (up to
 * the step's own deadline) while it is still under way. `unknown` means only a person can say.
 */
export async function resolveIntent(
  context: ApplyContext,
  intent: Intent,
  signal: AbortSignal,
): Promise<Resolution> {
  const timeoutMs = intent.step.timeoutMs;
  if (intent.upid !== null) return awaitTask(context, intent, intent.upid, signal);
  const deadline = context.clock.monotonic() + Math.max(timeoutMs, 2 * ABSENT_PROOF_MS);
  let last: Resolution = {kind: 'unknown', because: 'it was not looked at yet'};
  while (!signal.aborted && !isSaid(context, intent)) {
    const upid = await findTask(context, intent, signal);
    if (upid.kind === 'found') {
      context.journal.setTask(intent.id, upid.upid);
      return awaitTask(context, intent, upid.upid, signal);
    }
    const looked =
      upid.kind === 'unreadable'
        ? {kind: 'wait' as const, because: upid.because}
        : await lookAtState(context, intent, signal);
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
  intent: Intent,
  upid: string,
  signal: AbortSignal,
): Promise<Resolution> {
  const ended = await context.pve.task(upid, {timeoutMs: intent.step.timeoutMs, signal});
  if (!ended.ok) return withoutTask(context, intent, ended.error, signal);
  if (ended.value.success) return {kind: 'done', because: ended.value.exitStatus, upid};
  return {kind: 'failed', because: ended.value.exitStatus, upid};
}

/** A task that nobody knows any more has ended; one that cannot be asked about may still run. */
async function withoutTask(
  context: ApplyContext,
  intent: Intent,
  error: PveError,
  signal: AbortSignal,
): Promise<Resolution> {
  const because = `its task cannot be read: ${error.message}`;
  if (signal.aborted) return {kind: 'unknown', because};
  const state = await lookAtState(context, intent, signal);
  if (state.kind === 'wait') return {kind: 'unknown', because: `${because}; ${state.because}`};
  return state.kind === 'done' || error.kind === 'missing' ? state : {kind: 'unknown', because};
}

type FoundTask =
  | {readonly kind: 'found'; readonly upid: string}
  | {readonly kind: 'none'}
  | {readonly kind: 'unreadable'; readonly because: string};

/** The node's tasks of our own token, this type, this VMID, started after the intent. */
async function findTask(
  context: ApplyContext,
  intent: Intent,
  signal: AbortSignal,
): Promise<FoundTask> {
  const {step} = intent;
  const type = taskTypeOf(step);
  const node = /^\/nodes\/([^/]+)\//.exec(step.call.path)?.[1];
  if (type === null || node === undefined) return {kind: 'none'};
  const vmid = sourceOfClone(step) ?? intent.vmid;
  if (vmid === null) return {kind: 'none'};
  const since = Math.floor((intent.openedAt + (context.pve.clockOffsetMs() ?? 0)) / 1000) - 1;
  const query = `vmid=${vmid}&source=all&since=${since}&typefilter=${type}&limit=50`;
  const answer = await context.pve.read(`/nodes/${node}/tasks?${query}`, {signal});
  if (!answer.ok) return {kind: 'unreadable', because: answer.error.message};
  if (!Array.isArray(answer.value)) return {kind: 'unreadable', because: 'tasks are not a list'};
  const known = new Set(
    context.journal.tasksOf(context.cluster, intent.key, intent.openedAt - 3_600_000),
  );
  const upids = answer.value
    .flatMap((task) => (isObject(task) && typeof task['upid'] === 'string' ? [task['upid']] : []))
    .filter((upid) => !known.has(upid) && parseUpid(upid)?.user === context.user);
  const [first, second] = upids;
  if (first === undefined) return {kind: 'none'};
  if (second !== undefined && step.operation === 'clone') {
    // A template may be cloned to several guests at once: which task is ours, only the state tells.
    return {kind: 'none'};
  }
  return {kind: 'found', upid: first};
}

async function lookAtState(
  context: ApplyContext,
  intent: Intent,
  signal: AbortSignal,
): Promise<Resolution | {readonly kind: 'wait'; readonly because: string}> {
  const kind = kindOf(context, intent.action.kind);
  if (!kind) return {kind: 'unknown', because: `no kind ${intent.action.kind}`};
  const subject = {key: intent.key, vmid: intent.vmid, node: intent.node};
  const seen = await observeNow(context, kind, subject, signal);
  const age = context.clock.now() - intent.openedAt;
  return judgeState({intent, seen, kind, absenceProven: age >= ABSENT_PROOF_MS});
}
