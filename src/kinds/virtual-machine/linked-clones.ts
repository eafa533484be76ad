// Why this exists: guests whose disks stand on another's base volumes tie that guest to its place:
// it is neither deleted nor moved under them.
import type {Inventory} from '../../core/model.ts';
import {readPending} from '../guest/live-config.ts';
import {baseOwner, drivesOf} from './drive.ts';

/** Guests, among those that were read, whose disks stand on this one's base volumes. */
export function linkedClones(vmid: number, inventory: Inventory): readonly string[] {
  return Object.values(inventory.reads).flatMap(({path, outcome}) => {
    const other = /^\/nodes\/[^/]+\/qemu\/(\d+)\/pending$/.exec(path)?.[1];
    if (other === undefined || Number(other) === vmid || !outcome.ok) return [];
    const config = readPending(outcome.data);
    if (config === null) return [];
    const stands = drivesOf(config.configured).some(({file}) => baseOwner(file) === vmid);
    return stands ? [`guest ${other}`] : [];
  });
}
