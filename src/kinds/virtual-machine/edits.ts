// Why this exists: the changes of an action, as edits of single fields, sorted by how they are
// carried out. A slot that is added stands in one change and means all its declared sub-keys.
import type {Change} from '../../core/action.ts';
import type {Desired, FieldValue, Observed} from '../../core/model.ts';
import type {Edit, SortedEdits} from './compose.ts';
import {effectOf} from './effect.ts';
import {placeOfField} from './field-path.ts';
import {sameField} from './same.ts';

/** Sorts the changes of an action. */
export function sortEdits(
  changes: readonly Change[],
  desired: Desired | null,
  observed: Observed,
): SortedEdits {
  const all = distinct(changes.flatMap((change) => expand(change, desired)));
  const edits = all.filter(({field, to}) => !isConfigured(field, to, observed));
  const effects = effectsOf(changes, observed);
  const keys: Edit[] = [];
  const unused: Edit[] = [];
  const devices = new Map<string, Edit[]>();
  for (const edit of edits) {
    const place = placeOfField(edit.field);
    const device = deviceOf(edit.field);
    if (device !== null) devices.set(device, [...(devices.get(device) ?? []), edit]);
    else if (place.spec.key === 'unusedN') unused.push(edit);
    else if (place.spec.key !== null) keys.push(edit);
  }
  const plain = (field: string) => edits.find((edit) => edit.field === field)?.to;
  return {
    keys,
    devices,
    unused,
    node: plain('node'),
    pool: plain('pool'),
    power: plain('power'),
    cycle: effects.some(({kind}) => kind === 'cycle'),
    refusedRunning: effects.filter((one) => one.refused).map(({field}) => field),
    inForce: effects.filter(({kind}) => kind !== 'cycle').map(({field}) => field),
    writes: edits.map(({field}) => field),
  };
}

/** The slot path of a field of a disk, CD drive, cloud-init drive, EFI or TPM; null for others. */
export function deviceOf(field: string): string | null {
  const parts = field.split('.');
  const [group = '', slot = ''] = parts;
  if (group === 'disks' || group === 'cdroms') return `${group}.${slot}`;
  if (group === 'cloudInit' && slot === 'drive') return 'cloudInit.drive';
  return group === 'efi' || group === 'tpm' ? group : null;
}

/** A change of a slot's presence to "there" means every declared sub-key of the slot. */
function expand(change: Change, desired: Desired | null): readonly Edit[] {
  const {field} = change;
  const to = change.to ?? null;
  const members = Object.entries(desired?.body ?? {}).filter(([path]) =>
    path.startsWith(`${field}.`),
  );
  if (to === null || !isSlot(field)) return [{field, to}];
  return [{field, to: true}, ...members.map(([path, value]) => ({field: path, to: value}))];
}

/** A slot that is new names its sub-keys once more. */
function distinct(edits: readonly Edit[]): readonly Edit[] {
  return [...new Map(edits.map((edit) => [edit.field, edit])).values()];
}

function isSlot(field: string): boolean {
  return placeOfField(field).type === 'presence';
}

/** Already written, only not in force: nothing is to be written again. */
function isConfigured(field: string, to: FieldValue, observed: Observed): boolean {
  if (!Object.hasOwn(observed.active, field)) return false;
  return sameField(placeOfField(field), observed.body[field], to, observed);
}

function effectsOf(changes: readonly Change[], observed: Observed) {
  if (observed.power === 'stopped') return [];
  return changes
    .filter(({field}) => !['node', 'pool', 'power'].includes(field))
    .map(({field, from, to}) => {
      const effect = effectOf({field, from, to, observed});
      const refused = effect.kind === 'cycle' && effect.refusedRunning === true;
      return {field, kind: effect.kind, refused};
    });
}
