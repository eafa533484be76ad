// Why this exists: a step leaves only if the object is, right now, what the plan believed it to be.
import type {Guard} from '../core/action.ts';
import type {Observation, Observed} from '../core/model.ts';

/** What the guard found: fit to go on, with the fresh state, or why not. */
export type GuardResult =
  | {readonly kind: 'fit'; readonly observed: Observed | null}
  | {readonly kind: 'unfit'; readonly because: string; readonly observed: Observed | null};

/**
 * Compares a fresh observation with what the step needs. `chain` is the digest of this action's
 * last verified read; after a restart it is null, and the fresh one is taken when the rest fits.
 */
export function checkGuard(guard: Guard, seen: Observation, chain: string | null): GuardResult {
  if (seen.kind === 'undetermined') return unfit(`it could not be read: ${seen.because}`);
  if (guard.state === 'absent') {
    if (seen.kind === 'absent') return {kind: 'fit', observed: null};
    return unfit(`VMID ${guard.vmid} is taken now`);
  }
  if (seen.kind === 'absent') return unfit('it is gone');
  if (seen.kind === 'other') return unfit(seen.because);
  return checkPresent(guard, seen.observed, chain);
}

function checkPresent(guard: Guard, observed: Observed, chain: string | null): GuardResult {
  const unfit = (because: string): GuardResult => ({kind: 'unfit', because, observed});
  const wanted = guard.state === 'ours' ? 'ours' : 'unmarked';
  if (observed.ownership.kind !== wanted) {
    return unfit(`its marker says "${observed.ownership.kind}", expected "${wanted}"`);
  }
  if (guard.witness !== null && observed.witness !== guard.witness) {
    return unfit('its identity (witness) is another one');
  }
  if (observed.lock !== null) return unfit(`it is locked (${observed.lock})`);
  if (guard.node !== observed.node) return unfit(`it is on node ${observed.node} now`);
  if (guard.power !== null && observed.power !== guard.power) {
    return unfit(`it is ${observed.power}, expected ${guard.power}`);
  }
  const digest = guard.digest === 'chain' ? chain : guard.digest;
  if (digest !== null && observed.digest !== digest) {
    return unfit('its configuration was changed by somebody else (digest)');
  }
  return {kind: 'fit', observed};
}

function unfit(because: string): GuardResult {
  return {kind: 'unfit', because, observed: null};
}
