// Why this exists: whether work fits into a window is told from how long it took the last times, on
// the same guest or the same storage (safety.md 4); that must outlive the process.
import {isDurationOf} from '../core/durations.ts';
import type {Journal} from '../core/ports.ts';

/** As many as count. */
const KEPT = 5;

/** Keeps how long a task took, ms, under a name of `durationNames`. */
export function keepDuration(
  journal: Pick<Journal, 'value' | 'setValue'>,
  cluster: string,
  name: string,
  tookMs: number,
): void {
  const full = `${prefix(cluster)}${name}`;
  const kept = (journal.value(full) ?? '').split(' ').filter((text) => text !== '');
  journal.setValue(full, [...kept, String(Math.ceil(tookMs))].slice(-KEPT).join(' '));
}

/** The largest of the last five durations, ms, by name. */
export function longestDurations(
  journal: Pick<Journal, 'valuesWith'>,
  cluster: string,
): {readonly [name: string]: number} {
  const begin = prefix(cluster);
  return Object.fromEntries(
    journal.valuesWith(begin).map(({name, value}) => {
      return [name.slice(begin.length), Math.max(...value.split(' ').map(Number))];
    }),
  );
}

/** What has its key next is another guest. */
export function forgetDurations(
  journal: Pick<Journal, 'valuesWith' | 'setValue'>,
  cluster: string,
  key: string,
): void {
  for (const {name} of journal.valuesWith(prefix(cluster))) {
    if (isDurationOf(name, key)) journal.setValue(name, null);
  }
}

function prefix(cluster: string): string {
  return `took/${cluster}/`;
}
