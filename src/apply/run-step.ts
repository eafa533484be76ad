// Why this exists: one step, in the only order that is safe: look, journal the intent, call, wait
// for the task, look again, journal the outcome.
import type {CallStep, Intent, StepOutcome} from '../core/action.ts';
import {unreachable} from '../core/assert.ts';
import type {Observed, PveError} from '../core/model.ts';
import type {Clock} from '../core/ports.ts';
import type {ApplyContext} from './context.ts';
import {fillCall} from './fill.ts';
import {checkGuard, type GuardResult} from './guard.ts';
import {clearLeftovers, leavesPending, pendingKeys} from './leftovers.ts';
import {observeNow} from './observe.ts';
import {stopsGuest} from './owed-start.ts';
import {rememberDebt, rememberDuration} from './remember.ts';
import {resolveIntent} from './resolve.ts';
import {settled} from './settle.ts';
import type {StepResult, StepRun} from './step-run.ts';

/** A clean stop has ten seconds; a call that is under way gets this much of them. */
const LAST_WORD_MS = 5_000;

/** Runs one call. Never throws for the world's failures; a journal failure throws JournalError. */
export async function runStep(context: ApplyContext, run: StepRun): Promise<StepResult> {
  const {step, action, signal} = run;
  const subject = {key: action.key, vmid: action.vmid, node: expectedNode(step)};
  const seen = await observeNow(context, run.kind, subject, signal);
  const before = checkGuard(step.guard, seen, run.digest);
  if (signal.aborted) return leftAlone(run);
  if (before.kind === 'unfit') return ended(run, 'interrupted', before.because, before.observed);
  const other = await lookAtOther(context, run);
  if (signal.aborted) return leftAlone(run);
  if (other?.kind === 'unfit') return ended(run, 'interrupted', other.because, before.observed);
  const filled = await fillCall(step.call, action.source, context.secrets, {
    own: before.observed?.digest ?? null,
    other: other?.observed?.digest ?? null,
  });
  if (!filled.ok) return ended(run, 'failed', filled.error.message, before.observed);
  if (signal.aborted) return leftAlone(run);
  const halt = run.halted();
  if (halt !== null) {
    const next = halt.left ? 'left' : 'halted';
    return {...ended(run, 'interrupted', halt.because, before.observed), next};
  }
  if (stopsGuest(step)) rememberDebt(context, action);
  const intent = openIntent(context, run, before.observed);
  const asked = {...run, askedAt: context.clock.monotonic()};
  const lastWord = afterStop(context.clock, signal);
  const answer = await context.pve.write(filled.value, {signal: lastWord.signal});
  lastWord.over();
  if (!answer.ok) return afterError(context, asked, intent, answer.error);
  if (step.kind === 'call' || typeof answer.value !== 'string' || !isUpid(answer.value)) {
    return settled(context, run, intent, {kind: 'done', because: 'OK'}, before.observed);
  }
  context.journal.setTask(intent.id, answer.value);
  const known = {...intent, upid: answer.value};
  const resolution = await resolveIntent(context, known, asked);
  if (resolution.kind === 'done') rememberDuration(context, run, asked.askedAt);
  return settled(context, run, known, resolution, before.observed);
}

/** The other guest that a call writes to is ours, unlocked and where it was, right now. */
async function lookAtOther(
  context: ApplyContext,
  {step, kind, signal}: StepRun,
): Promise<GuardResult | null> {
  const {other} = step.guard;
  if (other === undefined) return null;
  const seen = await observeNow(context, kind, other, signal);
  const guard = {...other, state: 'ours', digest: null, power: null} as const;
  const result = checkGuard(guard, seen, null);
  return result.kind === 'fit' ? result : {...result, because: `${other.key}: ${result.because}`};
}

/** Takes up a step whose outcome was not journalled: after a crash, or when it stayed unknown. */
export async function resumeStep(
  context: ApplyContext,
  run: StepRun,
  intent: Intent,
): Promise<StepResult> {
  return settled(context, run, intent, await resolveIntent(context, intent, run), null);
}

function expectedNode(step: CallStep): string | null {
  return step.guard.state === 'absent' ? null : step.guard.node;
}

function isUpid(text: string): boolean {
  return text.startsWith('UPID:');
}

function openIntent(context: ApplyContext, run: StepRun, before: Observed | null): Intent {
  const draft = {
    cluster: context.cluster,
    key: run.action.key,
    vmid: run.action.vmid,
    node: run.step.guard.node,
    fingerprint: run.action.fingerprint,
    verb: run.action.verb,
    stepIndex: run.index,
    step: run.step,
    sentDigest: before?.digest ?? null,
    ...(leavesPending(run.step) ? {pendingBefore: pendingKeys(before)} : {}),
    action: run.action,
    openedAt: context.clock.now(),
  };
  const id = context.journal.openIntent(draft, run.approval);
  return {...draft, id, upid: null, state: 'open', because: ''};
}

/** A signal that aborts a while after the controller began to stop. */
function afterStop(
  clock: Clock,
  stop: AbortSignal,
): {readonly signal: AbortSignal; readonly over: () => void} {
  const [cut, done] = [new AbortController(), new AbortController()];
  const begin = (): void => {
    void clock.sleep(LAST_WORD_MS, done.signal).then(() => cut.abort());
  };
  if (stop.aborted) begin();
  else stop.addEventListener('abort', begin, {once: true, signal: done.signal});
  return {signal: cut.signal, over: () => done.abort()};
}

/** What an error means depends on whether Proxmox may have carried the request out. */
async function afterError(
  context: ApplyContext,
  run: StepRun,
  intent: Intent,
  error: PveError,
): Promise<StepResult> {
  switch (error.sent) {
    case 'no':
      context.journal.closeIntent(intent.id, 'interrupted', `not sent: ${error.message}`);
      return ended(run, 'interrupted', `not sent: ${error.message}`, null);
    case 'answered': {
      const swept = await clearLeftovers(context, intent);
      const because = swept === null ? error.message : `${error.message} (${swept})`;
      const state = error.kind === 'digest' ? 'interrupted' : 'failed';
      context.journal.closeIntent(intent.id, state, because);
      return ended(run, state, because, null);
    }
    case 'maybe':
      return resumeStep(context, run, intent);
    default:
      return unreachable(error.sent, 'sent');
  }
}

/** The outcome of a step that has no open intent any more. */
function ended(
  run: StepRun,
  result: StepOutcome['result'],
  because: string,
  observed: Observed | null,
): StepResult {
  const {index, step} = run;
  const outcome = {index, says: step.says, upid: null, exitStatus: null, result, because};
  return {outcome, observed, next: 'over'};
}

/** A step that did not leave because the controller stops. */
function leftAlone(run: StepRun): StepResult {
  return {...ended(run, 'interrupted', 'the controller stops', null), next: 'left'};
}
