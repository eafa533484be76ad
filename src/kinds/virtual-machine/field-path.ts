// Why this exists: a field path such as `networks.net0.tag` and a place in Proxmox such as sub-key
// `tag` of `net0` name the same thing; this is the way from the one to the other.
import {assert} from '../../core/assert.ts';
import type {FieldValue} from '../../core/model.ts';
import type {KeyFacts, LeafFacts} from '../guest/facts.ts';
import {familyFacts, qemuKey} from '../guest/key-facts.ts';
import type {LeafType} from '../guest/leaf.ts';
import {LEAF_CODECS} from '../guest/leaf.ts';
import {configLeafType} from './config-key.ts';
import {driveFacts} from './drive.ts';
import type {FieldSpec} from './field-spec.ts';
import {FIELD_TABLE, type FieldTemplate, fieldEntries, specFacts} from './field-table.ts';

/** A concrete field: its template, what stands for `*`, and its place in Proxmox. */
export interface FieldPlace {
  readonly path: string;
  readonly template: FieldTemplate;
  readonly spec: FieldSpec;
  readonly slots: readonly string[];
  /** Configuration key; null for node, pool, power and the cloud-init drive. */
  readonly key: string | null;
  readonly sub: string | null;
  readonly type: LeafType;
}

const EXACT: ReadonlyMap<string, FieldTemplate> = new Map(
  fieldEntries().map(([template]) => [template, template]),
);

const PATTERNS = fieldEntries()
  .filter(([template]) => template.includes('*'))
  .map(([template]) => ({template, parts: template.split('.')}));

const SLOTTED: ReadonlyMap<FieldTemplate, readonly string[]> = new Map(
  PATTERNS.map(({template, parts}) => [template, parts]),
);

/** The place of a path; null for a path that is no field. */
export function placeOf(path: string): FieldPlace | null {
  const parts = path.split('.');
  const exact = EXACT.get(path);
  if (exact !== undefined) return build(path, exact, []);
  for (const {template, parts: pattern} of PATTERNS) {
    if (pattern.length !== parts.length) continue;
    if (!pattern.every((piece, index) => piece === '*' || piece === parts[index])) continue;
    const slots = parts.filter((_, index) => pattern[index] === '*');
    return build(path, template, slots);
  }
  return null;
}

/** The place of a template where these parts stand for its pieces. */
export function placeAt(template: FieldTemplate, parts: readonly string[]): FieldPlace {
  const pattern = SLOTTED.get(template);
  const slots = pattern === undefined ? [] : parts.filter((_, index) => pattern[index] === '*');
  return build(parts.join('.'), template, slots);
}

/** The place of a path that must be a field; another one is our own mistake. */
export function placeOfField(path: string): FieldPlace {
  const place = placeOf(path);
  assert(place, `not a field of a virtual machine: ${path}`);
  return place;
}

/** What Proxmox means when the field is not set; undefined when that means "none". */
export function absentValue(place: FieldPlace): FieldValue | undefined {
  const {spec} = place;
  // The schema calls dhcp a default, but cloud-init gives nothing to a card without addresses.
  if (spec.type === 'presence' || spec.type === 'address') return undefined;
  const text = spec.absent ?? factsOf(place)?.default;
  return text === undefined ? undefined : LEAF_CODECS[place.type].read(String(text));
}

/** What the key table says of a concrete field. */
export function factsOf(place: FieldPlace): LeafFacts | null {
  if (place.spec.key !== 'config') return specFacts(place.spec);
  const facts = place.key === null ? null : qemuKey(place.key)?.facts;
  if (!facts) return null;
  return place.sub === null ? facts : (facts.properties?.[place.sub] ?? null);
}

/** The facts of the key that holds a field. */
export function keyFactsOf(place: FieldPlace): KeyFacts | null {
  if (place.key === null) return null;
  if (place.spec.key === 'drive') return driveFacts(place.key);
  return qemuKey(place.key)?.facts ?? familyFacts(place.key);
}

function build(path: string, template: FieldTemplate, slots: readonly string[]): FieldPlace {
  const spec: FieldSpec = FIELD_TABLE[template];
  const key = keyOf(spec, slots);
  const sub = spec.key === 'config' ? (slots[1] ?? null) : (spec.sub ?? null);
  return {path, template, spec, slots, key, sub, type: typeOf(spec, key, sub)};
}

function keyOf(spec: FieldSpec, slots: readonly string[]): string | null {
  const [slot] = slots;
  if (spec.key === null || (spec.key === 'drive' && slot === undefined)) return null;
  if (slot === undefined) return spec.key;
  return spec.key === 'ipconfigN' ? slot.replace(/^net/, 'ipconfig') : slot;
}

function typeOf(spec: FieldSpec, key: string | null, sub: string | null): LeafType {
  if (spec.key !== 'config' || key === null) return spec.type;
  const facts = qemuKey(key)?.facts;
  if (!facts) return 'text';
  if (sub !== null) return configLeafType('', facts.properties?.[sub] ?? {});
  return facts.properties ? 'presence' : configLeafType(key, facts);
}
