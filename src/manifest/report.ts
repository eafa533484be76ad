// Why this exists: what is wrong is told once, in the order of the files, with the line shown, and
// never in such numbers that the reader gives up.

import {frameOf, type Stretch} from '../core/frame.ts';
import type {Diagnostic} from '../core/model.ts';
import {mistake} from './document.ts';
import {compare, emptyFrame} from './files.ts';
import {MAX_DIAGNOSTICS} from './limits.ts';
import type {LocatedText} from './places.ts';

/** Diagnostics without repetition, sorted by file and place, with frames, at most the limit. */
export function finish(
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, LocatedText>,
): readonly Diagnostic[] {
  const sorted = withoutRepetition(diagnostics).sort(byPlace);
  const kept = sorted.length <= MAX_DIAGNOSTICS ? sorted : shortened(sorted);
  const hidden = secretPlaces(sorted);
  return kept.map((diagnostic) => withFrame(diagnostic, texts, hidden));
}

/**
 * The same mistake at the same place is one: a set's template is read once for each member, and
 * Defaults once for each guest. Only the first detail is kept.
 */
function withoutRepetition(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const {code, range, suggestion, detail} = diagnostic;
    const place = range === undefined ? detail : `${range.file}:${range.start.offset}`;
    const id = [code, place, suggestion ?? '', range?.end.offset ?? ''].join('\0');
    const before = seen.get(id);
    if (before === undefined || goesBefore(diagnostic, before)) seen.set(id, diagnostic);
  }
  return [...seen.values()];
}

/** The worse one, else the one of least detail: not the first, as files come in any order. */
function goesBefore(a: Diagnostic, b: Diagnostic): boolean {
  const order = RANK[a.severity] - RANK[b.severity] || compare(a.detail, b.detail);
  return order < 0;
}

const RANK = {error: 0, warning: 1, info: 2} as const;

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const [x, y] = [a.range, b.range];
  return (
    compare(x?.file ?? '', y?.file ?? '') ||
    (x?.start.offset ?? 0) - (y?.start.offset ?? 0) ||
    compare(a.code, b.code) ||
    compare(a.detail, b.detail)
  );
}

/** Errors first: a thousand notices must not push the one error out. */
function shortened(sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  const chosen = [...sorted]
    .sort((a, b) => RANK[a.severity] - RANK[b.severity] || byPlace(a, b))
    .slice(0, MAX_DIAGNOSTICS - 1);
  const [first] = chosen;
  const rest = mistake('too-many-mistakes', {
    range: first?.range,
    detail: `There are ${sorted.length} in all, of which ${chosen.length} are shown.`,
    remedy: 'Repair the first ones; many of the others will go with them.',
    severity: first?.severity ?? 'error',
  });
  return [...chosen.sort(byPlace), rest];
}

/** Places of values that no frame may show, by file. */
function secretPlaces(diagnostics: readonly Diagnostic[]): ReadonlyMap<string, readonly Stretch[]> {
  const places = new Map<string, Stretch[]>();
  for (const {code, range} of diagnostics) {
    if (range === undefined || !code.endsWith('secret-literal')) continue;
    const list = places.get(range.file) ?? [];
    list.push({start: range.start.offset, end: range.end.offset});
    places.set(range.file, list);
  }
  return places;
}

function withFrame(
  diagnostic: Diagnostic,
  texts: ReadonlyMap<string, LocatedText>,
  hidden: ReadonlyMap<string, readonly Stretch[]>,
): Diagnostic {
  const {range, frame} = diagnostic;
  if (range === undefined || frame !== undefined) return diagnostic;
  const located = texts.get(range.file);
  if (located === undefined) return {...diagnostic, frame: emptyFrame('not read')};
  const {text, lines} = located;
  const secrets = hidden.get(range.file) ?? [];
  const {start, end} = range;
  return {...diagnostic, frame: frameOf({text, lines, start, end, hidden: secrets})};
}
