// Why this exists: a document on its way from text to Desired, with what later checks need to place
// their mistakes: its ranges, and what it claims should it turn out to be broken.

import {type CodeTable, diagnose} from '../core/diagnostic.ts';
import {isObject, type Json, type JsonObject} from '../core/json.ts';
import type {ManifestDocument} from '../core/kind.ts';
import type {Diagnostic, ResourceKey, SourceRange} from '../core/model.ts';
import {MANIFEST_CODES, type ManifestCode} from './codes.ts';
import {onDemand} from './on-demand.ts';
import {type LocatedText, rangeAt, rangesOf} from './places.ts';
import type {Problem} from './problem.ts';
import type {ParsedDocument} from './yaml-text.ts';

/** The problem of a text as a diagnostic of its file; the frame comes last, in read.ts. */
export function placed(problem: Problem, located: LocatedText): Diagnostic {
  const {code, severity, detail, remedy, suggestion} = problem;
  const range = rangeAt(located, problem.start, problem.end);
  return diagnose(MANIFEST_CODES, code, {severity, detail, remedy, suggestion, range});
}

/** A mistake of this room. Every one has a place, a reason and a remedy. */
export function mistake(
  code: ManifestCode,
  parts: {
    readonly range: SourceRange | undefined;
    readonly detail: string;
    readonly remedy: string;
    readonly suggestion?: string | undefined;
    readonly severity?: Diagnostic['severity'];
    readonly key?: ResourceKey | undefined;
  },
): Diagnostic {
  const table: CodeTable = MANIFEST_CODES;
  return diagnose(table, code, parts);
}

/** A parsed document, a map, as kinds see it; its values and ranges are had from the text. */
export function manifestDocument(
  parsed: ParsedDocument,
  located: LocatedText,
  head: {readonly kind: string; readonly name: string; readonly source: string},
  range: SourceRange = rangeAt(located, parsed.start, parsed.end),
): ManifestDocument {
  const {kind, name, source} = head;
  const parts = {kind, name, source, file: located.file, range};
  return withRanges(withValue(parts, parsed), {parsed, located});
}

// Safe: who makes a document of it has seen that it is an object.
const withValue = onDemand('value', ({value}: ParsedDocument) => value as JsonObject);
const withRanges = onDemand('ranges', rangesOfLatest);
interface Placed {
  readonly parsed: ParsedDocument;
  readonly located: LocatedText;
}

interface Latest {
  readonly parsed: ParsedDocument;
  readonly located: LocatedText;
  readonly ranges: ManifestDocument['ranges'];
}

/**
 * Kinds look up range after range of one document and then never again: one is kept, since those
 * of all documents would fill the memory.
 */
let latest: Latest | null = null;

function rangesOfLatest({parsed, located}: Placed): ManifestDocument['ranges'] {
  if (latest?.parsed !== parsed || latest.located !== located) {
    latest = {parsed, located, ranges: rangesOf(parsed.value ?? null, parsed.places, located)};
  }
  return latest.ranges;
}

/** The place of a value, of its key, or of the nearest that has one around it. */
export function placeOf(
  document: Pick<ManifestDocument, 'ranges' | 'range'>,
  pointer: string,
  what: 'key' | 'value' = 'value',
): SourceRange {
  const key = what === 'key' ? document.ranges[`#${pointer}`] : undefined;
  const own = key ?? document.ranges[pointer] ?? document.ranges[`#${pointer}`];
  if (own !== undefined) return own;
  if (pointer === '') return document.range;
  return placeOf(document, pointer.slice(0, pointer.lastIndexOf('/')), 'key');
}

/** The value below a value, by keys; undefined where there is none. */
export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let current = value;
  for (const key of path) {
    if (Array.isArray(current)) {
      // Safe: an item of a JSON list is JSON.
      current = current[Number(key)] as Json | undefined;
      continue;
    }
    if (!isObject(current) || !Object.hasOwn(current, key)) return undefined;
    // Safe: what lies below a JSON object is JSON.
    current = current[key] as Json | undefined;
  }
  return current;
}
