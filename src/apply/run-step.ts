// Why this exists: one step, in the only order that is safe: look, journal the intent, call, wait
// for the task, look again, journal the outcome.
import type {Action, Approval, CallStep, Intent, StepOutcome} from '../core/action.ts';
import {unreachable} from '../core/assert.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Observed, PveError} from '../core/model.ts';
import type {ApplyContext} from './context.ts';
import {fillCall} from './fill.ts';
import {checkGuard} from './guard.ts';
import {clearLeftovers} from './leftovers.ts';
import {observeNow} from './observe.ts';
import {type Resolution, resolveIntent} from './resolve.ts';
import {settled} from './settle.ts';

/** One step of an action, with what the steps before it left. */
export interface StepRun {
  readonly action: Action;
  readonly kind: ResourceKind;
  readonly index: number;
  readonly step: CallStep;
  /** Digest of this action's last verified read; null before the first write. */
  readonly digest: string | null;
  /** Given with the first intent only: spent together with it. */
  readonly approval: Approval | null;
  readonly signal: AbortSignal;
}

/** How the step ended and what the object looks like now (null: absent or not looked at). */
export interface StepResult {
  readonly outcome: StepOutcome;
  readonly observed: Observed | null;
  /** True when the call is known not to have happened, so that it may be made again. */
  readonly again: boolean;
}

/** Runs one call. Never throws for the world's failures; a journal failure throws JournalError. */
export async function runStep(context: ApplyContext, run: StepRun): Promise<StepResult> {
  const {step, action} = run;
  const subject = {key: action.key, vmid: action.vmid, node: expectedNode(step)};
  const before = checkGuard(step.guard, await observeNow(context, run.kind, subject), run.digest);
  if (before.kind === 'unfit') return ended(run, 'interrupted', before.because, null, null);
  const filled = await fillCall(
    step.call,
    action.source,
    context.secrets,
    before.observed?.digest ?? null,
  );
  if (!filled.ok) return ended(run, 'failed', filled.error.message, null, before.observed);
  if (run.signal.aborted) return ended(run, 'interrupted', 'the controller stops', null, null);
  const intent = openIntent(context, run, before.observed);
  const answer = await context.pve.write(filled.value);
  if (!answer.ok) return afterError(context, run, intent, answer.error);
  if (step.kind === 'call' || typeof answer.value !== 'string' || !isUpid(answer.value)) {
    return settled(context, run, intent, {kind: 'done', because: 'OK'}, before.observed);
  }
  context.journal.setTask(intent.id, answer.value);
  const resolution = await resolveIntent(context, {...intent, upid: answer.value}, run.signal);
  return settled(context, run, intent, resolution, before.observed);
}

/** Takes up a step whose outcome was not journalled: after a crash, or when it stayed unknown. */
export async function resumeStep(
  context: ApplyContext,
  run: StepRun,
  intent: Intent,
): Promise<StepResult> {
  return settled(context, run, intent, await resolveIntent(context, intent, run.signal), null);
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
    action: run.action,
    openedAt: context.clock.now(),
  };
  const id = context.journal.openIntent(draft, run.approval);
  return {...draft, id, upid: null, state: 'open', because: ''};
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
      return ended(run, 'interrupted', `not sent: ${error.message}`, null, null);
    case 'answered': {
      const swept = await clearLeftovers(context, run);
      const because = swept === null ? error.message : `${error.message} (${swept})`;
      const state = error.kind === 'digest' ? 'interrupted' : 'failed';
      context.journal.closeIntent(intent.id, state, because);
      return ended(run, state, because, null, null);
    }
    case 'maybe': {
      const resolution: Resolution = await resolveIntent(context, intent, run.signal);
      return settled(context, run, intent, resolution, null);
    }
    default:
      return unreachable(error.sent, 'sent');
  }
}

/** The outcome of a step that has no open intent any more. */
export function ended(
  run: StepRun,
  result: StepOutcome['result'],
  because: string,
  upid: string | null,
  observed: Observed | null,
): StepResult {
  const outcome = {
    index: run.index,
    says: run.step.says,
    upid,
    exitStatus: upid === null ? null : because,
    result,
    because,
  };
  return {outcome, observed, again: false};
}
