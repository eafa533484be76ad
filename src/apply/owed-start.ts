// Why this exists: a guest that we shut down for its own good is started again, whatever anybody
// wants meanwhile: a controller that leaves guests off on its way is worse than a late commit.
import type {Step} from '../core/action.ts';

/** Whether this step starts a guest that the step before it has stopped. */
export function owesStart(steps: readonly Step[], index: number): boolean {
  const [before, step] = [steps[index - 1], steps[index]];
  if (step === undefined || step.kind === 'until' || step.operation !== 'start') return false;
  if (before === undefined || before.kind === 'until') return false;
  return before.operation === 'shutdown' || before.operation === 'stop';
}

/** The step without a check of the digest: a start applies whatever configuration there is. */
export function withoutDigest<S extends Step>(step: S): S {
  return {...step, guard: {...step.guard, digest: null}};
}
