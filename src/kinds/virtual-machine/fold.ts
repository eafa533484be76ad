// Why this exists: a slot that is added or leaves is one thing for a person, not a dozen sub-keys.
import type {Change} from '../../core/action.ts';
import {type Observed, worstRisk} from '../../core/model.ts';
import {placeOf} from './field-path.ts';

/**
 * Joins the leaves of a slot. A slot that leaves keeps only its presence; a slot that is new
 * becomes one change whose `to` spells its sub-keys, so that an approval covers them.
 */
export function fold(changes: readonly Change[], observed: Observed): readonly Change[] {
  const slots = new Set(changes.map(({field}) => slotOf(field)).filter((slot) => slot !== null));
  let folded = changes;
  for (const slot of slots) folded = foldSlot(folded, slot, observed);
  return folded;
}

/** The path of the slot that a field belongs to; null for a field that stands alone. */
function slotOf(field: string): string | null {
  const parts = field.split('.');
  const [group = '', second = ''] = parts;
  if (group === 'efi' || group === 'tpm') return group;
  if (['disks', 'cdroms', 'networks', 'config'].includes(group)) return `${group}.${second}`;
  if (group !== 'cloudInit') return null;
  if (second === 'drive') return 'cloudInit.drive';
  return second === 'ipConfig' ? parts.slice(0, 3).join('.') : null;
}

function foldSlot(changes: readonly Change[], slot: string, observed: Observed): readonly Change[] {
  const members = changes.filter(({field}) => slotOf(field) === slot);
  const others = changes.filter((change) => !members.includes(change));
  const presence = members.find(({field}) => field === slot);
  const leaves = members.filter(({field}) => field !== slot);
  if (presence && (presence.to ?? null) === null) {
    return [...others, presence, ...leaves.filter(({to}) => (to ?? null) !== null)];
  }
  const isNew = observed.body[slot] !== true;
  const added = leaves.filter(({to}) => (to ?? null) !== null);
  const [first] = members;
  if (!isNew || !first || added.length === 0 || added.length < leaves.length) return changes;
  if (!presence && added.length < 2) return changes;
  const text = added.map(describe).sort().join(', ');
  const folded: Change = {
    ...(presence ?? first),
    field: slot,
    from: undefined,
    to: text,
    risk: worstRisk(members.map(({risk}) => risk)),
    shown: {from: '(none)', to: text},
  };
  return [...others, folded];
}

function describe({field, shown}: Change): string {
  const place = placeOf(field);
  const leaf = place?.spec.key === 'config' ? place.sub : field.split('.').at(-1);
  return `${leaf}=${shown.to}`;
}
