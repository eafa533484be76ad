// Why this exists: who moved, Git or the cluster, decides what happens with a difference
// (safety.md 7). The base is what both were when last verified: the record's body.
import type {Cause} from '../core/action.ts';
import type {FieldRule} from '../core/kind.ts';
import type {FieldValue, Observed} from '../core/model.ts';

/** One difference with its base. */
export interface CauseInput {
  readonly rule: FieldRule;
  readonly observed: Observed;
  /** False: the resource has no record, so nothing tells who was first. */
  readonly recorded: boolean;
  /** Undefined: the field was not declared when the record was written. */
  readonly base: FieldValue | undefined;
  readonly live: FieldValue | undefined;
  /** Null for a field that left Git. */
  readonly wanted: FieldValue;
}

/** Which of both moved away from the base. */
export function causeOf(input: CauseInput): Cause {
  const {rule, observed, base, live, wanted} = input;
  if (!input.recorded) return 'conflict';
  if (base === undefined) return 'pending';
  const gitMoved = !rule.same(base ?? undefined, wanted, observed);
  const liveMoved = !rule.same(live, base, observed);
  if (!liveMoved) return 'pending';
  return gitMoved ? 'conflict' : 'drift';
}

/** The strictest of several causes: what holds longest wins. */
export function strictestCause(causes: readonly Cause[]): Cause {
  for (const cause of ['undetermined', 'unmanaged', 'conflict', 'drift'] as const) {
    if (causes.includes(cause)) return cause;
  }
  return 'pending';
}
