// Why this exists: a 200 is not success, and a task's OK is not proof. The object is read again,
// and only what is seen there counts.
import type {Intent, StepOutcome} from '../core/action.ts';
import type {Observation, Observed} from '../core/model.ts';
import type {ApplyContext} from './context.ts';
import {clearLeftovers} from './leftovers.ts';
import {observeNow} from './observe.ts';
import type {Resolution} from './resolve.ts';
import type {StepResult, StepRun} from './step-run.ts';

/**
 * How often the verification is repeated while the node's answer still lags, and how long between.
 */
const VERIFY_TRIES = 5;
const VERIFY_PAUSE_MS = 500;
/** How long a done step waits for a node that cannot be read; daemons restart within a minute. */
const UNREAD_MS = 120_000;
const UNREAD_PAUSE_MS = 3_000;

type State = Exclude<Intent['state'], 'open'>;

/** Closes the intent by what became of the call, after looking. */
export async function settled(
  context: ApplyContext,
  run: StepRun,
  intent: Intent,
  resolution: Resolution,
  before: Observed | null,
): Promise<StepResult> {
  const resolved = personsWord(context, intent) ?? resolution;
  const upid = 'upid' in resolved && resolved.upid !== undefined ? resolved.upid : intent.upid;
  const close = (state: State, because: string, observed: Observed | null): StepResult => {
    context.journal.closeIntent(intent.id, state, because, observed?.digest ?? null);
    const next = resolved.kind === 'not-done' ? 'again' : 'over';
    return {outcome: outcomeOf(run, state, because, upid), observed, next};
  };
  const leave = (): StepResult => ({
    outcome: outcomeOf(run, 'interrupted', 'the controller stops', upid),
    observed: null,
    next: 'left',
  });
  // Whoever leads now finds out for itself, and may be at it already.
  if (!run.signal.aborted && run.barred() !== null) return leave();
  switch (resolved.kind) {
    case 'failed':
    case 'replan': {
      const because = await swept(context, intent, resolved.because);
      const state = resolved.kind === 'failed' ? 'failed' : 'interrupted';
      return close(state, because, await halfMade(context, run));
    }
    case 'not-done':
      return close('interrupted', resolved.because, null);
    case 'unknown':
      return run.signal.aborted ? leave() : close('unknown', resolved.because, null);
    case 'done': {
      const verified = await verifyStep(context, run, before);
      if (run.signal.aborted && verified.observed === null && verified.state !== 'done') {
        return leave();
      }
      return close(verified.state, verified.because ?? resolved.because, verified.observed);
    }
  }
}

/** A person may have resolved the intent while it was being waited for: that is the last word. */
function personsWord(context: ApplyContext, {id}: Intent): Resolution | null {
  const now = context.journal.intent(id);
  if (now === null || now.state === 'open' || now.state === 'unknown') return null;
  return {kind: now.state === 'done' ? 'done' : 'replan', because: now.because};
}

/** What a configuration write that did not come through left pending goes first. */
async function swept(context: ApplyContext, intent: Intent, because: string): Promise<string> {
  const cleared = await clearLeftovers(context, intent);
  return cleared === null ? because : `${because} (${cleared})`;
}

/** A creation that failed half-way may have left a guest with our marker, ours to complete. */
async function halfMade(context: ApplyContext, run: StepRun): Promise<Observed | null> {
  const {operation} = run.step;
  if (operation !== 'create' && operation !== 'clone') return null;
  const seen = await look(context, run);
  return seen.kind === 'present' && seen.observed.lock === null ? seen.observed : null;
}

function outcomeOf(run: StepRun, result: State, because: string, upid: string | null): StepOutcome {
  const exitStatus = upid === null ? null : because;
  return {index: run.index, says: run.step.says, upid, exitStatus, result, because};
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
  const {clock} = context;
  const patience = clock.monotonic() + UNREAD_MS;
  for (let tries = 1; ; tries += 1) {
    const seen = await look(context, run);
    const found = judge(run, seen, before);
    if (found.because === null || run.signal.aborted) return found;
    const unread = found.state === 'unknown';
    if (unread ? clock.monotonic() >= patience : tries >= VERIFY_TRIES) return found;
    await clock.sleep(unread ? UNREAD_PAUSE_MS : VERIFY_PAUSE_MS, run.signal);
  }
}

function look(context: ApplyContext, run: StepRun): Promise<Observation> {
  const {step, action, kind, signal} = run;
  const target = step.operation === 'migrate' ? step.target['node'] : null;
  const node = typeof target === 'string' ? target : step.guard.node;
  return observeNow(context, kind, {key: action.key, vmid: action.vmid, node}, signal);
}

function judge({step, kind}: StepRun, seen: Observation, before: Observed | null): Verified {
  // Not read is not absent: what became of it is found out later.
  if (seen.kind === 'undetermined') {
    return {state: 'unknown', because: `it could not be read: ${seen.because}`, observed: null};
  }
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
  if (step.guard.witness !== null && observed.witness !== step.guard.witness) {
    return {state: 'interrupted', because: 'the VMID is another guest now', observed: null};
  }
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
