// Why this exists: what a guest's snapshots are called matters to deletions and migrations alike.
import {isObject} from '../../core/json.ts';
import type {Inventory} from '../../core/model.ts';
import {snapshotPath} from './reads.ts';

/** The names of a guest's snapshots, as far as they were read. */
export function snapshotsOf(node: string, vmid: number, inventory: Inventory): readonly string[] {
  const outcome = inventory.reads[snapshotPath(node, vmid)]?.outcome;
  if (!outcome?.ok || !Array.isArray(outcome.data)) return [];
  const names = outcome.data.flatMap((one) => (isObject(one) ? [String(one['name'])] : []));
  return names.filter((name) => name !== 'current').toSorted();
}
