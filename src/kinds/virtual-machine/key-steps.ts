// Why this exists: plain keys of one action are written in one synchronous call: set, deleted, and
// reverted where the running guest already has what is wanted.
import type {ApiParam, Body, FieldValue, Observed} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {activeOf, configuredOf} from '../guest/live-config.ts';
import type {Marker} from '../guest/marker.ts';
import {parseProperties} from '../guest/property-string.ts';
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
  // Proxmox compares new memory with the balloon that is still there.
  const first: readonly string[] =
    set['memory'] === undefined ? [] : remove.filter((key) => key === 'balloon');
  const rest = remove.filter((key) => !first.includes(key));
  const of = (list: readonly string[]) =>
    edits.filter(({field}) => list.includes(placeOfField(field).key ?? ''));
  const names = [...Object.keys(set), ...rest, ...revert];
  const written = of(names);
  const says = `write ${names.toSorted().join(', ')}`;
  const plain = aboutEdits(written);
  const about = {
    ...plain,
    fields: [
      ...plain.fields,
      ...sideEffects(set, [...rest, ...revert]),
      ...[...rest, ...revert].flatMap((key) => goesAlong(key, observed)),
    ],
    inForce: input.inForce.filter((field) => plain.fields.includes(field)),
  };
  return {
    detach: unplug.map((key) => {
      const gone = aboutEdits(of([key]));
      const fields = [...gone.fields, ...goesAlong(key, observed), 'boot.order'];
      return writeConfig(guest, {...gone, says: `take ${key} out`, remove: [key], fields});
    }),
    write: [
      ...first.map((key) => {
        return writeConfig(guest, {...aboutEdits(of([key])), says: `write ${key}`, remove: [key]});
      }),
      ...(written.length === 0
        ? []
        : [writeConfig(guest, {...about, says, set, remove: rest, revert})]),
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

/**
 * What Proxmox changes along: a card that is written without its MAC gets a new one (only a fresh
 * clone's is not known), and a Windows ostype pins the machine.
 */
function sideEffects(
  set: {readonly [key: string]: ApiParam},
  others: readonly string[],
): readonly string[] {
  const pinned = others.includes('ostype') || 'ostype' in set ? ['config.machine'] : [];
  const made = Object.entries(set).flatMap(([key, value]) => {
    const known = qemuKey(key);
    if (known?.family !== 'netN' || typeof value !== 'string') return [];
    return parseProperties(value, known.facts).has('macaddr') ? [] : [`networks.${key}.mac`];
  });
  return [...pinned, ...made];
}

/** What goes or comes back with a key as a whole, also what Git does not name. */
function goesAlong(key: string, observed: Observed): readonly string[] {
  const texts = [configuredOf(observed), activeOf(observed)].flatMap((live) => live.get(key) ?? []);
  return texts.flatMap((text) => Object.keys(projectConfig(new Map([[key, text]]))));
}

function isPlugged(key: string): boolean {
  return /^(net|usb|hostpci)\d+$/.test(key);
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
