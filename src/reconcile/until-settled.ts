// Why this exists: the one-shot `apply` makes passes until nothing is left that it may do, the same
// passes that the loop makes.
import type {Report} from '../core/report.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';
import {runPass} from './pass.ts';

/** A chain of dependencies needs a pass per link; nobody has chains as long as this. */
const MOST_PASSES = 100;

/** How a one-shot run ended: the last report, and what ended badly on the way. */
export interface Settled {
  readonly report: Report;
  readonly passes: number;
}

/** Passes until nothing was started and nothing runs; at least one. */
export async function runUntilSettled(
  parts: ClusterParts,
  memory: PassMemory,
  onReport: (report: Report) => void,
  signal: AbortSignal,
): Promise<Settled> {
  for (let passes = 1; ; passes += 1) {
    const ends = parts.applier?.ends();
    const {report} = await runPass(parts, memory, signal);
    onReport(report);
    // What ended while the pass read is not in its plan yet.
    const overtaken = parts.applier?.ends() !== ends;
    const runs = (parts.applier?.inFlight().size ?? 0) > 0;
    const busy = report.dispatched.length > 0 || runs || overtaken;
    if (!busy || signal.aborted || passes >= MOST_PASSES) return {report, passes};
    await Promise.race([parts.applier?.anyEnd(), aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), {once: true});
  return promise;
}
