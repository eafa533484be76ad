// Why this exists: nothing is written to a guest that is not provably ours (safety.md 6).
import type {Finding} from '../core/action.ts';
import type {Observed, ResourceRecord} from '../core/model.ts';
import {vmidOf} from './keys.ts';

/** Whose a live object is, from its marker, its witness and the record together. */
export type Whose =
  | {readonly kind: 'ours'}
  /** Our marker, no record: may be rebuilt if the plan is otherwise empty. */
  | {readonly kind: 'unrecorded'}
  /** No marker, no record, and Git names its witness. */
  | {readonly kind: 'adoptable'}
  /** Nothing may be written to it. */
  | {readonly kind: 'hands-off'; readonly finding: Finding};

/** Tells whose it is; `adopt` is the witness that Git asks to adopt. */
export function whose(
  observed: Observed,
  record: ResourceRecord | null,
  adopt: string | null,
): Whose {
  const {ownership} = observed;
  switch (ownership.kind) {
    case 'foreign':
      return handsOff('not-ours', `its marker says ${ownership.marker}`);
    case 'unmarked':
      return record
        ? handsOff('marker-missing', 'it is in the journal but its marker is gone')
        : unmarked(observed, adopt);
    case 'ours':
      return record ? recorded(observed, record) : {kind: 'unrecorded'};
  }
}

function unmarked(observed: Observed, adopt: string | null): Whose {
  const named = observed.name === null ? 'without a name' : `named ${observed.name}`;
  if (adopt === null) {
    return handsOff(
      'vmid-taken',
      `${observed.key} exists on ${observed.node}, ${named}, unmanaged`,
    );
  }
  if (sameWitness(adopt, observed.witness)) return {kind: 'adoptable'};
  return handsOff(
    'identity-changed',
    `adoption of ${adopt} is asked for, ${observed.key} has ${observed.witness ?? 'no witness'}`,
  );
}

/** Only what has no witness by nature (a pool, an alias) is ours without one; a guest never is. */
function recorded(observed: Observed, record: ResourceRecord): Whose {
  const without = record.witness === null && observed.witness === null;
  if (without && vmidOf(observed.key) === null) return {kind: 'ours'};
  if (sameWitness(record.witness, observed.witness)) return {kind: 'ours'};
  return handsOff(
    'identity-changed',
    `the journal knows ${record.witness ?? 'no witness'}, live has ${observed.witness ?? 'none'}`,
  );
}

/** UUIDs and MACs mean the same in both cases; no witness equals none. */
function sameWitness(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== '' && a.toLowerCase() === b.toLowerCase();
}

function handsOff(reason: Finding['reason'], detail: string): Whose {
  return {kind: 'hands-off', finding: {reason, detail}};
}
