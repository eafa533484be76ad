// Why this exists: "pvegit adopt" means the guest that is there when it is said. The word is kept
// with that guest's witness until it is done, so that it takes over no other with the VMID later.
import type {ResourceKey} from '../core/model.ts';
import type {Journal} from '../core/ports.ts';

type Values = Pick<Journal, 'value' | 'setValue' | 'valuesWith'>;

/** Keeps the word for whoever is seen there next. */
export function keepAdoption(journal: Values, cluster: string, key: ResourceKey): void {
  journal.setValue(`${prefix(cluster)}${key}`, '');
}

/** Binds the word to the guest that was seen. */
export function bindAdoption(
  journal: Values,
  cluster: string,
  key: ResourceKey,
  witness: string,
): void {
  journal.setValue(`${prefix(cluster)}${key}`, witness);
}

/** Forgets the word: it was carried out, or taken back. */
export function forgetAdoption(journal: Values, cluster: string, key: ResourceKey): void {
  const name = `${prefix(cluster)}${key}`;
  if (journal.value(name) !== null) journal.setValue(name, null);
}

/** What persons asked to adopt, with the witness of whom they meant; null: not seen yet. */
export function adoptions(
  journal: Values,
  cluster: string,
): ReadonlyMap<ResourceKey, string | null> {
  const begin = prefix(cluster);
  const kept = journal.valuesWith(begin);
  return new Map(kept.map(({name, value}) => [name.slice(begin.length), value || null]));
}

function prefix(cluster: string): string {
  return `adopt/${cluster}/`;
}
