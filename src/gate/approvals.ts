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

/** What a verdict rests on: as many approvals as the quorum asks for, as one; null for none. */
export function together(
  approvals: readonly Approval[],
  action: Action,
  input: GateInput,
): Approval | null {
  const [first, ...others] = approvals.slice(0, quorumOf(action, input));
  if (first === undefined) return null;
  return others.length === 0 ? first : {...first, beside: others};
}

/** Whether enough people let these destructive actions exceed the blast radius. */
export function isSetApproved(
  action: Action,
  wanted: readonly string[],
  input: GateInput,
): boolean {
  const covering = input.approvals.filter(
    (one) => counts(one, action, input) && covers(one.fingerprint, wanted, input),
  );
  return distinctPrincipals(covering).length >= quorumOf(action, input);
}

/** Who has approved the action so far, and whose approval does not count and why. */
export function approvalsSoFar(
  action: Action,
  input: GateInput,
): {readonly by: readonly string[]; readonly refused: readonly string[]} {
  const naming = input.approvals.filter((one) => one.fingerprint === action.fingerprint);
  const valid = distinctPrincipals(naming.filter((one) => counts(one, action, input)));
  const refused = naming.flatMap((one) => {
    const because = whyNot(one, action, input);
    return because === null
      ? []
      : [`that of ${one.principal || 'nobody'} does not count: ${because}`];
  });
  return {by: valid.map(({principal}) => principal), refused: [...new Set(refused)]};
}

/** A set is its members: what is shown for a fingerprint must hash to it. */
function covers(set: string, wanted: readonly string[], input: GateInput): boolean {
  if (set === setFingerprint(wanted)) return true;
  const members = Object.hasOwn(input.sets, set) ? input.sets[set] : undefined;
  if (!members || setFingerprint(members) !== set) return false;
  return wanted.every((fingerprint) => members.includes(fingerprint));
}

function counts(approval: Approval, action: Action, input: GateInput): boolean {
  return whyNot(approval, action, input) === null;
}

function whyNot(approval: Approval, action: Action, input: GateInput): string | null {
  if (approval.principal === '') return 'it names no person';
  if (input.spent.has(approval.id)) return 'it was used';
  if (approval.issuedAt < input.journalBirth) return 'it is older than the journal';
  if (approval.issuedAt > input.now + CLOCK_TOLERANCE_MS) return 'it is from the future';
  if (approval.expiresAt <= input.now) return 'it has run out';
  return action.risk === 'destructive' ? whyNotForDestructive(approval, action, input) : null;
}

/** The rules of `policy.destructive`; they say nothing about the other classes. */
function whyNotForDestructive(
  {principal, via}: Approval,
  action: Action,
  input: GateInput,
): string | null {
  const {destructive} = input.policy;
  if (destructive.kind !== 'approval') return 'destructive actions are only observed';
  if (via === 'terminal' && !destructive.terminal) return 'the terminal is switched off for it';
  if (!destructive.notAuthor) return null;
  // The name of a terminal's user is none of those that sign commits.
  if (via === 'terminal') return 'a terminal cannot show that it is not the author (notAuthor)';
  const authors = input.authors[action.key];
  if (authors === undefined) return 'who wrote the change is not known';
  return authors.includes(principal) ? 'it is of who wrote the change' : null;
}

/** Approvals are issued on other machines; more than this apart counts as a clock that is off. */
const CLOCK_TOLERANCE_MS = 60_000;

/** How many people must approve. */
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
