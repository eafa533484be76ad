// Why this exists: a spec as a person wrote it becomes fields in normal form: units resolved, lists
// in order, nothing added. What makes no sense is a mistake on its line.
import {isObject} from '../../core/json.ts';
import type {FieldValue, SourceRange} from '../../core/model.ts';
import {suggest} from '../../core/suggest.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {LEAF_CODECS, type LeafType} from '../guest/leaf.ts';
import {MEBIBYTE} from '../guest/quantity.ts';
import {isDriveSlot} from './drive.ts';
import {type FieldPlace, factsOf, placeAt, placeOfField} from './field-path.ts';
import {fieldEntries} from './field-table.ts';
import {addMistake, type Mistakes, pointerOf, rangeAt} from './mistakes.ts';
import {quoted} from './quoted.ts';
import {smuggles} from './separators.ts';

/** Fields with the place of each in the text. */
export interface ReadFields {
  readonly body: {[path: string]: FieldValue};
  readonly ranges: {[path: string]: SourceRange};
}

/** Every template but those under `config:`, taken apart. */
const TEMPLATES = fieldEntries()
  .filter(([, {key}]) => key !== 'config')
  .map(([template]) => ({template, pieces: template.split('.')}));

/** Reads every field of the table but those under `config:`. */
export function readSpec(spec: {readonly [key: string]: unknown}, mistakes: Mistakes): ReadFields {
  const fields: ReadFields = {body: {}, ranges: {}};
  for (const {template, pieces} of TEMPLATES) {
    for (const {parts, value} of find(spec, pieces)) {
      readPlace(fields, placeAt(template, parts), {value, pointer: pointerOf(...parts)}, mistakes);
    }
  }
  return fields;
}

/** Puts a value into the fields, or adds what is wrong with it. */
export function readField(
  fields: ReadFields,
  parts: readonly string[],
  value: unknown,
  mistakes: Mistakes,
  pointer = pointerOf(...parts),
): void {
  readPlace(fields, placeOfField(parts.join('.')), {value, pointer}, mistakes);
}

function readPlace(
  fields: ReadFields,
  place: FieldPlace,
  {value, pointer}: {readonly value: unknown; readonly pointer: string},
  mistakes: Mistakes,
): void {
  const {path} = place;
  if (!isSlotKnown(place, pointer, mistakes)) return;
  if (value === null && place.spec.sticky === true) {
    const detail = `${path} always has a value.`;
    const remedy = 'Leave it out; what is not declared is not managed.';
    addMistake(mistakes, 'vm-not-absent', pointer, {detail, remedy});
    return;
  }
  const read = value === null ? null : readValue(place, value, pointer, mistakes);
  if (read === undefined) return;
  // Addresses need no presence of their own: a card without addresses is a card without the key.
  if (read === true && place.template === 'cloudInit.ipConfig.*') return;
  fields.body[path] = read;
  fields.ranges[path] = rangeAt(mistakes.document, pointer);
}

/** One value in normal form; undefined after a mistake was added. */
function readValue(
  place: FieldPlace,
  value: unknown,
  pointer: string,
  mistakes: Mistakes,
): FieldValue | undefined {
  const parsed = LEAF_CODECS[place.type].parse(value);
  if (!parsed.ok) {
    const literal = place.type === 'secret' && typeof value === 'string';
    const detail = literal
      ? `${place.path} is written out; everybody who reads the repository reads it too.`
      : `${place.path} is ${quoted(value)}; expected ${parsed.expected}.`;
    const remedy = remedyOf(place, parsed.expected);
    const {suggestion} = parsed;
    const code = literal ? 'vm-secret-literal' : codeOf(place.type, value);
    addMistake(mistakes, code, pointer, {detail, remedy, ...(suggestion ? {suggestion} : {})});
    return undefined;
  }
  if (isEmpty(parsed.value)) return null;
  return isWithin(place, parsed.value, pointer, mistakes) ? parsed.value : undefined;
}

/** What Proxmox packs into one text is a map here, which one has to have seen once. */
function remedyOf({type, spec}: FieldPlace, expected: string): string {
  const example = type === 'presence' ? MAPS[spec.key ?? ''] : undefined;
  return example === undefined
    ? `Write ${expected}.`
    : `Write its parts as fields, such as ${example}.`;
}

const MAPS: Readonly<Record<string, string>> = {
  drive: '{storage: local-lvm, size: 32GiB}',
  netN: '{model: virtio, bridge: vmbr0, tag: 7}',
  ipconfigN: '{ip: 10.0.70.50/24, gw: 10.0.70.1}',
  efidisk0: '{storage: local-lvm, efitype: 4m}',
  tpmstate0: '{storage: local-lvm, version: v2.0}',
};

function codeOf(type: LeafType, value: unknown) {
  const bare = typeof value === 'number' || /^\d+$/.test(String(value));
  if ((type === 'mebibytes' || type === 'disk-size') && bare) return 'vm-quantity-unit';
  return type === 'seconds' && bare ? 'vm-duration-unit' : 'vm-value';
}

/** Proxmox stores an empty text and an empty list as nothing. */
function isEmpty(value: FieldValue): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

/** Words, ranges and forms as the key table knows them. */
function isWithin(
  place: FieldPlace,
  value: FieldValue,
  pointer: string,
  mistakes: Mistakes,
): boolean {
  if (!isOneValue(place, value, pointer, mistakes)) return false;
  const facts = factsOf(place);
  const words = place.spec.words ?? facts?.enum;
  const typed = ['text', 'mac', 'address', 'encoded'].includes(place.type);
  if (words && typed && typeof value === 'string' && !words.includes(value)) {
    const suggestion = suggest(value, words);
    addMistake(mistakes, 'vm-word', pointer, {
      detail: `${place.path} is ${quoted(value)}; known are ${words.join(', ')}.`,
      remedy: 'Write one of these words.',
      ...(suggestion === undefined ? {} : {suggestion}),
    });
    return false;
  }
  if (typeof value === 'number' && !isInRange(place, value, pointer, mistakes)) return false;
  const pattern = facts?.pattern;
  if (pattern === undefined || typeof value !== 'string' || !typed) return true;
  if (new RegExp(pattern).test(value)) return true;
  const detail = `${place.path} is ${quoted(value)}, which Proxmox does not accept.`;
  addMistake(mistakes, 'vm-pattern', pointer, {detail, remedy: `It has to match ${pattern}.`});
  return false;
}

function isOneValue(
  place: FieldPlace,
  value: FieldValue,
  pointer: string,
  mistakes: Mistakes,
): boolean {
  const found = smuggles(place, value);
  if (found === null) return true;
  const detail = `${place.path} is ${quoted(value)}; ${quoted(found)} parts values in Proxmox.`;
  const remedy = 'Write this value alone; what else is meant has a field of its own.';
  addMistake(mistakes, 'vm-separator', pointer, {detail, remedy});
  return false;
}

function isInRange(place: FieldPlace, value: number, pointer: string, mistakes: Mistakes): boolean {
  const facts = factsOf(place);
  const unit = place.type === 'mebibytes' ? MEBIBYTE : 1;
  const {show} = LEAF_CODECS[place.type];
  const {minimum = place.type === 'number' ? Number.NEGATIVE_INFINITY : 0, maximum} = facts ?? {};
  const low = value < minimum * unit;
  if (!low && (maximum === undefined || value <= maximum * unit)) return true;
  const limit = low ? `at least ${show(minimum * unit)}` : `at most ${show((maximum ?? 0) * unit)}`;
  const code = place.path === 'memory' ? 'vm-memory-too-small' : 'vm-out-of-range';
  const detail = `${place.path} is ${show(value)}; Proxmox accepts ${limit}.`;
  addMistake(mistakes, code, pointer, {detail, remedy: `Write ${limit}.`});
  return false;
}

function isSlotKnown(place: FieldPlace, pointer: string, mistakes: Mistakes): boolean {
  const [slot] = place.slots;
  if (slot === undefined || place.spec.key === 'config') return true;
  const drive = place.spec.key === 'drive';
  const known = drive ? isDriveSlot(slot) : qemuKey(place.key ?? '')?.family === place.spec.key;
  if (known) return true;
  // One mistake for the slot is enough; its leaves say nothing more.
  if (place.type !== 'presence') return false;
  const names = drive ? 'ide0–3, sata0–5, scsi0–30, virtio0–15' : slotNames(place.spec.key ?? '');
  const detail = `${quoted(slot)} is no slot; there are ${names}.`;
  addMistake(mistakes, 'vm-slot-unknown', pointer, {detail, remedy: 'Write one of these.'});
  return false;
}

function slotNames(family: string): string {
  return family === 'unusedN' ? 'unused0–255' : 'net0–31';
}

/** The values at a template's places, below these parts: one, none, or one for each slot. */
function find(
  value: unknown,
  pieces: readonly string[],
  parts: readonly string[] = [],
): readonly {readonly parts: readonly string[]; readonly value: unknown}[] {
  const piece = pieces[parts.length];
  if (piece === undefined) return value === undefined ? [] : [{parts, value}];
  if (!isObject(value)) return [];
  if (piece !== '*') {
    return Object.hasOwn(value, piece) ? find(value[piece], pieces, [...parts, piece]) : [];
  }
  return Object.keys(value).flatMap((name) => find(value[name], pieces, [...parts, name]));
}
