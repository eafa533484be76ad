// Why this exists: an approval at the terminal names exactly one action on exactly one live state:
// the digits that a person typed are found in a plan made now, and the whole fingerprint is
// approved.
import {userInfo} from 'node:os';
import type {Config} from '../config/model.ts';
import type {Approval} from '../core/action.ts';
import type {Report} from '../core/report.ts';
import {CommandError} from './io.ts';
import {realClock, realRandom} from './world/clock.ts';

/** How long an approval at the terminal holds if it is not used: it is meant for now. */
const VALID_MS = 15 * 60_000;
/** What plans show of a fingerprint; fewer digits are refused. */
const SHOWN_DIGITS = 16;

/** Makes approvals of what was typed; refuses what is not in the plan or is not unique. */
export function approvalsOf(
  typed: readonly string[],
  report: Report,
  config: Config,
  reason: string,
): readonly Approval[] {
  const {destructive} = config.policy;
  if (typed.length > 0 && destructive.kind === 'approval' && !destructive.terminal) {
    throw new CommandError(
      'approvals at the terminal are switched off',
      'See policy.destructive.approval.terminal in the configuration.',
    );
  }
  return typed.map((digits) => approvalOf(digits, report, reason));
}

function approvalOf(digits: string, report: Report, reason: string): Approval {
  if (!/^[0-9a-f]{16,64}$/.test(digits)) {
    throw new CommandError(
      `"${digits}" is not a fingerprint`,
      `Copy at least the ${SHOWN_DIGITS} digits that pvegit plan shows.`,
    );
  }
  const {plan} = report;
  const known = plan?.actions.filter(({verb}) => verb !== 'none').map((one) => one.fingerprint);
  const set = plan?.setFingerprint;
  const all = new Set([...(known ?? []), ...(set === null || set === undefined ? [] : [set])]);
  const [fingerprint, second] = [...all].filter((one) => one.startsWith(digits));
  if (fingerprint === undefined) {
    throw new CommandError(
      `no action of the plan as it is now has the fingerprint ${digits}`,
      'The guest or the commit has changed since: look at pvegit plan again.',
    );
  }
  if (second !== undefined) {
    throw new CommandError(`${digits} is more than one action`, 'Give more digits.');
  }
  const issuedAt = realClock.now();
  return {
    id: Buffer.from(realRandom.bytes(16)).toString('hex'),
    fingerprint,
    principal: userInfo().username,
    via: 'terminal',
    issuedAt,
    expiresAt: issuedAt + VALID_MS,
    reason,
  };
}
