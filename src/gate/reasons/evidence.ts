// Why this exists: after the guest is gone nobody can look at what was wrong with it.
import type {ReasonRule} from '../judged.ts';

/** Holds what destroys while its evidence could not be captured. */
export const evidence: ReasonRule = {
  reason: 'evidence',
  applies: ({action, input}) =>
    action.risk === 'destructive' ? (input.evidenceMissing[action.fingerprint] ?? null) : null,
  remedy: () => "Make the guest's node and the data folder reachable; the capture is tried again.",
};
