// Why this exists: the steps of one action, one after the other, each only while everybody still
// wants it. A failed step ends the action; nothing is rolled back, later steps do not run.
import type {Action, Approval, Intent, Outcome, Step, StepOutcome} from '../core/action.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Observed} from '../core/model.ts';
import type {ApplyContext} from './context.ts';
import {captureEvidence} from './evidence.ts';
import {observeNow} from './observe.ts';
import {keepsDown, owedStart, owesStart, withoutDigest} from './owed-start.ts';
import {type DoneStep, rememberDone, rememberStart, rememberStep} from './remember.ts';
import {resumeStep, runStep} from './run-step.ts';
import type {Halt, StepResult} from './step-run.ts';

/** A step that is known not to have happened is tried this often before the action ends. */
const TRIES = 2;

/**
 * An approval is meant for now. A controller that was off, waited, or was itself put back to an
 * older state finds a guest that people may have gone on with; the longest task takes hours.
 */
const STALE_MS = 86_400_000;

/** One action being carried out, from its start or from where a crash left it. */
export interface ActionRun {
  readonly action: Action;
  readonly kind: ResourceKind;
  readonly approval: Approval | null;
  /** The newest intent of an action without an end, or null to begin with the first step. */
  readonly intent: Intent | null;
  readonly signal: AbortSignal;
  /** Null while this process may act on the resource, else why not. Asked before each step. */
  readonly barred: () => string | null;
  /** Null while no window forbids to begin a step of it, else why not: then it waits. */
  readonly closed: () => string | null;
  /** Null while it can be told whether the action is wanted, else why not: then it waits. */
  readonly unsaid: () => string | null;
  /** Null while the newest plan still wants the action, else why not. Asked before each step. */
  readonly unwanted: () => string | null;
  /** Resolves once `unwanted` can be answered (after the first plan of this process). */
  readonly ready: Promise<void>;
  readonly onStep: (index: number, step: Step) => void;
}

/** How an action ended; `left`: it did not end, and goes on in a later process. */
export interface ActionEnd {
  readonly outcome: Outcome;
  readonly left: boolean;
}

interface Progress {
  digest: string | null;
  observed: Observed | null;
  /** The approval until the first call of the action. */
  unspent: Approval | null;
  readonly steps: StepOutcome[];
}

interface Stop {
  readonly result: Outcome['result'];
  readonly because: string;
  readonly left?: true;
  /** Nothing went wrong: it is not wanted any more. */
  readonly halted?: true;
}

const STOPS: Stop = {result: 'interrupted', because: 'the controller stops', left: true};

/** Runs an action to its end. Only JournalError and our own mistakes are thrown. */
export async function runAction(context: ApplyContext, run: ActionRun): Promise<ActionEnd> {
  const startedAt = context.clock.now();
  const progress: Progress = {
    digest: null,
    observed: null,
    unspent: run.intent === null ? run.approval : null,
    steps: [],
  };
  const {result, because, left} = await carryOut(context, run, progress);
  const {key, name, fingerprint, verb, risk, cause, changes} = run.action;
  const corrects = result === 'done' && cause === 'drift';
  const outcome: Outcome = {
    cluster: context.cluster,
    key,
    name,
    fingerprint,
    verb,
    risk,
    result,
    because,
    startedAt,
    endedAt: context.clock.now(),
    steps: progress.steps,
    ...(corrects ? {corrected: changes.map(({field}) => field)} : {}),
  };
  return {outcome, left: left === true};
}

async function carryOut(context: ApplyContext, run: ActionRun, progress: Progress): Promise<Stop> {
  const {action, intent} = run;
  const begun = intent === null ? await begin(context, run) : await goOn(context, run, progress);
  if (begun.stop !== null) return begun.stop;
  for (let index = begun.next; index < action.steps.length; index += 1) {
    const stop = await oneStep(context, run, index, progress);
    if (stop === null) continue;
    const owed = stop.halted === true ? owedStart(action.steps, index) : null;
    if (owed === null || owed === index) return stop;
    // What it was shut down for is not wanted any more; it is started all the same.
    return (await oneStep(context, run, owed, progress)) ?? stop;
  }
  rememberDone(context, action, progress.observed);
  return {result: 'done', because: 'every step is verified'};
}

interface Begun {
  readonly stop: Stop | null;
  readonly next: number;
}

async function begin(context: ApplyContext, run: ActionRun): Promise<Begun> {
  if (run.action.risk === 'benign') return {stop: null, next: 0};
  const evidence = await captureEvidence(context, run.kind, run.action, run.signal);
  if (run.signal.aborted) return {stop: STOPS, next: 0};
  if (evidence.ok) return {stop: null, next: 0};
  return {stop: {result: 'skipped', because: `evidence: ${evidence.error.message}`}, next: 0};
}

/** From the newest intent of an action that has no end: settles it, then the steps after it. */
async function goOn(context: ApplyContext, run: ActionRun, progress: Progress): Promise<Begun> {
  const {intent} = run;
  if (intent === null) return {stop: null, next: 0};
  const {step, stepIndex, state} = intent;
  if (state === 'done') {
    const stop =
      (await goOnAfter(context, run, intent, progress)) ?? tooLate(context, run, stepIndex + 1);
    await run.ready;
    return {stop, next: stepIndex + 1};
  }
  const halted = () => null;
  const stepRun = {...run, index: stepIndex, step, digest: null, approval: null, halted};
  const result = await resumeStep(context, stepRun, intent);
  const stop = note(context, run, progress, result, step) ?? tooLate(context, run, stepIndex + 1);
  if (stop === null || result.next === 'again') await run.ready;
  if (result.next !== 'again') return {stop, next: stepIndex + 1};
  // It did not leave: what it was about to find is what it must find now.
  progress.digest = intent.sentDigest;
  return {stop: tooLate(context, run, stepIndex), next: stepIndex};
}

/** What is left of an action that stood still for so long needs a new plan, and a new approval. */
function tooLate({clock}: ApplyContext, run: ActionRun, next: number): Stop | null {
  const openedAt = run.intent?.openedAt ?? clock.now();
  if (next >= run.action.steps.length || clock.now() - openedAt < STALE_MS) return null;
  const since = new Date(openedAt).toISOString();
  return {result: 'interrupted', because: `its last call was at ${since}, which is too long ago`};
}

/** The step was verified, but perhaps not remembered; what it left is looked at again. */
async function goOnAfter(
  context: ApplyContext,
  run: ActionRun,
  {step, leftDigest}: Intent,
  progress: Progress,
): Promise<Stop | null> {
  const {action, kind, signal} = run;
  const target = step.operation === 'migrate' ? step.target['node'] : null;
  const node = typeof target === 'string' ? target : step.guard.node;
  const subject = {key: action.key, vmid: action.vmid, node};
  const seen = await observeNow(context, kind, subject, signal);
  if (signal.aborted) return STOPS;
  if (seen.kind === 'undetermined') {
    return {result: 'unknown', because: `it could not be read: ${seen.because}`};
  }
  const observed = seen.kind === 'present' ? seen.observed : null;
  const isGone = step.operation === 'destroy';
  if (isGone !== (observed === null)) {
    return {result: 'interrupted', because: isGone ? 'the VMID is taken again' : 'it is gone'};
  }
  rememberStep(context, action, step, observed);
  progress.observed = observed;
  progress.digest = leftDigest ?? null;
  return null;
}

async function oneStep(
  context: ApplyContext,
  run: ActionRun,
  index: number,
  progress: Progress,
): Promise<Stop | null> {
  const step = run.action.steps[index];
  if (step === undefined) return null;
  const owed = owesStart(run.action.steps, index);
  const halted = () => haltOf(run, index, owed);
  for (let tries = 1; ; tries += 1) {
    if (run.signal.aborted) return STOPS;
    const halt = halted();
    if (halt !== null) return stopOf(halt);
    run.onStep(index, step);
    if (step.kind === 'until') return untilPower(context, run, step, progress);
    if (index === 0) rememberStart(context, run.action);
    // Spent with the first intent; a call without one ends the action.
    const approval = progress.unspent;
    progress.unspent = null;
    const result = await runStep(context, {
      action: run.action,
      kind: run.kind,
      index,
      step: owed ? withoutDigest(step) : step,
      digest: progress.digest,
      approval,
      signal: run.signal,
      halted,
      barred: run.barred,
    });
    if (result.next === 'again' && tries < TRIES) continue;
    if (result.next === 'halted') return stopOf({because: result.outcome.because, left: false});
    return note(context, run, progress, result, step);
  }
}

/** Why the action does not go on, if it does not. An owed start is wanted by the guest itself. */
function haltOf(run: ActionRun, index: number, owed: boolean): Halt | null {
  const barred = run.barred();
  if (barred !== null) return {because: barred, left: true};
  if (owed) return null;
  const later = (keepsDown(run.action, index) ? null : run.closed()) ?? run.unsaid();
  if (later !== null) return {because: later, left: true};
  const unwanted = run.unwanted();
  return unwanted === null ? null : {because: unwanted, left: false};
}

function stopOf({because, left}: Halt): Stop {
  return {result: 'interrupted', because, ...(left ? {left} : {halted: true})};
}

function note(
  context: ApplyContext,
  run: ActionRun,
  progress: Progress,
  result: StepResult,
  step: Step,
): Stop | null {
  if (result.next === 'left') return {...STOPS, because: result.outcome.because};
  const {outcome, observed} = result;
  progress.steps.push(outcome);
  const isDone = outcome.result === 'done';
  if (observed !== null) {
    progress.observed = observed;
    progress.digest = observed.digest;
  }
  // What a creation brought into being is ours even if it is not as it should be.
  if (step.kind !== 'until' && (isDone || observed !== null)) {
    rememberStep(context, run.action, isDone ? step : onlyMade(step), observed);
  }
  return isDone ? null : {result: outcome.result, because: outcome.because};
}

/** What is remembered of a step that is not as it should be: never that something went. */
function onlyMade(step: Exclude<Step, {readonly kind: 'until'}>): DoneStep {
  const {operation, target} = step;
  const took = operation === 'destroy' || operation === 'reassign';
  return {operation: took ? 'config' : operation, target};
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
    const seen = await observeNow(context, run.kind, subject, run.signal);
    if (seen.kind === 'present' && seen.observed.power === step.power) {
      progress.observed = seen.observed;
      progress.digest = seen.observed.digest;
      return null;
    }
    if (context.clock.monotonic() >= deadline) break;
    await context.clock.sleep(1_000, run.signal);
  }
  if (run.signal.aborted) return STOPS;
  return {result: 'failed', because: `it did not become ${step.power} in time`};
}
