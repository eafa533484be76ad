// Why this exists: what people said of single guests (adopt it, let it go) changes what is planned
// for them, over passes and restarts, until it is done.
import type {Manifests} from '../core/kind.ts';
import type {Desired, Inventory, ResourceKey, ResourceRecord} from '../core/model.ts';
import {adoptions, bindAdoption} from '../journal/adoptions.ts';
import {forgetRelease, releasedKeys} from '../journal/releases.ts';
import {resourceKinds} from './follow.ts';
import type {ClusterParts} from './parts.ts';

/** `pvegit adopt` says yes to who lives there now, as Git does by naming its witness. */
export function withAdoptions(
  parts: ClusterParts,
  manifests: readonly Manifests[],
  inventory: Inventory,
): readonly Manifests[] {
  const asked = adoptions(parts.journal, parts.cluster);
  if (asked.size === 0) return manifests;
  return manifests.map((one) => ({
    ...one,
    desired: one.desired.map((desired) => {
      const meant = asked.get(desired.key);
      if (meant === undefined) return desired;
      const adopt = meant ?? seenNow(parts, desired, inventory);
      return {...desired, directives: {...desired.directives, adopt}};
    }),
  }));
}

/** Who lives there; from now on nobody else is meant. */
function seenNow(parts: ClusterParts, {key, kind}: Desired, inventory: Inventory): string | null {
  const {journal, cluster, applier, installation} = parts;
  const known = resourceKinds(parts.kinds).find(({name}) => name === kind);
  const seen = known?.observe(key, inventory, installation);
  const witness = seen?.kind === 'present' ? seen.observed.witness : null;
  if (witness !== null && applier !== null) bindAdoption(journal, cluster, key, witness);
  return witness;
}

/** What persons let go of; the word is forgotten once there is no record any more. */
export function releasedOf({journal, cluster, applier}: ClusterParts): readonly ResourceKey[] {
  const asked = releasedKeys(journal, cluster);
  if (asked.length === 0) return [];
  const known = new Set(journal.records(cluster).map(({key}) => key));
  const done = asked.filter((key) => !known.has(key));
  if (applier !== null) for (const key of done) forgetRelease(journal, cluster, key);
  return asked.filter((key) => known.has(key));
}

/** The records, with the last word of persons on what becomes of a guest. */
export function recordsOf(
  {journal, cluster}: ClusterParts,
  released: readonly ResourceKey[],
): readonly ResourceRecord[] {
  const records = journal.records(cluster);
  if (released.length === 0) return records;
  return records.map((one) => (released.includes(one.key) ? {...one, onDelete: 'retain'} : one));
}
