// Why this exists: YAML nodes into plain JSON. Everything of YAML that could mean another thing
// than it seems to (aliases, merge keys, tags, odd keys, inexact numbers) stops here.
import {isAlias, isMap, isPair, isScalar, isSeq, type Pair, type Scalar} from 'yaml';
import type {Json} from '../core/json.ts';
import {BIDI, bare, CONTROL, quoted} from '../core/visible.ts';
import {MAX_KEY_LENGTH, MAX_TEXT_LENGTH, MAX_VALUES} from './limits.ts';
import {type Place, placesOf} from './places.ts';
import type {Problem} from './problem.ts';

/** A node as plain data, the offsets of its values, and what was refused in it. */
export interface ReadValue {
  readonly value: Json;
  readonly places: Int32Array;
  readonly problems: readonly Problem[];
}

/** Reads the contents of a document; `offset` is added to every place. Depth is bounded before. */
export function readValue(contents: unknown, text: string, offset: number): ReadValue {
  const reader: Reader = {text, offset, problems: [], values: 0};
  const {value, place} = readNode(reader, contents, null);
  return {value, places: placesOf(value, place), problems: reader.problems};
}

interface Reader {
  /** The whole text, of which the document is a part. */
  readonly text: string;
  readonly offset: number;
  readonly problems: Problem[];
  values: number;
}

interface Found {
  readonly value: Json;
  readonly place: Place;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

type Told = Pick<Problem, 'code' | 'detail' | 'remedy'> &
  Partial<Pick<Problem, 'severity' | 'suggestion'>>;

function tell(reader: Reader, span: Span, problem: Told): void {
  reader.problems.push({...problem, ...span});
}

function readNode(reader: Reader, node: unknown, key: Span | null): Found {
  const span = spanOf(reader, node, key);
  const nothing: Found = {value: null, place: {key, value: span, children: null}};
  reader.values += 1;
  if (reader.values > MAX_VALUES) {
    if (reader.values === MAX_VALUES + 1) tell(reader, span, TOO_MANY_VALUES);
    return nothing;
  }
  if (node === null || node === undefined) return nothing;
  if (isAlias(node)) {
    tell(reader, span, {...ALIAS, detail: `*${bare(node.source)} ${ALIAS.detail}`});
    return nothing;
  }
  checkProperties(reader, node, span);
  if (isMap(node)) return readMap(reader, node.items, {key, span});
  if (isSeq(node)) {
    const items = node.items.map((item) => readNode(reader, item, null));
    const children = items.map(({place}) => place);
    return {value: items.map(({value}) => value), place: {key, value: span, children}};
  }
  if (isScalar(node)) return {...nothing, value: readScalar(reader, node, span)};
  // A pair without a map: `[a: b]` in brackets.
  if (isPair(node)) return readMap(reader, [node], {key, span});
  return nothing;
}

const TOO_MANY_VALUES: Told = {
  code: 'yaml-too-many-values',
  detail: `A document has at most ${MAX_VALUES} values.`,
  remedy: 'Split it into several manifests.',
};

const ALIAS: Told = {
  code: 'yaml-alias',
  detail: 'stands for a value elsewhere; few characters could stand for gigabytes.',
  remedy: 'Write the value out, or put what several guests share into Defaults.',
};

function spanOf(reader: Reader, node: unknown, key: Span | null): Span {
  const range = rangeOf(node);
  if (range !== null) {
    const [start, end] = range;
    return {start: reader.offset + start, end: reader.offset + Math.max(end, start)};
  }
  return key === null ? {start: reader.offset, end: reader.offset} : key;
}

function rangeOf(node: unknown): readonly [number, number] | null {
  if (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) {
    return node.range ? [node.range[0], node.range[1]] : null;
  }
  if (isPair(node)) return rangeOf(node.key);
  return null;
}

/** Tags that only repeat what YAML does anyway. */
const PLAIN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

function checkProperties(reader: Reader, node: unknown, span: Span): void {
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return;
  if (node.anchor !== undefined) {
    const detail = `Nothing can refer to &${bare(node.anchor)}: no alias is read.`;
    const remedy = 'Delete the anchor.';
    tell(reader, span, {code: 'yaml-anchor', severity: 'warning', detail, remedy});
  }
  if (node.tag === undefined || PLAIN_TAGS.has(node.tag)) return;
  const detail = `${quoted(node.tag)} asks for a type that is not in JSON.`;
  const remedy = 'Delete the tag; quote the value if it is meant as text.';
  tell(reader, span, {code: 'yaml-tag', detail, remedy});
}

interface MapPlace {
  readonly key: Span | null;
  readonly span: Span;
}

function readMap(reader: Reader, items: readonly Pair[], at: MapPlace): Found {
  const value: {[key: string]: Json} = {};
  const children = new Map<string, Place>();
  const seen = new Map<string, Span>();
  for (const pair of items) {
    const keySpan = spanOf(reader, pair.key, at.span);
    const key = readKey(reader, pair, keySpan);
    const item = readNode(reader, pair.value, keySpan);
    if (key === null) continue;
    const before = seen.get(key);
    if (before !== undefined) {
      const detail = `${quoted(key)} was already given above; which one is meant is unclear.`;
      tell(reader, keySpan, {code: 'yaml-duplicate-key', detail, remedy: 'Delete one of them.'});
      continue;
    }
    seen.set(key, keySpan);
    value[key] = item.value;
    children.set(key, item.place);
  }
  return {value, place: {key: at.key, value: at.span, children}};
}

/** Names through which JavaScript reaches an object's type or its text; no field needs them. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype', 'toString', 'valueOf']);

/** The key's text, or null when it was refused. */
function readKey(reader: Reader, pair: Pair, span: Span): string | null {
  const problem = keyProblem(pair.key);
  if (problem !== null) {
    tell(reader, span, problem);
    return null;
  }
  if (isScalar(pair.key)) checkProperties(reader, pair.key, span);
  // Safe: keyProblem answered null, so the key is a scalar that holds a text.
  return (pair.key as Scalar<string>).value;
}

function keyProblem(key: unknown): Told | null {
  if (isAlias(key)) return {...ALIAS, detail: `This key ${ALIAS.detail}`};
  if (isMap(key) || isSeq(key)) {
    const detail = 'A name in braces or brackets is not a text; `{{ x }}` is read as such a map.';
    return {code: 'yaml-key-complex', detail, remedy: 'Write a plain name, or quote it.'};
  }
  const value = isScalar(key) ? key.value : null;
  if (value === '' || value === null) {
    const detail = 'There is nothing before the colon.';
    return {code: 'yaml-key-empty', detail, remedy: 'Write the field’s name before the colon.'};
  }
  if (typeof value !== 'string') {
    const detail = `${quoted(value)} is read as a ${typeof value}, and fields have names.`;
    return {code: 'yaml-key-not-text', detail, remedy: 'Put the key in quotes.'};
  }
  return namedKeyProblem(value);
}

function namedKeyProblem(value: string): Told | null {
  if (value === '<<') {
    const detail = 'It would mix fields from elsewhere into this map.';
    const remedy = 'Write the fields out, or put what several guests share into Defaults.';
    return {code: 'yaml-merge-key', detail, remedy};
  }
  if (REFUSED.has(value)) {
    const detail = `${quoted(value)} has a meaning of its own in many programs.`;
    return {code: 'yaml-refused-key', detail, remedy: 'Use another name.'};
  }
  if (value.length > MAX_KEY_LENGTH) {
    const detail = `It has ${value.length} characters; the limit is ${MAX_KEY_LENGTH}.`;
    return {code: 'yaml-key-too-long', detail, remedy: 'Look for a colon or quote out of place.'};
  }
  return null;
}

function readScalar(reader: Reader, node: Scalar, span: Span): Json {
  const {value} = node;
  if (typeof value === 'string') return readString(reader, value, span);
  if (typeof value === 'number') return readNumber(reader, node, value, span);
  if (typeof value === 'boolean' || value === null) return value;
  // Whatever else a refused tag may have made of it.
  return null;
}

function readString(reader: Reader, value: string, span: Span): Json {
  if (value.length > MAX_TEXT_LENGTH) {
    const detail = `It has ${value.length} characters; the limit is ${MAX_TEXT_LENGTH}.`;
    const remedy = 'Proxmox would refuse it; keep such content in a file of its own.';
    tell(reader, span, {code: 'yaml-text-too-long', detail, remedy});
    return '';
  }
  const escaped = 'An escape in the quoted text stands for it.';
  const remedy = 'Take the escape out.';
  // What stands in the text itself is told there (text-problems.ts).
  const raw = reader.text.slice(span.start, span.end);
  if (CONTROL.test(value) && !CONTROL.test(raw)) {
    tell(reader, span, {code: 'value-control-character', detail: escaped, remedy});
  }
  if (BIDI.test(value) && !BIDI.test(raw)) {
    tell(reader, span, {code: 'value-bidi', detail: escaped, remedy});
  }
  if (!value.isWellFormed()) {
    tell(reader, span, {code: 'value-surrogate', detail: escaped, remedy});
  }
  return value;
}

function readNumber(reader: Reader, node: Scalar, value: number, span: Span): Json {
  const source = node.source ?? '';
  if (!Number.isFinite(value)) {
    const detail = `${quoted(source)} is not a number that can be used.`;
    const remedy = 'Write a number, or quote the value if it is meant as text.';
    tell(reader, span, {code: 'yaml-number-not-finite', detail, remedy});
    return 0;
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    const detail = `${quoted(source)} is beyond 2^53 and would be rounded.`;
    const remedy = 'Quote the value if it is meant as text.';
    tell(reader, span, {code: 'yaml-number-too-large', detail, remedy});
  }
  if (/^[-+]?0[0-9]/.test(source)) {
    const detail = `${source} is read as the decimal ${value}; other programs read it as octal.`;
    const remedy = 'Leave the zero out, or quote the value if it is meant as text.';
    tell(reader, span, {code: 'yaml-leading-zero', severity: 'warning', detail, remedy});
  }
  return value;
}
