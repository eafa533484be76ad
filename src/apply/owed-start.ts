// Why this exists: a guest that we shut down for its own good is started again, whatever anybody
// wants meanwhile: a controller that leaves guests off on its way is worse than a late commit.
import type {Action, Operation, Step} from '../core/action.ts';

/** Whether this step starts a guest that a step before it has stopped. */
export function owesStart(steps: readonly Step[], index: number): boolean {
  if (operationOf(steps[index]) !== 'start') return false;
  const before = steps.slice(0, index).findLast((step) => POWER.has(operationOf(step) ?? ''));
  return stopsGuest(before);
}

/**
 * Where the step is that starts the guest which a step before `index` has stopped; null: there is
 * none, or nothing before `index` has stopped it. What lies between may be left out.
 */
export function owedStart(steps: readonly Step[], index: number): number | null {
  const next = steps.findIndex((step, at) => at >= index && POWER.has(operationOf(step) ?? ''));
  return next >= 0 && owesStart(steps, next) && stopsBefore(steps, index) ? next : null;
}

function stopsBefore(steps: readonly Step[], index: number): boolean {
  return stopsGuest(steps.slice(0, index).findLast((step) => POWER.has(operationOf(step) ?? '')));
}

/** Whether this step stops a guest that runs. */
export function stopsGuest(step: Step | undefined): boolean {
  const operation = operationOf(step);
  return operation === 'shutdown' || operation === 'stop';
}

const POWER: ReadonlySet<string> = new Set(['start', 'shutdown', 'stop', 'destroy']);

function operationOf(step: Step | undefined): string | null {
  return step === undefined || step.kind === 'until' ? null : step.operation;
}

/**
 * Whether to wait before this step would keep the guest down for as long: an earlier one stopped or
 * destroyed it, and what is left brings it back.
 */
export function keepsDown({verb, steps}: Action, index: number): boolean {
  if (verb === 'delete') return false;
  return steps.slice(0, index).some((step) => step.kind !== 'until' && DOWN.has(step.operation));
}

const DOWN: ReadonlySet<Operation> = new Set(['shutdown', 'stop', 'destroy']);

/** The step without a check of the digest: a start applies whatever configuration there is. */
export function withoutDigest<S extends Step>(step: S): S {
  return {...step, guard: {...step.guard, digest: null}};
}
