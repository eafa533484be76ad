// Why this exists: a document that its schema refuses may hold mistakes that only its kind finds,
// and all are told at once. Where both speak of one place, the kind knows better words.
import type {Kind, ManifestDocument} from '../core/kind.ts';
import type {Diagnostic, SourceRange} from '../core/model.ts';
import {checkSchema} from './schema-check.ts';

/** What the schema finds and, if that is anything, what the kind finds beside it. */
export function judge(kind: Kind, document: ManifestDocument): readonly Diagnostic[] {
  const bySchema = checkSchema(kind, document);
  if (bySchema.length === 0 || kind.role !== 'resource') return bySchema;
  const byKind = kind.normalise(document).diagnostics;
  if (byKind.length === 0) return bySchema;
  const valueAtKey = valuesOfKeys(document);
  const secrets = new Set(bySchema.filter(isSecret).map(({range}) => idOf(range)));
  const kept = byKind.filter(({range}) => !secrets.has(idOf(range)));
  const spoken = new Set(kept.map(({range}) => idOf(range)));
  const left = bySchema.filter((one) => {
    const place = idOf(one.range);
    return isSecret(one) || (!spoken.has(place) && !spoken.has(valueAtKey.get(place) ?? ''));
  });
  return [...left, ...kept];
}

/** The schema's words never show the value, and another's might. */
function isSecret({code}: Diagnostic): boolean {
  return code === 'secret-literal';
}

function idOf(range: SourceRange | undefined): string {
  return range === undefined ? '' : `${range.file}:${range.start.offset}`;
}

/** Something that is missing is told at the name of its map by one, at the map by the other. */
function valuesOfKeys({ranges}: ManifestDocument): ReadonlyMap<string, string> {
  const keys = Object.entries(ranges).filter(([pointer]) => pointer.startsWith('#'));
  return new Map(keys.map(([pointer, range]) => [idOf(range), idOf(ranges[pointer.slice(1)])]));
}
