// Why this exists: a device that is taken out of a guest that runs may stay until the stop. Wanted
// again before that, it is kept: Proxmox would take the write of a new disk or card, and at the
// next start the guest would find an empty one in its place.
import type {Change} from '../../core/action.ts';
import {isObject, type Json, type JsonObject} from '../../core/json.ts';
import type {Body, Observed} from '../../core/model.ts';
import {activeOf, configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {type GuestPlace, writeConfig} from './drafts.ts';
import {deviceOf} from './edits.ts';
import {placeOfField} from './field-path.ts';
import {projectConfig} from './project.ts';
import type {Draft} from './step-draft.ts';

/** What is wanted and only waits to go, slots and parts of packed keys, by path, with its key. */
export type StillAttached = ReadonlyMap<string, string>;

/** What the changes want again of what still is in force. */
export function stillAttached(changes: readonly Change[], observed: Observed): StillAttached {
  const [active, configured] = [activeOf(observed), configuredOf(observed)];
  const gone = new Map([...active].filter(([key]) => !configured.has(key)));
  if (gone.size === 0) return new Map();
  return new Map(
    changes.flatMap(({field, to}) => {
      const path = deviceOf(field) ?? /^networks\.[^.]+/.exec(field)?.[0] ?? field;
      const key = (to ?? null) === null ? undefined : keyOf(path, gone);
      return key === undefined ? [] : [[path, key] as const];
    }),
  );
}

/** The key that holds a slot or a part, among those that wait to go. */
function keyOf(path: string, gone: LiveConfig): string | undefined {
  const place = placeOfField(path);
  if (place.type !== 'presence') {
    return place.key !== null && place.sub !== null && gone.has(place.key) ? place.key : undefined;
  }
  return [...gone].find(([key, text]) => projectConfig(new Map([[key, text]]))[path])?.[0];
}

/** Without what is within such a slot or key: that is compared when it is there again. */
export function withoutKept(changes: readonly Change[], kept: StillAttached): readonly Change[] {
  const slots = [...kept.keys()];
  return changes.filter(({field}) => {
    return !slots.some((slot) => field === slot || field.startsWith(`${slot}.`));
  });
}

/** The guest as it is once their removal is taken back. */
export function withKept(observed: Observed, kept: StillAttached): Observed {
  if (kept.size === 0) return observed;
  const active = activeOf(observed);
  const texts = new Map([...kept.values()].map((key) => [key, active.get(key) ?? '']));
  const body: Body = projectConfig(texts);
  const waits = Object.entries(observed.active).filter(([path]) => body[path] === undefined);
  const configured = {...partOf(observed.raw['configured']), ...Object.fromEntries(texts)};
  return {
    ...observed,
    body: {...observed.body, ...body},
    active: Object.fromEntries(waits),
    raw: {...observed.raw, configured},
  };
}

/** The call that takes the removal back; `observed` is the guest as it is then. */
export function keepDrafts(
  kept: StillAttached,
  observed: Observed,
  guest: GuestPlace,
): readonly Draft[] {
  if (kept.size === 0) return [];
  const [paths, keys] = [[...kept.keys()], [...new Set(kept.values())].toSorted()];
  const draft = writeConfig(guest, {
    says: `keep ${keys.join(', ')}, which waited to go`,
    revert: keys,
    fields: [...paths, ...keys.flatMap((key) => fieldsOf(key, observed)), 'boot.order'],
    expect: Object.fromEntries(paths.map((path) => [path, observed.body[path] ?? null])),
  });
  return [draft];
}

/** What comes back with a key, also what Git does not name. */
function fieldsOf(key: string, observed: Observed): readonly string[] {
  const text = configuredOf(observed).get(key);
  return text === undefined ? [] : Object.keys(projectConfig(new Map([[key, text]])));
}

function partOf(value: Json | undefined): JsonObject {
  // Safe: a part of an observation, which is plain JSON.
  return isObject(value) ? (value as JsonObject) : {};
}
