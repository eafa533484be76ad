// Why this exists: people and metrics first want counts, and all of them the same ones.
import type {Plan, Verb, Verdict} from '../core/action.ts';
import type {Risk} from '../core/model.ts';

/** Counts of a judged plan; actions that do nothing are left out of `byRisk`. */
export interface Summary {
  readonly byVerb: {readonly [verb in Verb]: number};
  readonly byRisk: {readonly [risk in Risk]: number};
  readonly byVerdict: {readonly [verdict in Verdict['verdict']]: number};
  /** Resources that are as declared and held by nothing. */
  readonly inSync: number;
}

/** Counts a plan; verdicts are those of the same plan, in its order. */
export function summarise(plan: Plan, verdicts: readonly Verdict[]): Summary {
  const byVerb = {
    none: 0,
    adopt: 0,
    release: 0,
    create: 0,
    update: 0,
    replace: 0,
    delete: 0,
    run: 0,
  };
  const byRisk = {benign: 0, disruptive: 0, destructive: 0};
  const byVerdict = {allow: 0, hold: 0, refuse: 0};
  const keys = new Set<string>();
  const open = new Set<string>();
  for (const action of plan.actions) {
    byVerb[action.verb] += 1;
    keys.add(action.key);
    if (action.verb === 'none' && action.findings.length === 0) continue;
    open.add(action.key);
    if (action.verb !== 'none') byRisk[action.risk] += 1;
  }
  for (const verdict of verdicts) {
    if (open.has(verdict.key)) byVerdict[verdict.verdict] += 1;
  }
  return {byVerb, byRisk, byVerdict, inSync: keys.size - open.size};
}
