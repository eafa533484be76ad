// Why this exists: what every reason looks at: one action, the input, the approvals that count for
// it, and what was allowed before it in the same pass.
import type {Action, Approval, Reason} from '../core/action.ts';
import type {ResourceKey} from '../core/model.ts';
import type {GateInput} from './input.ts';

/** One action in front of the gate. */
export interface Judged {
  readonly action: Action;
  readonly input: GateInput;
  /** Approvals of exactly this action that count; empty when there are fewer than the quorum. */
  readonly approvals: readonly Approval[];
  /** Fingerprints of all destructive actions of the plan, whatever holds them. */
  readonly destructive: readonly string[];
  /** Keys of every resource that it writes to, its own first. */
  readonly touched: readonly ResourceKey[];
  readonly earlier: Earlier;
}

/** What this pass has allowed so far. */
export interface Earlier {
  /** Says of the action that goes first, by key. */
  readonly allowed: ReadonlyMap<string, string>;
  /** Loads of what runs and of what was allowed. */
  readonly loads: ReadonlyMap<string, number>;
}

/** One reason not to act: when it holds, and what a person can do about it. */
export interface ReasonRule {
  readonly reason: Reason;
  /** Why it holds for this action, beyond what the plan found; null: it does not. */
  readonly applies: (judged: Judged) => string | null;
  /** What to do, as a sentence or a command that works as it is typed. */
  readonly remedy: (action: Action, input: GateInput) => string;
}

/** What is found of each resource that an action writes to; another than its own is named. */
export function ofTouched(
  {touched}: Judged,
  find: (key: ResourceKey) => string | null | undefined,
): string | null {
  const found = touched.flatMap((key, index) => {
    const says = find(key) ?? null;
    return says === null ? [] : [index === 0 ? says : `${key}: ${says}`];
  });
  return found.length === 0 ? null : found.join('; ');
}

/** For reasons that only the plan can see: they come as findings. */
export const foundByPlan = (): null => null;

/** Fingerprint as people see and type it. */
export function short(fingerprint: string): string {
  return fingerprint.slice(0, 16);
}
