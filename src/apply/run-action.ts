// Why this exists: the steps of one action, one after the other, each only while everybody still
// wants it. A failed step ends the action; nothing is rolled back, later steps do not run.
import type {
  Action,
  Approval,
  Intent,
  Operation,
  Outcome,
  Step,
  StepOutcome,
} from '../core/action.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Observed} from '../core/model.ts';
import type {ApplyContext} from './context.ts';
import {captureEvidence} from './evidence.ts';
import {observeNow} from './observe.ts';
import {rememberCreated, rememberDestroyed, rememberDone, rememberStart} from './remember.ts';
import {resumeStep, runStep, type StepResult} from './run-step.ts';

/** A step that is known not to have happened is tried this often before the action ends. */
const TRIES = 2;

/** One action being carried out, from its start or from where a crash left it. */
export interface ActionRun {
  readonly action: Action;
  readonly kind: ResourceKind;
  readonly approval: Approval | null;
  /** The open intent to take up, or null to begin with the first step. */
  readonly intent: Intent | null;
  readonly signal: AbortSignal;
  /** Null while the action is still wanted, else why not. Asked before each step. */
  readonly unwanted: () => string | null;
  /** Resolves once `unwanted` can be answered (after the first plan of this process). */
  readonly ready: Promise<void>;
  readonly onStep: (index: number, step: Step) => void;
}

interface Progress {
  digest: string | null;
  observed: Observed | null;
  readonly steps: StepOutcome[];
}

/** Runs an action to its end. Only JournalError and our own mistakes are thrown. */
export async function runAction(context: ApplyContext, run: ActionRun): Promise<Outcome> {
  const startedAt = context.clock.now();
  const progress: Progress = {digest: null, observed: null, steps: []};
  const end = (result: Outcome['result'], because: string): Outcome => ({
    cluster: context.cluster,
    key: run.action.key,
    name: run.action.name,
    fingerprint: run.action.fingerprint,
    verb: run.action.verb,
    risk: run.action.risk,
    result,
    because,
    startedAt,
    endedAt: context.clock.now(),
    steps: progress.steps,
  });
  let first = 0;
  if (run.intent !== null) {
    const resumed = await takeUp(context, run, run.intent, progress);
    if (resumed.stop !== null) return end(resumed.stop.result, resumed.stop.because);
    first = resumed.next;
    await run.ready;
  } else if (run.action.risk !== 'benign') {
    const evidence = await captureEvidence(context, run.kind, run.action);
    if (!evidence.ok) return end('skipped', `evidence: ${evidence.error.message}`);
  }
  for (let index = first; index < run.action.steps.length; index += 1) {
    const stop = await oneStep(context, run, index, progress);
    if (stop !== null) return end(stop.result, stop.because);
  }
  rememberDone(context, run.action, progress.observed);
  return end('done', 'every step is verified');
}

interface Stop {
  readonly result: Outcome['result'];
  readonly because: string;
}

async function takeUp(
  context: ApplyContext,
  run: ActionRun,
  intent: Intent,
  progress: Progress,
): Promise<{readonly stop: Stop | null; readonly next: number}> {
  const {step, stepIndex} = intent;
  const result = await resumeStep(
    context,
    {...run, index: stepIndex, step, digest: null, approval: null},
    intent,
  );
  const stop = note(context, run, progress, result, step);
  if (result.again) return {stop: null, next: stepIndex};
  return {stop, next: stepIndex + 1};
}

async function oneStep(
  context: ApplyContext,
  run: ActionRun,
  index: number,
  progress: Progress,
): Promise<Stop | null> {
  const step = run.action.steps[index];
  if (step === undefined) return null;
  for (let tries = 1; ; tries += 1) {
    if (run.signal.aborted) return {result: 'interrupted', because: 'the controller stops'};
    const unwanted = run.unwanted();
    if (unwanted !== null) return {result: 'interrupted', because: unwanted};
    run.onStep(index, step);
    if (step.kind === 'until') return untilPower(context, run, step, progress);
    if (index === 0) rememberStart(context, run.action);
    const result = await runStep(context, {
      action: run.action,
      kind: run.kind,
      index,
      step,
      digest: progress.digest,
      approval: index === 0 && tries === 1 ? run.approval : null,
      signal: run.signal,
    });
    if (result.again && tries < TRIES) continue;
    return note(context, run, progress, result, step);
  }
}

function note(
  context: ApplyContext,
  run: ActionRun,
  progress: Progress,
  result: StepResult,
  step: Step,
): Stop | null {
  progress.steps.push(result.outcome);
  if (result.outcome.result !== 'done') {
    return {result: result.outcome.result, because: result.outcome.because};
  }
  if (result.observed !== null) {
    progress.observed = result.observed;
    progress.digest = result.observed.digest;
  }
  if (step.kind !== 'until') memorise(context, run.action, step.operation, result.observed);
  return null;
}

function memorise(
  context: ApplyContext,
  action: Action,
  operation: Operation,
  observed: Observed | null,
): void {
  if (operation === 'destroy') rememberDestroyed(context, action);
  else if (observed !== null && (operation === 'create' || operation === 'clone')) {
    rememberCreated(context, action, observed);
  }
}

async function untilPower(
  context: ApplyContext,
  run: ActionRun,
  step: Extract<Step, {readonly kind: 'until'}>,
  progress: Progress,
): Promise<Stop | null> {
  const deadline = context.clock.monotonic() + step.timeoutMs;
  const subject = {key: run.action.key, vmid: run.action.vmid, node: step.guard.node};
  while (!run.signal.aborted) {
    const seen = await observeNow(context, run.kind, subject);
    if (seen.kind === 'present' && seen.observed.power === step.power) {
      progress.observed = seen.observed;
      progress.digest = seen.observed.digest;
      return null;
    }
    if (context.clock.monotonic() >= deadline) break;
    await context.clock.sleep(1_000, run.signal);
  }
  if (run.signal.aborted) return {result: 'interrupted', because: 'the controller stops'};
  return {result: 'failed', because: `it did not become ${step.power} in time`};
}
