// Why this exists: Proxmox lets no drive go while protection is on, so that a commit which sets
// protection and takes a drive out has to be carried out in that order: drive first. Nor does it
// take a least memory above the memory, so that both grow in one call.
import type {Change} from '../../core/action.ts';
import {type Observed, worstRisk} from '../../core/model.ts';
import {deviceOf} from './edits.ts';
import {DEFAULT_MEMORY} from './key-findings.ts';

/** Joins what can only be carried out together. */
export function fold(changes: readonly Change[], observed: Observed): readonly Change[] {
  return foldProtection(foldBalloon(changes, observed));
}

/** More least memory than there is comes with the memory that makes room for it. */
function foldBalloon(changes: readonly Change[], {body}: Observed): readonly Change[] {
  const memory = changes.find(({field}) => field === 'memory');
  const room = body['memory'] ?? DEFAULT_MEMORY;
  if (memory === undefined || typeof room !== 'number') return changes;
  return changes.map((change) => {
    const {field, to, risk} = change;
    if (field !== 'balloon' || typeof to !== 'number' || to <= room) return change;
    const because = 'it is more than the memory that there is, so that both are written together';
    return risk === 'benign' ? {...change, risk: memory.risk, because} : change;
  });
}

/** Puts protection that is set into one action with the removals that it would forbid. */
function foldProtection(changes: readonly Change[]): readonly Change[] {
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
