// Why this exists: snapshots of guests of both kinds are sections of the configuration file: how
// one is found, listed, and how those after it get its parent (PVE::AbstractConfig).
import {fail} from '../failure.ts';
import type {Guest} from '../state.ts';
import {digestOf} from './file.ts';

/** A section of a configuration file. */
type Section = ReadonlyMap<string, string>;
/** One entry of the list. */
type Entry = Record<string, string | number>;

/** A snapshot's section, or 500 `snapshot 'x' does not exist`. */
export function snapshotNamed(guest: Guest, name: string): Map<string, string> {
  return guest.snapshots.get(name) ?? fail(500, `snapshot '${name}' does not exist`);
}

/** Whatever follows the snapshot follows what the snapshot itself followed. */
export function handOnParent(guest: Guest, name: string, parent: string | undefined): void {
  for (const section of [guest.config, ...guest.snapshots.values()]) {
    if (section.get('parent') !== name) continue;
    if (parent === undefined) section.delete('parent');
    else section.set('parent', parent);
  }
}

/** What GET snapshot answers; `more` is what the guest's kind adds to a snapshot. */
export function snapshotList(guest: Guest, more: (section: Section) => Entry): readonly Entry[] {
  const taken = [...guest.snapshots].map(([name, section]) => ({
    name,
    snaptime: Number(section.get('snaptime') ?? 0),
    description: section.get('description') ?? '',
    ...more(section),
    ...optional('parent', section),
    ...optional('snapstate', section),
  }));
  const current = {
    name: 'current',
    description: 'You are here!',
    digest: digestOf(guest),
    running: guest.runtime === undefined ? 0 : 1,
    ...optional('parent', guest.config),
  };
  return [...taken, current];
}

function optional(key: string, section: Section): Record<string, string> {
  const value = section.get(key);
  return value === undefined ? {} : {[key]: value};
}
