// Why this exists: one verdict per action, with every reason against it, from values alone.
import {
  type Action,
  type Finding,
  HOLDS,
  REFUSALS,
  type Reason,
  touchedKeys,
  type Verdict,
} from '../core/action.ts';
import {mapSteps, runSteps, type Steps} from '../core/steps.ts';
import {approvalsOf, together} from './approvals.ts';
import type {GateInput} from './input.ts';
import type {Judged} from './judged.ts';
import {needsApproval} from './mode.ts';
import {REASONS} from './registry.ts';

/** Every reason in the order in which the first is shown. */
const ORDER: readonly Reason[] = [...REFUSALS, ...HOLDS];

/** What can hold an action that only follows in the journal: somebody else may be writing there. */
const OF_JOURNAL: readonly Reason[] = ['unknown', 'applying'];

/** Verdicts in the order of the plan's actions; at most one action per resource is allowed. */
export function judge(input: GateInput): readonly Verdict[] {
  return runSteps(judgeSteps(input));
}

/** The same in steps, an action each. */
export function judgeSteps(input: GateInput): Steps<readonly Verdict[]> {
  const allowed = new Map<string, string>();
  const loads = new Map(Object.entries(input.running));
  const destructive = input.plan.actions
    .filter((action) => action.risk === 'destructive')
    .map((action) => action.fingerprint);
  return mapSteps(input.plan.actions, (action) => {
    const approvals = approvalsOf(action, input);
    const touched = touchedKeys(action);
    const earlier = {allowed, loads};
    const judged: Judged = {action, input, approvals, destructive, touched, earlier};
    const verdict = verdictOn(judged);
    if (verdict.verdict === 'allow' && action.verb !== 'none') {
      for (const key of touched) allowed.set(key, describe(action));
      for (const load of action.loads) loads.set(load, (loads.get(load) ?? 0) + 1);
    }
    return verdict;
  });
}

function verdictOn(judged: Judged): Verdict {
  const {action, input, approvals} = judged;
  const reasons = ORDER.flatMap((reason) => {
    const detail = detailOf(reason, judged);
    return detail === null ? [] : [{reason, detail, remedy: REASONS[reason].remedy(action, input)}];
  });
  const rests = action.verb !== 'none' && needsApproval(action, input.policy);
  return {
    fingerprint: action.fingerprint,
    key: action.key,
    verdict: reasons.length === 0 ? 'allow' : isRefusal(reasons[0]?.reason) ? 'refuse' : 'hold',
    reasons: reasons.length === 0 ? NONE : reasons,
    approval: rests && reasons.length === 0 ? together(approvals, action, input) : null,
  };
}

/** One for all that is allowed: a fleet has thousands. */
const NONE: Verdict['reasons'] = [];

function detailOf(reason: Reason, judged: Judged): string | null {
  const {action} = judged;
  const found = action.findings.filter((finding) => finding.reason === reason);
  const details = found.map((finding) => finding.detail);
  const own = evaluates(reason, action) ? REASONS[reason].applies(judged) : null;
  if (own !== null) details.push(own);
  return details.length === 0 ? null : details.join('; ');
}

/** An action that calls nothing is judged only by what concerns the journal. */
function evaluates(reason: Reason, action: Action): boolean {
  if (action.verb !== 'none') return true;
  // Who frees a VMID that is taken should not learn only then that it is out of scope.
  if (reason === 'out-of-scope') return action.findings.some(isTaken);
  return action.record !== null && OF_JOURNAL.includes(reason);
}

function isTaken({reason}: Finding): boolean {
  return reason === 'vmid-taken';
}

function isRefusal(reason: Reason | undefined): boolean {
  const refusals: readonly Reason[] = REFUSALS;
  return reason !== undefined && refusals.includes(reason);
}

function describe(action: Action): string {
  const fields = action.changes.map((change) => change.field).join(', ');
  return fields === '' ? action.verb : `${action.verb} of ${fields}`;
}
