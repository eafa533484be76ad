// Why this exists: with Defaults and sets, what a guest really says is spread over files. `render`
// shows it whole, each field with the file and line it came from.
import type {Manifests} from '../core/kind.ts';
import type {Desired, FieldValue, ResourceKey, SourceRange} from '../core/model.ts';
import {compare} from './files.ts';

/** One field with where it was written; `from` is null for what the kind derives itself. */
export interface RenderedField {
  readonly path: string;
  readonly value: FieldValue;
  readonly from: {readonly file: string; readonly line: number; readonly column: number} | null;
  /** True if another file, or another document of its own, says it (Defaults, a template). */
  readonly inherited: boolean;
}

/** One resource as Git wants it. */
export interface RenderedResource {
  readonly key: ResourceKey;
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly fields: readonly RenderedField[];
}

/** Everything a revision wants, sorted by key; fields in the order of their paths. */
export function renderDesired(manifests: Pick<Manifests, 'desired'>): readonly RenderedResource[] {
  const resources = manifests.desired.map((desired) => ({
    key: desired.key,
    kind: desired.kind,
    name: desired.name,
    file: desired.range.file,
    line: desired.range.start.line,
    fields: renderFields(desired),
  }));
  return resources.sort((a, b) => compare(a.key, b.key));
}

function renderFields({body, range, ranges}: Desired): readonly RenderedField[] {
  return Object.entries(body)
    .map(([path, value]) => {
      const at = ranges[path];
      return {
        path,
        value,
        from: at === undefined ? null : placeIn(at),
        inherited: at !== undefined && !within(at, range),
      };
    })
    .sort((a, b) => compare(a.path, b.path));
}

function placeIn({file, start}: SourceRange): RenderedField['from'] {
  return {file, line: start.line, column: start.column};
}

function within(at: SourceRange, document: SourceRange): boolean {
  if (at.file !== document.file) return false;
  return at.start.offset >= document.start.offset && at.end.offset <= document.end.offset;
}
