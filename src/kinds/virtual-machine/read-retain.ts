// Why this exists: which disks outlive their guest, and who keeps them, is said while the guest is
// there, and remembered for when its document is gone.
import {isObject} from '../../core/json.ts';
import type {Retention} from '../../core/model.ts';
import {addMistake, type Mistakes, pointerOf} from './mistakes.ts';

/** What `retainDisks` says; null where it says nothing. */
export function readRetain(value: unknown, vmid: number, mistakes: Mistakes): Retention | null {
  if (!isObject(value)) return null;
  const {vmid: holder, disks} = value;
  if (typeof holder !== 'number' || !Array.isArray(disks)) return null;
  if (holder === vmid) {
    const detail = `Both are ${vmid}, and what goes cannot keep anything.`;
    const remedy = 'Name another guest, one that stays.';
    addMistake(mistakes, 'vm-retain-self', pointerOf('retainDisks', 'vmid'), {detail, remedy});
    return null;
  }
  const fields = [...new Set(disks.map((slot) => `disks.${String(slot)}`))].sort();
  return fields.length === 0 ? null : {to: `guest/${holder}`, fields};
}
