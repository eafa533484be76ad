// Why this exists: realms, storages, replication jobs, SDN objects, metric servers are sections of
// a file whose type says which properties they may have; the texts are PVE::SectionConfig's.
import {fail} from './failure.ts';
import type {Section} from './section.ts';

/** Whether a property must be there, and whether it can change later. */
export type Use = 'required' | 'optional' | 'fixed' | 'fixed-optional';

/** The properties of one type of section. */
export type Uses = Readonly<Record<string, Use>>;

/** `{a: 'optional', …}` of a text of names, those with `!` required. */
export function usesOf(names: string, fixed = ''): Uses {
  const plain = words(names).map((name): [string, Use] =>
    name.endsWith('!') ? [name.slice(0, -1), 'required'] : [name, 'optional'],
  );
  const still = words(fixed).map((name): [string, Use] =>
    name.endsWith('!') ? [name.slice(0, -1), 'fixed'] : [name, 'fixed-optional'],
  );
  return Object.fromEntries([...plain, ...still]);
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** The properties to set, or 500: one the type has not, a fixed one, a required one missing. */
export function checkedProperties(
  uses: Uses,
  params: Readonly<Record<string, string>>,
  isNew: boolean,
): Section {
  for (const [key, value] of Object.entries(params)) {
    const use = uses[key];
    if (!isNew && use?.startsWith('fixed') === true) {
      fail(500, `can't change value of fixed parameter '${key}'`);
    }
    if (use === undefined) {
      fail(500, `unexpected property '${key}'`);
    }
    if (/[\r\n]/.test(value)) {
      fail(500, 'property contains a line feed');
    }
  }
  const missing = Object.keys(uses).find(
    (key) => (uses[key] === 'required' || uses[key] === 'fixed') && params[key] === undefined,
  );
  if (isNew && missing !== undefined) {
    fail(500, `missing value for required option '${missing}'`);
  }
  return new Map(Object.entries(params));
}

/** Delete properties: 500 for one that there is not, or that must stay, or that is set as well. */
export function deleteProperties(
  uses: Uses,
  section: Section,
  keys: readonly string[],
  params: Readonly<Record<string, string>>,
): void {
  for (const key of keys) {
    const use = uses[key] ?? fail(500, `no such option '${key}'`);
    if (use === 'required' || use === 'fixed') {
      fail(500, `unable to delete required option '${key}'`);
    }
    if (use === 'fixed-optional') {
      fail(500, `unable to delete fixed option '${key}'`);
    }
    if (params[key] !== undefined) {
      fail(500, `cannot set and delete property '${key}' at the same time!`);
    }
    section.delete(key);
  }
}

/** Set properties; what the file cannot hold (an empty text) is gone when it is read again. */
export function setProperties(section: Section, values: Section): void {
  for (const [key, value] of values) {
    const kept = value.trimEnd();
    if (kept === '') {
      section.delete(key);
    } else {
      section.set(key, kept);
    }
  }
}
