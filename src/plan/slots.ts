// Why this exists: a slot (a disk, a network card) and its keys come and go together, so what is
// decided of one of them is decided of all.
import type {Change} from '../core/action.ts';
import {worstRisk} from '../core/model.ts';
import {strictestCause} from './cause.ts';
import {hasAncestor} from './removal.ts';

/** A slot that leaves takes its keys with it. */
export function swallow(changes: readonly Change[]): readonly Change[] {
  const gone = changes.filter((change) => change.to === null && change.from === true);
  const slots = gone.map((change) => change.field);
  return changes.filter((change) => !hasAncestor(change.field, slots));
}

/** A slot that comes or goes is one thing: it cannot come without its keys, or they without it. */
export function levelSlots(changes: readonly Change[]): readonly Change[] {
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
