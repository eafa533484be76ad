// Why this exists: an approval is a value, and which of them count for an action is one question
// with one answer, whatever door they came through.
import type {Action, Approval} from '../core/action.ts';
import {setFingerprint} from '../core/canonical.ts';
import type {GateInput} from './input.ts';

/** The approvals of exactly this action that count, oldest first; empty below the quorum. */
export function approvalsOf(action: Action, input: GateInput): readonly Approval[] {
  const naming = input.approvals.filter((one) => one.fingerprint === action.fingerprint);
  const valid = distinctPrincipals(naming.filter((one) => counts(one, action, input)));
  return valid.length >= quorumOf(action, input) ? valid : [];
}

/** The approval that lets these destructive actions exceed the blast radius, if there is one. */
export function setApproval(
  action: Action,
  wanted: readonly string[],
  input: GateInput,
): Approval | null {
  const covering = input.approvals.filter(
    (one) => counts(one, action, input) && covers(one.fingerprint, wanted, input),
  );
  return covering[0] ?? null;
}

/** A set is its members: what is shown for a fingerprint must hash to it. */
function covers(set: string, wanted: readonly string[], input: GateInput): boolean {
  if (set === setFingerprint(wanted)) return true;
  const members = input.sets[set];
  if (!members || setFingerprint(members) !== set) return false;
  return wanted.every((fingerprint) => members.includes(fingerprint));
}

function counts(approval: Approval, action: Action, input: GateInput): boolean {
  return (
    approval.principal !== '' &&
    !input.spent.has(approval.id) &&
    approval.issuedAt >= input.journalBirth &&
    approval.issuedAt <= input.now + CLOCK_TOLERANCE_MS &&
    approval.expiresAt > input.now &&
    (action.risk !== 'destructive' || countsForDestructive(approval, action, input))
  );
}

/** The rules of `policy.destructive`; they say nothing about the other classes. */
function countsForDestructive(approval: Approval, action: Action, input: GateInput): boolean {
  const {destructive} = input.policy;
  if (destructive.kind !== 'approval') return false;
  const authors = input.authors[action.key];
  const byAuthor = !authors || authors.includes(approval.principal);
  return (
    !(approval.via === 'terminal' && !destructive.terminal) && !(destructive.notAuthor && byAuthor)
  );
}

/** Approvals are issued on other machines; more than this apart counts as a clock that is off. */
const CLOCK_TOLERANCE_MS = 60_000;

function quorumOf(action: Action, {policy}: GateInput): number {
  if (action.risk !== 'destructive' || policy.destructive.kind !== 'approval') return 1;
  return Math.max(1, policy.destructive.quorum);
}

function distinctPrincipals(approvals: readonly Approval[]): readonly Approval[] {
  const sorted = approvals.toSorted((a, b) => a.issuedAt - b.issuedAt || (a.id < b.id ? -1 : 1));
  const byPrincipal = new Map<string, Approval>();
  for (const one of sorted)
    if (!byPrincipal.has(one.principal)) byPrincipal.set(one.principal, one);
  return [...byPrincipal.values()];
}
