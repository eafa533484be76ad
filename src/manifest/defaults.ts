// Why this exists: what the guests of a folder share is written once, and every value still knows
// the file and line it came from.
import {isObject, type Json, type JsonObject} from '../core/json.ts';
import type {ManifestDocument} from '../core/kind.ts';
import type {SourceRange} from '../core/model.ts';
import {escapePointer} from './places.ts';

/** The Defaults of one folder; with `usable` false nothing below the folder can be told. */
export interface FolderDefaults {
  /** Empty for the root. */
  readonly folder: string;
  readonly partials: {readonly [kind: string]: JsonObject};
  readonly ranges: {readonly [pointer: string]: SourceRange};
  readonly range: SourceRange;
  readonly usable: boolean;
}

/** The folder of a path, without a slash at its end; empty for the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Those that hold for a file, outermost first. */
export function defaultsFor(
  all: readonly FolderDefaults[],
  file: string,
): readonly FolderDefaults[] {
  const holds = ({folder}: FolderDefaults): boolean =>
    folder === '' || folderOf(file) === folder || file.startsWith(`${folder}/`);
  return all.filter(holds).sort((a, b) => a.folder.length - b.folder.length);
}

/** The document with the defaults of its kind below its own spec: it wins, then the nearest. */
export function withDefaults(
  document: ManifestDocument,
  defaults: readonly FolderDefaults[],
): ManifestDocument {
  const layers = defaults.flatMap(({partials, ranges}) => {
    const partial = Object.hasOwn(partials, document.kind) ? partials[document.kind] : undefined;
    return partial === undefined ? [] : [{partial, ranges}];
  });
  if (layers.length === 0) return document;
  const own = document.value['spec'];
  if (!isObject(own)) return document;
  const ranges: {[pointer: string]: SourceRange} = {};
  let spec: Json = {};
  const prefix = `/spec/${escapePointer(document.kind)}`;
  for (const layer of layers) {
    spec = merge(spec, layer.partial, {ranges, from: layer.ranges, at: '/spec', source: prefix});
  }
  // Safe: the spec is part of a JSON value.
  const ownSpec = own as JsonObject;
  spec = merge(spec, ownSpec, {ranges, from: document.ranges, at: '/spec', source: '/spec'});
  return {
    ...document,
    range: document.range,
    value: {...document.value, spec},
    ranges: {...document.ranges, ...ranges},
  };
}

interface Merge {
  readonly ranges: {[pointer: string]: SourceRange};
  readonly from: {readonly [pointer: string]: SourceRange};
  /** Pointer in the merged document. */
  readonly at: string;
  /** Pointer where the overlay's ranges have it. */
  readonly source: string;
}

/** Maps merge by key, lists and scalars are replaced; the overlay's places win where it speaks. */
function merge(base: Json | undefined, over: Json, how: Merge): Json {
  if (!isObject(base) || !isObject(over)) {
    forget(how.ranges, how.at);
    copyRanges(over, how);
    return over;
  }
  copyOwn(how);
  // Safe: both are JSON values that were just seen to be objects.
  const merged: {[key: string]: Json | undefined} = {...(base as JsonObject)};
  // Safe: as above.
  for (const [key, value] of Object.entries(over as JsonObject)) {
    if (value === undefined) continue;
    const part = `/${escapePointer(key)}`;
    const below = {...how, at: how.at + part, source: how.source + part};
    merged[key] = merge(merged[key], value, below);
  }
  return merged;
}

function copyOwn({ranges, from, at, source}: Merge): void {
  const own = from[source];
  const key = from[`#${source}`];
  if (own !== undefined) ranges[at] = own;
  if (key !== undefined) ranges[`#${at}`] = key;
}

function copyRanges(value: Json | undefined, how: Merge): void {
  copyOwn(how);
  const entries = Array.isArray(value)
    ? value.map((item, index) => [String(index), item] as const)
    : isObject(value)
      ? Object.entries(value)
      : [];
  for (const [key, item] of entries) {
    const part = `/${escapePointer(key)}`;
    // Safe: an item of a JSON value is JSON.
    copyRanges(item as Json, {...how, at: how.at + part, source: how.source + part});
  }
}

/** Takes away the places of what is replaced, so that none is left of a longer list. */
function forget(ranges: {[pointer: string]: SourceRange}, at: string): void {
  for (const pointer of Object.keys(ranges)) {
    const bare = pointer.startsWith('#') ? pointer.slice(1) : pointer;
    if (bare === at || bare.startsWith(`${at}/`)) delete ranges[pointer];
  }
}
