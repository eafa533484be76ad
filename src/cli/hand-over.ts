// Why this exists: with a controller running, an approval at the terminal is a row in its journal;
// the person who gave it sees how it ended.
import type {Approval, Outcome} from '../core/action.ts';
import type {Report} from '../core/report.ts';
import {keepApproval} from '../reconcile/approvals.ts';
import type {ClusterParts} from '../reconcile/parts.ts';
import type {CommandContext} from './command-context.ts';
import {EXIT, outJson} from './io.ts';
import {safe, shownResource} from './print/style.ts';

const LOOK_MS = 250;
const LONGEST_WAIT_MS = 30 * 60_000;

/** Hands approvals to the controller that leads, and waits until each action has ended. */
export async function handOver(
  context: CommandContext,
  parts: Omit<ClusterParts, 'applier'>,
  report: Report,
  approvals: readonly Approval[],
): Promise<number> {
  const {journal, clock, cluster} = parts;
  const {io} = context;
  const since = clock.now();
  for (const approval of approvals) {
    // Kept first: the request only wakes the controller, which may die when it has taken it.
    keepApproval(journal, cluster, approval);
    journal.addRequest({kind: 'approve', cluster, approval}, since);
    io.err(`approved ${approval.fingerprint.slice(0, 16)}; the controller carries it out`);
  }
  const waiting = new Set(approvals.map(({fingerprint}) => fingerprint));
  if (report.plan?.setFingerprint) waiting.delete(report.plan.setFingerprint);
  const ended: Outcome[] = [];
  const deadline = clock.monotonic() + LONGEST_WAIT_MS;
  while (waiting.size > 0 && !io.signal.aborted && clock.monotonic() < deadline) {
    await clock.sleep(LOOK_MS, io.signal);
    for (const outcome of journal.outcomes(cluster, 50)) {
      if (outcome.endedAt < since || !waiting.delete(outcome.fingerprint)) continue;
      ended.push(outcome);
      if (!context.options().json) io.out(outcomeLine(context, outcome));
    }
  }
  if (context.options().json) outJson(io, {outcomes: ended});
  if (waiting.size > 0) return EXIT.held;
  return ended.every(({result}) => result === 'done') ? EXIT.ok : EXIT.error;
}

function outcomeLine({io}: CommandContext, outcome: Outcome): string {
  const {key, name, verb, result, because} = outcome;
  const sign = result === 'done' ? io.style.good('✓') : io.style.bad('✗');
  const detail = result === 'done' ? '' : `: ${safe(because)}`;
  return `${sign} ${shownResource(key, name)}: ${verb} ${result}${detail}`;
}
