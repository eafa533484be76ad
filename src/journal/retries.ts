// Why this exists: that a person asked to try again what failed must outlive the process that was
// asked: the next one would count the failures from before again, and pause for them.
import type {ResourceKey} from '../core/model.ts';
import type {Journal} from '../core/ports.ts';

type Values = Pick<Journal, 'setValue' | 'valuesWith'>;

/** What has ended by now counts no more. By the end of that, as clocks may be set back. */
export function keepRetry(
  journal: Values & Pick<Journal, 'outcomesOf'>,
  cluster: string,
  key: ResourceKey,
): void {
  const [newest] = journal.outcomesOf(cluster, key, 0);
  if (newest !== undefined) journal.setValue(`${prefix(cluster)}${key}`, String(newest.endedAt));
}

/** Up to which end (ms since the epoch) a resource's failures count no more. */
export function retriesOf(journal: Values, cluster: string): ReadonlyMap<ResourceKey, number> {
  const begin = prefix(cluster);
  const kept = journal.valuesWith(begin);
  return new Map(kept.map(({name, value}) => [name.slice(begin.length), Number(value)]));
}

/** Forgets what is about failures of before a time: they are not looked at any more. */
export function forgetRetries(journal: Values, cluster: string, before: number): void {
  for (const [key, at] of retriesOf(journal, cluster)) {
    if (at < before) journal.setValue(`${prefix(cluster)}${key}`, null);
  }
}

function prefix(cluster: string): string {
  return `retry/${cluster}/`;
}
