// Why this exists: what cloning a template needs depends on its disks and cards, and a pass reads a
// template only when something is to be cloned from it.
import {isObject} from '../../core/json.ts';
import type {Desired, Inventory, Read} from '../../core/model.ts';
import type {Pve} from '../../core/ports.ts';

/** An inventory with the templates of every manifest, and those of them that could not be read. */
export interface WithTemplates {
  readonly inventory: Inventory;
  readonly unseen: readonly number[];
}

/** Reads the configuration of every template that a manifest names. */
export async function withTemplates(
  pve: Pick<Pve, 'read'>,
  inventory: Inventory,
  desired: readonly Desired[],
  signal: AbortSignal,
): Promise<WithTemplates> {
  const listing = inventory.reads['/cluster/resources']?.outcome;
  const entries = listing?.ok && Array.isArray(listing.data) ? listing.data : [];
  const reads: {[path: string]: Read} = {...inventory.reads};
  const unseen = new Set(
    desired.flatMap(({creation: {clone}}) => (isObject(clone) ? [Number(clone['vmid'])] : [])),
  );
  for (const entry of entries) {
    if (!isObject(entry) || entry['type'] !== 'qemu' || !unseen.has(Number(entry['vmid'])))
      continue;
    const path = `/nodes/${String(entry['node'])}/qemu/${Number(entry['vmid'])}/pending`;
    if (reads[path] === undefined) {
      const answer = await pve.read(path, {signal});
      const outcome: Read['outcome'] = answer.ok ? {ok: true, data: answer.value} : answer;
      reads[path] = {path, outcome};
    }
    if (reads[path].outcome.ok) unseen.delete(Number(entry['vmid']));
  }
  return {inventory: {...inventory, reads}, unseen: [...unseen]};
}
