// Why this exists: what is harmless goes ahead while the rest waits, so the changes of a resource
// are split by what the policy treats differently: risk and cause.
import type {Cause, Change} from '../core/action.ts';
import {RISKS, type Risk, worstRisk} from '../core/model.ts';
import {strictestCause} from './cause.ts';

/** Changes that make one action. */
export interface Part {
  readonly risk: Risk;
  readonly cause: Cause;
  readonly changes: readonly Change[];
}

const CAUSES: readonly Cause[] = ['pending', 'drift', 'conflict', 'undetermined', 'unmanaged'];

/** Parts in the order in which they are carried out: benign first, pending before drift. */
export function partition(changes: readonly Change[]): readonly Part[] {
  const parts = new Map<string, {rank: number; changes: Change[]}>();
  for (const change of changes) {
    const rank = rankOf(change);
    const part = parts.get(String(rank)) ?? {rank, changes: []};
    part.changes.push(change);
    parts.set(String(rank), part);
  }
  return [...parts.values()]
    .sort((a, b) => a.rank - b.rank)
    .map((part) => ({
      risk: worstRisk(part.changes.map((change) => change.risk)),
      cause: strictestCause(part.changes.map((change) => change.cause)),
      changes: part.changes,
    }));
}

/** Drift of power comes after other drift of its class, alone: it waits for ten minutes. */
function rankOf(change: Change): number {
  const power = change.field === 'power' && change.cause === 'drift' ? 1 : 0;
  return (RISKS.indexOf(change.risk) * CAUSES.length + CAUSES.indexOf(change.cause)) * 2 + power;
}
