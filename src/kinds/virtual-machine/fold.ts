// Why this exists: Proxmox lets no drive go while protection is on, so that a commit which sets
// protection and takes a drive out has to be carried out in that order: drive first.
import type {Change} from '../../core/action.ts';
import {worstRisk} from '../../core/model.ts';
import {deviceOf} from './edits.ts';

/** Puts protection that is set into one action with the removals that it would forbid. */
export function fold(changes: readonly Change[]): readonly Change[] {
  const removals = changes.filter(removesDrive);
  if (removals.length === 0) return changes;
  const risk = worstRisk(removals.map((change) => change.risk));
  const fields = removals.map(({field}) => field).join(', ');
  const because = `it is set once ${fields} is taken out, which it would forbid`;
  return changes.map((change) => {
    const sets = change.field === 'protection' && change.to === true;
    return sets && change.risk === 'benign' ? {...change, risk, because} : change;
  });
}

function removesDrive({field, to}: Change): boolean {
  if ((to ?? null) !== null) return false;
  return deviceOf(field) === field || field.startsWith('unused.');
}
