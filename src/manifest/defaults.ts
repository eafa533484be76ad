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
  readonly ranges: Ranges;
  readonly range: SourceRange;
  readonly usable: boolean;
  /** What it was read from: the same object as long as the text is the same. */
  readonly origin: object;
}

type Ranges = {readonly [pointer: string]: SourceRange};

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
  const source = `/spec/${escapePointer(document.kind)}`;
  const layers: Layer[] = defaults.flatMap(({partials, ranges}) => {
    const value = Object.hasOwn(partials, document.kind) ? partials[document.kind] : undefined;
    return value === undefined ? [] : [{value, ranges, source}];
  });
  const own = document.value['spec'];
  if (layers.length === 0 || !isObject(own)) return document;
  const ranges: {[pointer: string]: SourceRange} = {};
  for (const [pointer, range] of Object.entries(document.ranges)) {
    if (!/^#?\/spec(?:\/|$)/.test(pointer)) ranges[pointer] = range;
  }
  // Safe: the spec is a part of a JSON value.
  layers.push({value: own as JsonObject, ranges: document.ranges, source: '/spec'});
  const spec = merged(layers, '/spec', ranges);
  return {...document, value: {...document.value, spec}, ranges};
}

/** One text that says something of a place, and where its own ranges have that place. */
interface Layer {
  readonly value: Json;
  readonly ranges: Ranges;
  readonly source: string;
}

/** Maps merge by key, lists and scalars are replaced; the last layer that speaks has the place. */
function merged(
  layers: readonly Layer[],
  at: string,
  ranges: {[pointer: string]: SourceRange},
): Json {
  const last = layers.at(-1);
  if (last === undefined) return null;
  const [value, key] = [last.ranges[last.source], last.ranges[`#${last.source}`]];
  if (value !== undefined) ranges[at] = value;
  if (key !== undefined) ranges[`#${at}`] = key;
  if (Array.isArray(last.value)) {
    return last.value.map((item, index) =>
      merged([below(last, `${index}`, item)], `${at}/${index}`, ranges),
    );
  }
  if (!isObject(last.value)) return last.value;
  // What stands before a layer that is no map was replaced by that layer.
  const start = layers.findLastIndex((layer) => !isObject(layer.value)) + 1;
  const maps = layers.slice(start);
  const result: {[key: string]: Json} = {};
  for (const name of new Set(maps.flatMap((layer) => Object.keys(layer.value ?? {})))) {
    const parts = maps.flatMap((layer) => partOf(layer, name));
    if (parts.length > 0) result[name] = merged(parts, `${at}/${escapePointer(name)}`, ranges);
  }
  return result;
}

function partOf(layer: Layer, name: string): readonly Layer[] {
  if (!isObject(layer.value) || !Object.hasOwn(layer.value, name)) return [];
  // Safe: what lies below a JSON object is JSON.
  const value = layer.value[name] as Json | undefined;
  return value === undefined ? [] : [below(layer, name, value)];
}

function below({ranges, source}: Layer, name: string, value: Json): Layer {
  return {value, ranges, source: `${source}/${escapePointer(name)}`};
}
