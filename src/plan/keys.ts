// Why this exists: plans are read by people, so guest/150 comes after guest/20, everywhere the
// same.
import type {ResourceKey} from '../core/model.ts';

/** Orders keys by their first part, then by number where both end in one, else by text. */
export function compareKeys(a: ResourceKey, b: ResourceKey): number {
  const [left, right] = [split(a), split(b)];
  if (left.head !== right.head) return left.head < right.head ? -1 : 1;
  if (left.number !== null && right.number !== null) return left.number - right.number;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The VMID of a guest's key, null for every other key. */
export function vmidOf(key: ResourceKey): number | null {
  const {head, number} = split(key);
  return head === 'guest' ? number : null;
}

function split(key: ResourceKey): {readonly head: string; readonly number: number | null} {
  const slash = key.indexOf('/');
  const tail = key.slice(slash + 1);
  return {head: key.slice(0, slash), number: /^\d{1,15}$/.test(tail) ? Number(tail) : null};
}
