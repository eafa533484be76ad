// Why this exists: a person's word that a guest is let go is kept in the journal until that is
// done; it is looked up there before a plan is made and before each step of a deletion.
import type {ResourceKey} from '../core/model.ts';
import type {Journal} from '../core/ports.ts';

type Values = Pick<Journal, 'value' | 'setValue' | 'valuesWith'>;

/** Keeps the word; saying it again changes nothing. */
export function keepRelease(journal: Values, cluster: string, key: ResourceKey): void {
  journal.setValue(`${prefix(cluster)}${key}`, 'asked');
}

/** Forgets the word: it was carried out, or taken back. */
export function forgetRelease(journal: Values, cluster: string, key: ResourceKey): void {
  if (isReleased(journal, cluster, key)) journal.setValue(`${prefix(cluster)}${key}`, null);
}

/** Whether a person let go of it. */
export function isReleased(journal: Values, cluster: string, key: ResourceKey): boolean {
  return journal.value(`${prefix(cluster)}${key}`) !== null;
}

/** Everything that persons let go of and that is not done yet. */
export function releasedKeys(journal: Values, cluster: string): readonly ResourceKey[] {
  const begin = prefix(cluster);
  return journal.valuesWith(begin).map(({name}) => name.slice(begin.length));
}

function prefix(cluster: string): string {
  return `release/${cluster}/`;
}
