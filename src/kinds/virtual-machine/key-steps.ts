// Why this exists: plain keys of one action are written in one synchronous call: set, deleted, and
// reverted where the running guest already has what is wanted.
import type {ApiParam, Body, FieldValue, Observed} from '../../core/model.ts';
import {activeOf, configuredOf} from '../guest/live-config.ts';
import type {Marker} from '../guest/marker.ts';
import {composeKeys, type Edit} from './compose.ts';
import {type GuestPlace, writeConfig} from './drafts.ts';
import {placeOfField} from './field-path.ts';
import {projectConfig} from './project.ts';
import type {Draft} from './step-draft.ts';

/** What plain keys are written from. */
export interface KeyInput {
  readonly guest: GuestPlace;
  readonly observed: Observed;
  readonly marker: Marker;
  readonly inForce: readonly string[];
}

/** The calls for plain keys: network cards that go leave first, in a call of their own. */
export function keySteps(
  edits: readonly Edit[],
  input: KeyInput,
): {readonly detach: readonly Draft[]; readonly write: readonly Draft[]} {
  const {guest, observed, marker} = input;
  const keys = composeKeys(edits, configuredOf(observed), marker);
  const set: {[key: string]: ApiParam} = {};
  const remove: string[] = [];
  const revert: string[] = [];
  const unplug: string[] = [];
  for (const [key, value] of keys) {
    if (isRevert(key, value, observed)) revert.push(key);
    else if (value !== null) set[key] = value;
    else if (configuredOf(observed).has(key)) (isPlugged(key) ? unplug : remove).push(key);
  }
  const of = (list: readonly string[]) =>
    edits.filter(({field}) => list.includes(placeOfField(field).key ?? ''));
  const written = of([...Object.keys(set), ...remove, ...revert]);
  return {
    detach: unplug.map((key) => {
      const about = aboutEdits(of([key]));
      const fields = [...about.fields, 'boot.order'];
      return writeConfig(guest, {says: `take ${key} out`, remove: [key], ...about, fields});
    }),
    write:
      written.length === 0
        ? []
        : [
            writeConfig(guest, {
              says: `write ${[...Object.keys(set), ...remove, ...revert].sort().join(', ')}`,
              set,
              remove,
              revert,
              ...aboutEdits(written),
              inForce: input.inForce.filter((field) =>
                written.some((edit) => edit.field === field),
              ),
            }),
          ],
  };
}

/** The fields of edits, and what they must read afterwards; a secret cannot be read. */
export function aboutEdits(edits: readonly Edit[]): {
  readonly fields: readonly string[];
  readonly expect: Body;
} {
  const expect: {[path: string]: FieldValue} = {};
  for (const {field, to} of edits) {
    if (typeof to === 'object' && to !== null && 'secretRef' in to) continue;
    expect[field] = to;
  }
  return {fields: edits.map(({field}) => field), expect};
}

function isPlugged(key: string): boolean {
  return /^(net|usb)\d+$/.test(key);
}

/** The key waits with another value, and what is in force is what is wanted. */
function isRevert(key: string, value: ApiParam | null, observed: Observed): boolean {
  const configured = configuredOf(observed).get(key);
  const active = activeOf(observed).get(key);
  if (configured === active || key === 'description') return false;
  if (value === null) return active === undefined;
  if (active === undefined || typeof value !== 'string') return false;
  const wanted = projectConfig(new Map([[key, value]]));
  return (
    JSON.stringify(sorted(wanted)) ===
    JSON.stringify(sorted(projectConfig(new Map([[key, active]]))))
  );
}

function sorted(body: Body): readonly (readonly [string, FieldValue])[] {
  return Object.entries(body).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
