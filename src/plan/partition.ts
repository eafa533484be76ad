// Why this exists: what is harmless goes ahead while the rest waits, so the changes of a resource
// are split by what the policy treats differently: risk and cause.
import type {Cause, Change} from '../core/action.ts';
import {RISKS, type Risk, worstRisk} from '../core/model.ts';
import {strictestCause} from './cause.ts';
import {hasAncestor} from './removal.ts';

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
  for (const change of levelSlots(changes)) {
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

/** A slot that comes or goes is one thing: it cannot come without its keys, or they without it. */
function levelSlots(changes: readonly Change[]): readonly Change[] {
  const slots = changes.filter((change) => change.from === true || change.to === true);
  return slots.reduce((levelled, slot) => level(levelled, slot.field), changes);
}

function level(changes: readonly Change[], slot: string): readonly Change[] {
  const inSlot = (change: Change) => change.field === slot || hasAncestor(change.field, [slot]);
  const members = changes.filter(inSlot);
  if (members.length < 2) return changes;
  const risk = worstRisk(members.map((change) => change.risk));
  const cause = strictestCause(members.map((change) => change.cause));
  const because = members.find((change) => change.risk === risk)?.because ?? '';
  return changes.map((change) => {
    if (!inSlot(change)) return change;
    return {...change, risk, cause, because: change.risk === risk ? change.because : because};
  });
}
