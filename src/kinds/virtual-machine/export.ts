// Why this exists: an existing guest comes under Git as a manifest that says only what differs from
// Proxmox's defaults, so that the plan of it is empty; what cannot be said is told in words.
import {assert} from '../../core/assert.ts';
import {isObject, type Json, type JsonObject} from '../../core/json.ts';
import type {Exported, ExportRequest, ManifestDocument} from '../../core/kind.ts';
import type {Body, FieldValue, Observed, SourceRange} from '../../core/model.ts';
import {BIDI, CONTROL} from '../../core/visible.ts';
import {LEAF_CODECS} from '../guest/leaf.ts';
import {exportNotes, type Note} from './export-notes.ts';
import {absentValue, type FieldPlace, factsOf, placeOf} from './field-path.ts';
import {fieldEntries} from './field-table.ts';
import {normalise} from './normalise.ts';
import {KIND} from './observe.ts';
import {vmidOfKey} from './reads.ts';
import {makesDevice, sameField} from './same.ts';

type Tree = {[key: string]: Json};

/** The manifest of a live guest. Its plan is empty but for the adoption that it asks for. */
export function exportGuest(request: ExportRequest): Exported {
  const {observed, name, inherited} = request;
  const notes: Note[] = [...exportNotes(request)];
  const declared = new Map<string, FieldValue>();
  for (const [path, value] of Object.entries(observed.body)) {
    const place = placeOf(path);
    assert(place, `a live field is a field: ${path}`);
    if (!isWorthSaying(place, value, observed)) continue;
    if (!isOverruled(path, value, place, request)) continue;
    if (isWritable(value)) declared.set(path, value);
    else notes.push({path: null, says: `Not managed: ${path}. It holds ${UNWRITABLE}.`});
  }
  for (const [path, value] of absences(observed, inherited)) declared.set(path, value);
  const spec: Tree = {vmid: vmidOfKey(observed.key) ?? 0, ...treeOf(declared)};
  const value = documentOf(observed, name, spec);
  dropRefused(value, notes);
  dropDifferent(value, observed, notes);
  shortenKeys(value, inherited);
  return {value, notes: notes.map((note) => withKnownPlace(note, value))};
}

/** Leaves out what Proxmox would have by itself, and what is told in words instead. */
function isWorthSaying(place: FieldPlace, value: FieldValue, observed: Observed): boolean {
  const {path, spec} = place;
  if (path === 'name' || spec.type === 'secret' || path.startsWith('unused.')) return false;
  if (path === 'power') return observed.ha === null && observed.body['config.template'] !== true;
  const [slot] = /^disks\.[^.]+/.exec(path) ?? [];
  if (slot !== undefined && observed.body[`${slot}.storage`] === undefined) return false;
  if (place.template === 'disks.*.file') return false;
  if (place.template === 'disks.*.format') return value !== 'raw';
  if (spec.key === 'config' && place.sub === null && place.type === 'presence') return false;
  return true;
}

const UNWRITABLE = 'a control character, or one that turns the line round';

/** Whether a manifest may hold the text; Proxmox keeps more than a file of a repository should. */
function isWritable(value: FieldValue): boolean {
  const texts = Array.isArray(value) ? value : [value];
  return texts.every((text) => {
    return typeof text !== 'string' || !(CONTROL.test(text) || BIDI.test(text));
  });
}

/** True when the field has to stand in this manifest, given what is inherited. */
function isOverruled(
  path: string,
  value: FieldValue,
  place: FieldPlace,
  {inherited, observed}: ExportRequest,
): boolean {
  const said = inherited[path];
  if (said !== undefined) return !sameField(place, value, said, observed);
  if (place.type === 'presence' || makesDevice(place)) return true;
  const absent = absentValue(place);
  return absent === undefined || !sameField(place, value, absent, observed);
}

/** What is inherited and not there must be said to be absent; a slot as a whole. */
function absences(observed: Observed, inherited: Body): readonly (readonly [string, null])[] {
  const gone = Object.entries(inherited).flatMap(([path, wanted]) => {
    const place = placeOf(path);
    if (place === null || wanted === null || observed.body[path] !== undefined) return [];
    if (path === 'name' || sameField(place, undefined, wanted, observed)) return [];
    return [path];
  });
  const slots = gone.filter((path) => placeOf(path)?.type === 'presence');
  const within = (path: string): boolean => slots.some((slot) => path.startsWith(`${slot}.`));
  return gone.filter((path) => !within(path)).map((path) => [path, null] as const);
}

const ORDER: ReadonlyMap<string, number> = new Map(
  fieldEntries().map(([template], index) => [template, index]),
);

function treeOf(declared: ReadonlyMap<string, FieldValue>): Tree {
  const tree: Tree = {};
  for (const path of [...declared.keys()].toSorted(comparePaths)) {
    const value = declared.get(path);
    if (value !== undefined) put(tree, path.split('.'), spelt(path, value));
  }
  return tree;
}

function put(tree: Tree, parts: readonly string[], value: Json): void {
  let node = tree;
  for (const part of parts.slice(0, -1)) {
    const next = node[part];
    // Safe: every map in the tree was put there by this function.
    const inner = (isObject(next) ? next : {}) as Tree;
    node[part] = inner;
    node = inner;
  }
  const last = parts.at(-1) ?? '';
  if (!isObject(node[last])) node[last] = value;
}

/** A value as a person writes it: sizes and durations with units, a presence as a map. */
function spelt(path: string, value: FieldValue): Json {
  const place = placeOf(path);
  if (place === null || value === null) return null;
  if (place.type === 'presence') return {};
  const quantity = ['mebibytes', 'disk-size', 'seconds'].includes(place.type);
  if (quantity && typeof value === 'number') return LEAF_CODECS[place.type].show(value);
  // Safe: a leaf that is no reference is plain JSON.
  return value as Json;
}

/** In the order of the field table, the slots of a device by number. */
function comparePaths(a: string, b: string): number {
  const [one, other] = [sortKey(a), sortKey(b)];
  const at = one.findIndex((part, index) => part !== other[index]);
  return at < 0 ? 0 : (one[at] ?? '') < (other[at] ?? '') ? -1 : 1;
}

function sortKey(path: string): readonly string[] {
  const slot = /^(?:disks|cdroms|networks)\.[^.]+/.exec(path)?.[0];
  const order = (of: string): string => padded(String(ORDER.get(placeOf(of)?.template ?? '') ?? 0));
  return [order(slot ?? path), padded(slot ?? ''), order(path), padded(path)];
}

function padded(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(4, '0'));
}

function documentOf(observed: Observed, name: string, spec: Tree): Tree {
  const live = observed.body['name'];
  const named = live === name ? spec : withName(spec, typeof live === 'string' ? live : null);
  const {witness} = observed;
  return {
    apiVersion: 'pvegit/v1',
    kind: KIND,
    metadata: {name, ...(witness === null ? {} : {annotations: {'pvegit/adopt': witness}})},
    spec: named,
  };
}

function withName({vmid, ...rest}: Tree, name: string | null): Tree {
  return {...(vmid === undefined ? {} : {vmid}), name, ...rest};
}

/** What a manifest may not say (only root@pam may set it, a spelling of old) is told instead. */
function dropRefused(value: Tree, notes: Note[]): void {
  for (;;) {
    const {document, pointers} = numbered(value);
    const {diagnostics} = normalise(document);
    const error = diagnostics.find(({severity}) => severity === 'error');
    if (error === undefined) return;
    const pointer = pointers[error.range?.start.offset ?? 0] ?? '';
    notes.push({path: null, says: `Not managed: ${fieldName(pointer)}. ${error.detail}`});
    if (!remove(value, pointer)) return;
  }
}

/** What reads back as something else would be a difference that nobody asked for. */
function dropDifferent(value: Tree, observed: Observed, notes: Note[]): void {
  const [desired] = normalise(numbered(value).document).desired;
  for (const [path, wanted] of Object.entries(desired?.body ?? {})) {
    const place = placeOf(path);
    if (place === null || sameField(place, observed.body[path], wanted, observed)) continue;
    remove(value, `/spec/${path.split('.').join('/')}`);
    notes.push({path: null, says: `Not managed: ${path}. Its live value cannot be written here.`});
  }
}

/** `machine: q35` instead of `machine: {type: q35}`, unless a map is inherited to merge with. */
function shortenKeys({spec}: Tree, inherited: Body): void {
  const config = isObject(spec) ? spec['config'] : undefined;
  if (!isObject(config)) return;
  for (const [key, map] of Object.entries(config)) {
    const [only, ...others] = isObject(map) ? Object.entries(map) : [];
    if (only === undefined || others.length > 0) continue;
    const [sub, value] = only;
    const place = placeOf(`config.${key}.${sub}`);
    const bare = place !== null && factsOf(place)?.defaultKey === true;
    const merges = Object.keys(inherited).some((path) => path.startsWith(`config.${key}`));
    if (!bare || merges || typeof value !== 'string' || /[=,]/.test(value)) continue;
    // Safe: every map in the document was made here.
    (config as Tree)[key] = value;
  }
}

/** The document with a range for each place, by which a mistake tells where it is. */
function numbered(value: Tree): {
  readonly document: ManifestDocument;
  readonly pointers: readonly string[];
} {
  const pointers: string[] = [];
  const ranges: {[pointer: string]: SourceRange} = {};
  const walk = (node: Json | undefined, pointer: string): void => {
    const at = {line: 1, column: 1, offset: pointers.push(pointer) - 1};
    ranges[pointer] = {file: 'export', start: at, end: at};
    if (!isObject(node)) return;
    // Safe: a part of a JSON value.
    for (const [key, item] of Object.entries(node)) walk(item as Json, `${pointer}/${key}`);
  };
  walk(value, '');
  const range = ranges[''];
  assert(range, 'the whole document has a place');
  const {metadata} = value;
  const name = isObject(metadata) ? String(metadata['name']) : '';
  const document = {kind: KIND, name, source: 'export', file: 'export', value, range, ranges};
  return {document, pointers};
}

/** Takes a place below the spec out, with the maps that it leaves empty; false if it cannot. */
function remove(value: Tree, pointer: string): boolean {
  const parts = pointer.split('/').slice(1);
  return parts.length > 1 && parts[1] !== 'vmid' && removeAt(value, parts);
}

function removeAt(node: Tree, parts: readonly string[]): boolean {
  const [head, ...rest] = parts;
  if (head === undefined || node[head] === undefined) return false;
  if (rest.length === 0) return delete node[head];
  const inner = node[head];
  if (!isObject(inner)) return false;
  // Safe: every map in the document was made here.
  const map = inner as Tree;
  if (!removeAt(map, rest)) return false;
  if (Object.keys(map).length === 0) delete node[head];
  return true;
}

function fieldName(pointer: string): string {
  return pointer.split('/').slice(2).join('.');
}

function withKnownPlace(note: Note, value: JsonObject): Note {
  if (note.path === null) return note;
  let node: unknown = value;
  for (const part of note.path.split('.')) node = isObject(node) ? node[part] : undefined;
  return node === undefined ? {...note, path: null} : note;
}
