// Why this exists: a device that is taken out of a guest that runs may stay until the stop. Wanted
// again before that, it is kept: Proxmox would take the write of a new disk or card, and at the
// next start the guest would find an empty one in its place.
import type {Change} from '../../core/action.ts';
import {isObject, type Json, type JsonObject} from '../../core/json.ts';
import type {Body, Observed} from '../../core/model.ts';
import {activeOf, configuredOf} from '../guest/live-config.ts';
import {type GuestPlace, writeConfig} from './drafts.ts';
import {deviceOf} from './edits.ts';
import {projectConfig} from './project.ts';
import type {Draft} from './step-draft.ts';

/** Slots by their path (`disks.ide1`) that are wanted and only wait to go, with their keys. */
export type StillAttached = ReadonlyMap<string, string>;

/** What the changes want again of what still is in force. */
export function stillAttached(changes: readonly Change[], observed: Observed): StillAttached {
  const [active, configured] = [activeOf(observed), configuredOf(observed)];
  const slots = changes.flatMap(({field, to}) => {
    const slot = deviceOf(field) ?? /^networks\.[^.]+/.exec(field)?.[0] ?? null;
    return slot === null || (to ?? null) === null ? [] : [slot];
  });
  const gone = [...active].filter(([key]) => !configured.has(key));
  return new Map(
    [...new Set(slots)].flatMap((slot) => {
      const found = gone.find(([key, text]) => projectConfig(new Map([[key, text]]))[slot]);
      return found === undefined ? [] : [[slot, found[0]] as const];
    }),
  );
}

/** Without what is within such a slot: that is compared when the slot is there again. */
export function withoutKept(changes: readonly Change[], kept: StillAttached): readonly Change[] {
  const slots = [...kept.keys()];
  return changes.filter(({field}) => {
    return !slots.some((slot) => field === slot || field.startsWith(`${slot}.`));
  });
}

/** The guest as it is once the removal of its slots is taken back. */
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

/** The call that takes the removal back. */
export function keepDrafts(kept: StillAttached, guest: GuestPlace): readonly Draft[] {
  if (kept.size === 0) return [];
  const [slots, keys] = [[...kept.keys()], [...kept.values()].toSorted()];
  const draft = writeConfig(guest, {
    says: `keep ${keys.join(', ')}, which waited to go`,
    revert: keys,
    fields: [...slots, 'boot.order'],
    expect: Object.fromEntries(slots.map((slot) => [slot, true])),
  });
  return [draft];
}

function partOf(value: Json | undefined): JsonObject {
  // Safe: a part of an observation, which is plain JSON.
  return isObject(value) ? (value as JsonObject) : {};
}
