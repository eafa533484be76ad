// Why this exists: what just failed, or just drifted, is given time.
import {driftId} from '../input.ts';
import type {ReasonRule} from '../judged.ts';
import {isPowerDrift} from '../mode.ts';

/** Holds after a failure, and drift of power for ten minutes. */
export const coolDown: ReasonRule = {
  reason: 'cool-down',
  applies: ({action, input}) => {
    const backoff = input.backoffs[action.key];
    if (backoff?.fingerprint === action.fingerprint && backoff.until > input.now) {
      const left = seconds(backoff.until - input.now);
      return `it failed: ${backoff.because}; tried again in ${left} s`;
    }
    if (!isPowerDrift(action)) return null;
    const since = input.driftSince[driftId(action.key, 'power')] ?? input.now;
    const left = since + POWER_DRIFT_WAIT_MS - input.now;
    return left > 0 ? `drift of power waits ten minutes, ${seconds(left)} s are left` : null;
  },
  remedy: (action) =>
    `Wait, or run "pvegit retry ${action.key}"; a new commit for it is tried at once.`,
};

/** Long enough for somebody who stopped a guest on purpose to say so (safety.md 7). */
const POWER_DRIFT_WAIT_MS = 10 * 60_000;

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
