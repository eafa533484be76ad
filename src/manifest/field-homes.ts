// Why this exists: `cores: 4` beside `cpu` is not misspelt but in the wrong place, and the schema
// knows the right one.
import {isObject, type JsonObject} from '../core/json.ts';

/** Where a field of this name belongs; undefined if nowhere, or in several places. */
export type Homes = (name: string) => Home | undefined;

/** The one place of a field, as the user writes it. */
export interface Home {
  readonly path: string;
  /** The path of the map that it belongs into. */
  readonly above: string;
}

const KNOWN = new WeakMap<object, ReadonlyMap<string, readonly string[]>>();

/** Levels that are looked through; deeper, a name says too little. */
const DEPTH = 4;

/** Finds fields of a kind's schema by their names alone. */
export function homesOf(schema: JsonObject): Homes {
  return (name) => {
    let index = KNOWN.get(schema);
    if (index === undefined) {
      index = indexOf(schema);
      KNOWN.set(schema, index);
    }
    const [path, second] = index.get(name) ?? [];
    if (path === undefined || second !== undefined || !path.includes('.')) return undefined;
    return {path, above: path.slice(0, path.lastIndexOf('.'))};
  };
}

function indexOf(schema: JsonObject): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const properties = schema['properties'];
  const visit = (node: unknown, path: readonly string[]): void => {
    const resolved = resolve(node, schema);
    const fields = isObject(resolved) ? resolved['properties'] : undefined;
    if (!isObject(fields) || path.length >= DEPTH) return;
    for (const [name, below] of Object.entries(fields)) {
      const own = [...path, name];
      found.set(name, [...(found.get(name) ?? []), own.join('.')]);
      visit(below, own);
    }
  };
  if (isObject(properties)) visit(properties['spec'], []);
  return found;
}

function resolve(node: unknown, schema: JsonObject): unknown {
  if (!isObject(node) || typeof node['$ref'] !== 'string') return node;
  const name = /^#\/\$defs\/([^/]+)$/.exec(node['$ref'])?.[1];
  const defs = schema['$defs'];
  return name !== undefined && isObject(defs) ? defs[name] : undefined;
}
