// Why this exists: a step is carried out in one file and settled in another; what both say of it is
// here.
import type {Action, Approval, CallStep, StepOutcome} from '../core/action.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Observed} from '../core/model.ts';

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
  /** Monotonic ms at which its intent was journalled, once this process has done so. */
  readonly askedAt?: number;
  /** Null while the call may leave, else why not. Looking takes time, so it is asked again then. */
  readonly halted: () => Halt | null;
  /** Null while this process may act on the resource, else why not. */
  readonly barred: () => string | null;
}

/** Why an action does not go on; `left`: it goes on in another process, or later. */
export interface Halt {
  readonly because: string;
  readonly left: boolean;
}

/** How the step ended and what the object looks like now (null: absent or not looked at). */
export interface StepResult {
  readonly outcome: StepOutcome;
  readonly observed: Observed | null;
  /**
   * over: it has its outcome. again: the call is known not to have happened, so that it may be made
   * again. left: the controller stops; the intent, if there is one, stays open for its successor.
   * halted: the call did not leave, because the action is not wanted any more.
   */
  readonly next: 'over' | 'again' | 'left' | 'halted';
}
