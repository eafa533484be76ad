// Why this exists: a fleet has a million values, and each has a place. Four numbers a value, in the
// order in which the values themselves are walked, cost a hundredth of objects with names.
import type {Json} from '../core/json.ts';
import {isObject} from '../core/json.ts';
import type {SourceRange} from '../core/model.ts';
import {onDemand} from './on-demand.ts';
import {lineStarts, positionAt} from './text-position.ts';

/** Where one value and its key stand, as offsets, and those below it. */
export interface Place {
  readonly key: {readonly start: number; readonly end: number} | null;
  readonly value: {readonly start: number; readonly end: number};
  readonly children: ReadonlyMap<string, Place> | readonly Place[] | null;
}

/** Numbers for each value: start and end of its key (-1 without one), then its own. */
const STRIDE = 4;

/** The places of a value and all below it, flat, in the order of `rangesOf`. */
export function placesOf(value: Json, place: Place): Int32Array {
  const numbers: number[] = [];
  flatten(value, place, numbers);
  return Int32Array.from(numbers);
}

function flatten(value: Json | undefined, place: Place, into: number[]): void {
  into.push(place.key?.start ?? -1, place.key?.end ?? -1, place.value.start, place.value.end);
  const {children} = place;
  if (children === null) return;
  for (const [key, item] of entriesOf(value)) {
    const child = children instanceof Map ? children.get(key) : listed(children, key);
    if (child !== undefined) flatten(item, child, into);
  }
}

function listed(children: Place['children'], key: string): Place | undefined {
  return Array.isArray(children) ? children[Number(key)] : undefined;
}

/** Keys and items in the one order that depends on the value alone. */
function entriesOf(value: Json | undefined): readonly (readonly [string, Json | undefined])[] {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  return isObject(value) ? Object.entries(value) : [];
}

/** A text with its lines, and the file it is in. */
export interface LocatedText {
  readonly file: string;
  readonly text: string;
  readonly lines: readonly number[];
}

/** A text of a file; it is fetched, and its lines are counted, when somebody asks. */
export function locatedText(file: string, from: {readonly text: string}): LocatedText {
  return withLines(withText({file}, from), from);
}

const withText = onDemand('text', (from: {readonly text: string}) => from.text);
const withLines = onDemand('lines', (from: {readonly text: string}) => linesOfLatest(from));

/** Ranges of one text are asked for one after the other, and then never again. */
let latest: {readonly from: {readonly text: string}; readonly lines: readonly number[]} | null =
  null;

function linesOfLatest(from: {readonly text: string}): readonly number[] {
  if (latest?.from !== from) latest = {from, lines: lineStarts(from.text)};
  return latest.lines;
}

/** A range of a file from offsets; an end in white space is moved back to what it ends. */
export function rangeAt(located: LocatedText, start: number, end: number): SourceRange {
  const {file, text, lines} = located;
  const from = Math.min(start, text.length);
  const stop = from + text.slice(from, Math.min(end, text.length)).trimEnd().length;
  return {file, start: positionAt(lines, from), end: positionAt(lines, Math.max(from, stop))};
}

/** Ranges of all values by JSON pointer, and of their keys by `#` and the pointer. */
export function rangesOf(
  value: Json,
  places: Int32Array,
  located: LocatedText,
): {readonly [pointer: string]: SourceRange} {
  const ranges: {[pointer: string]: SourceRange} = {};
  let next = 0;
  const visit = (item: Json | undefined, pointer: string): void => {
    const [keyStart = -1, keyEnd = -1, start = 0, end = 0] = places.subarray(next, next + STRIDE);
    next += STRIDE;
    ranges[pointer] = rangeAt(located, start, end);
    if (keyStart >= 0) ranges[`#${pointer}`] = rangeAt(located, keyStart, keyEnd);
    for (const [key, below] of entriesOf(item)) visit(below, `${pointer}/${escapePointer(key)}`);
  };
  visit(value, '');
  return ranges;
}

/** One part of a JSON pointer (RFC 6901). */
export function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The parts of a JSON pointer; none for the whole document. */
export function pointerParts(pointer: string): readonly string[] {
  const [, ...parts] = pointer.split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
