// Why this exists: a 200 is not success, and a task's OK is not proof. The object is read again,
// and only what is seen there counts.
import type {Intent, StepOutcome} from '../core/action.ts';
import type {Observed} from '../core/model.ts';
import type {ApplyContext} from './context.ts';
import {observeNow} from './observe.ts';
import type {Resolution} from './resolve.ts';
import type {StepResult, StepRun} from './run-step.ts';

/**
 * How often the verification is repeated while the node's answer still lags, and how long between.
 */
const VERIFY_TRIES = 5;
const VERIFY_PAUSE_MS = 500;

/** Closes the intent by what became of the call, after looking. */
export async function settled(
  context: ApplyContext,
  run: StepRun,
  intent: Intent,
  resolution: Resolution,
  before: Observed | null,
): Promise<StepResult> {
  const upid =
    'upid' in resolution && resolution.upid !== undefined ? resolution.upid : intent.upid;
  const close = (
    state: Exclude<Intent['state'], 'open'>,
    because: string,
    observed: Observed | null,
  ): StepResult => {
    context.journal.closeIntent(intent.id, state, because);
    return {
      outcome: stepOutcome(run, state, because, upid),
      observed,
      again: resolution.kind === 'not-done',
    };
  };
  switch (resolution.kind) {
    case 'failed':
      return close('failed', resolution.because, null);
    case 'not-done':
    case 'replan':
      return close('interrupted', resolution.because, null);
    case 'unknown':
      return close('unknown', resolution.because, null);
    case 'done': {
      const verified = await verifyStep(context, run, before);
      return close(verified.state, verified.because ?? resolution.because, verified.observed);
    }
  }
}

function stepOutcome(
  run: StepRun,
  state: Exclude<Intent['state'], 'open'>,
  because: string,
  upid: string | null,
): StepOutcome {
  const exitStatus = upid === null ? null : because;
  return {index: run.index, says: run.step.says, upid, exitStatus, result: state, because};
}

interface Verified {
  readonly state: 'done' | 'failed' | 'interrupted' | 'unknown';
  /** Null when all is as expected. */
  readonly because: string | null;
  readonly observed: Observed | null;
}

async function verifyStep(
  context: ApplyContext,
  run: StepRun,
  before: Observed | null,
): Promise<Verified> {
  let last: Verified = {state: 'failed', because: 'it could not be verified', observed: null};
  for (let attempt = 0; attempt < VERIFY_TRIES; attempt += 1) {
    if (attempt > 0) await context.clock.sleep(VERIFY_PAUSE_MS, run.signal);
    last = await verifyOnce(context, run, before);
    if (last.because === null) return last;
  }
  return last;
}

async function verifyOnce(
  context: ApplyContext,
  run: StepRun,
  before: Observed | null,
): Promise<Verified> {
  const {step, action, kind} = run;
  const target = step.operation === 'migrate' ? step.target['node'] : null;
  const node = typeof target === 'string' ? target : step.guard.node;
  const seen = await observeNow(context, kind, {key: action.key, vmid: action.vmid, node});
  if (step.operation === 'destroy') {
    if (seen.kind === 'absent') return {state: 'done', because: null, observed: null};
    const because = 'the task ended well, but the guest is still there';
    return {state: 'failed', because, observed: null};
  }
  if (seen.kind !== 'present') {
    const because = seen.kind === 'absent' ? 'the guest is not there afterwards' : seen.because;
    return {state: 'failed', because, observed: null};
  }
  const {observed} = seen;
  const verification = kind.verify({before, after: observed, step, done: true});
  switch (verification.kind) {
    case 'as-expected':
      return {state: 'done', because: null, observed};
    case 'not-taken':
      return {state: 'failed', because: verification.because, observed};
    case 'foreign-change':
      return {state: 'interrupted', because: verification.because, observed};
  }
}
