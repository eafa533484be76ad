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

/** Places of fields by name, and of maps by the form of the names that they take. */
interface Index {
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly forms: readonly {readonly form: RegExp; readonly above: string}[];
}

const KNOWN = new WeakMap<object, Index>();

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
    const [path, second] = index.names.get(name) ?? [];
    // A slot such as net0; of several maps that take it the first is the usual one.
    const isSlot = /^[a-z]+\d+$/.test(name);
    const slot = isSlot ? index.forms.find(({form}) => form.test(name)) : undefined;
    if (path === undefined && slot !== undefined) {
      return {path: `${slot.above}.${name}`, above: slot.above};
    }
    if (path === undefined || second !== undefined || !path.includes('.')) return undefined;
    return {path, above: path.slice(0, path.lastIndexOf('.'))};
  };
}

function indexOf(schema: JsonObject): Index {
  const found = new Map<string, string[]>();
  const forms: {form: RegExp; above: string}[] = [];
  const properties = schema['properties'];
  const visit = (node: unknown, path: readonly string[]): void => {
    const resolved = resolve(node, schema);
    const fields = isObject(resolved) ? resolved['properties'] : undefined;
    if (isObject(resolved) && path.length === 1) forms.push(...formsOf(resolved, path.join('.')));
    if (!isObject(fields) || path.length >= DEPTH) return;
    for (const [name, below] of Object.entries(fields)) {
      const own = [...path, name];
      found.set(name, [...(found.get(name) ?? []), own.join('.')]);
      visit(below, own);
    }
  };
  if (isObject(properties)) visit(properties['spec'], []);
  return {names: found, forms};
}

/** The forms of the names that a map of slots takes. */
function formsOf(schema: {readonly [key: string]: unknown}, above: string) {
  const {propertyNames, patternProperties} = schema;
  const pattern = isObject(propertyNames) ? propertyNames['pattern'] : undefined;
  const patterns = [
    pattern,
    ...(isObject(patternProperties) ? Object.keys(patternProperties) : []),
  ];
  return patterns.flatMap((text) => {
    return typeof text === 'string' ? [{form: new RegExp(text), above}] : [];
  });
}

function resolve(node: unknown, schema: JsonObject): unknown {
  if (!isObject(node) || typeof node['$ref'] !== 'string') return node;
  const name = /^#\/\$defs\/([^/]+)$/.exec(node['$ref'])?.[1];
  const defs = schema['$defs'];
  return name !== undefined && isObject(defs) ? defs[name] : undefined;
}
