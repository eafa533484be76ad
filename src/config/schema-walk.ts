// Why this exists: defaults, environment variables and `config show` follow the same schema; how to
// get from a place in it to the next is said once.
import {isObject, type Json, type JsonObject} from '../core/json.ts';
import {escapePointer} from './read-yaml.ts';
import {CONFIG_SCHEMA} from './schema.ts';

/** A node of the schema, with references followed and the map variant of an `anyOf` chosen. */
export function resolveNode(node: unknown): JsonObject | null {
  if (!isJsonObject(node)) return null;
  if (node['$ref'] === '#/$defs/secret') {
    const definitions = CONFIG_SCHEMA['$defs'];
    return isObject(definitions) ? resolveNode(definitions['secret']) : null;
  }
  return node;
}

/** The variant of a node that describes a map, or the node itself. */
export function mapVariant(node: JsonObject): JsonObject {
  const variants = node['anyOf'];
  if (!Array.isArray(variants)) return node;
  return variants.find((variant) => isJsonObject(variant) && variant['type'] === 'object') ?? node;
}

/** Properties of a map's node by name. */
export function propertiesOf(node: JsonObject): {readonly [name: string]: unknown} {
  const {properties} = mapVariant(node);
  return isObject(properties) ? properties : {};
}

/** Fills in what is absent and has a default, all the way down. */
export function withDefaults(schema: unknown, value: Json | undefined): Json | undefined {
  const node = resolveNode(schema);
  if (node === null) return value;
  if (Array.isArray(value)) return value.map((item) => withDefaults(node['items'], item) ?? null);
  const given = value ?? node['default'];
  if (isJsonObject(given)) return mapWithDefaults(node, given);
  return given === undefined && isOptionalMap(node) ? mapWithDefaults(node, {}) : given;
}

/** A map that may be left out as a whole and stands for its defaults then. */
function isOptionalMap(node: JsonObject): boolean {
  if (node['type'] !== 'object' || node['required'] !== undefined) return false;
  return node['minProperties'] === undefined && Object.keys(propertiesOf(node)).length > 0;
}

function mapWithDefaults(node: JsonObject, value: JsonObject): JsonObject {
  const filled: {[key: string]: Json} = {};
  for (const [name, property] of Object.entries(propertiesOf(node))) {
    const inner = withDefaults(property, value[name]);
    if (inner !== undefined) filled[name] = inner;
  }
  const others = node['additionalProperties'];
  const fallback = node['default'];
  if (!isJsonObject(others)) return filled;
  const all = {...(isJsonObject(fallback) ? fallback : {}), ...value};
  for (const [name, item] of Object.entries(all)) {
    filled[name] = withDefaults(others, item) ?? null;
  }
  return filled;
}

/** Every leaf of a value with its JSON pointer; an empty map or list is a leaf. */
export function leaves(value: Json, pointer = ''): readonly (readonly [string, Json])[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item, index) => leaves(item, `${pointer}/${index}`));
  }
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([name, item]) =>
      item === undefined ? [] : leaves(item, `${pointer}/${escapePointer(name)}`),
    );
  }
  return [[pointer, value]];
}

/** True for a map; what is asked here is JSON already. */
export function isJsonObject(value: unknown): value is JsonObject {
  return isObject(value);
}
