// Why this exists: any key can be set from the environment (`PVEGIT_POLICY__BENIGN=window`: two
// underscores go one level down) and by a flag. What came from where is remembered.
import {diagnose} from '../core/diagnostic.ts';
import type {Json, JsonObject} from '../core/json.ts';
import type {Diagnostic} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {CONFIG_CODES} from './codes.ts';
import {escapePointer} from './read-yaml.ts';
import {CONFIG_SCHEMA} from './schema.ts';
import {isJsonObject, mapVariant, propertiesOf, resolveNode} from './schema-walk.ts';

/** A value that wins over the file, and the name of the variable or flag that it came from. */
export interface Override {
  readonly path: readonly string[];
  readonly value: Json;
  readonly from: string;
}

/** A value with overrides applied, and who set what, by JSON pointer. */
export interface Overridden {
  readonly value: Json;
  readonly setBy: ReadonlyMap<string, string>;
}

/** Sets each override in turn; the later wins. */
export function applyOverrides(value: Json, overrides: readonly Override[]): Overridden {
  const setBy = new Map<string, string>();
  let current = value;
  for (const {path, value: wanted, from} of overrides) {
    current = setAt(current, path, wanted);
    setBy.set(path.map((part) => `/${escapePointer(part)}`).join(''), from);
  }
  return {value: current, setBy};
}

function setAt(value: Json, path: readonly string[], wanted: Json): Json {
  const [part, ...rest] = path;
  if (part === undefined) return wanted;
  if (Array.isArray(value)) {
    const index = Number(part);
    return value.map((item, at) => (at === index ? setAt(item, rest, wanted) : item));
  }
  const map: JsonObject = isJsonObject(value) ? value : {};
  return {...map, [part]: setAt(map[part] ?? {}, rest, wanted)};
}

const PREFIX = 'PVEGIT_';
/** Names that mean something else: secrets for guests, and the place of the file itself. */
const OTHERS = /^PVEGIT_(?:SECRET_|CONFIG$)/;

/** Reads the variables that name keys. Those that the file refers to by `{env: …}` are not keys. */
export function readVariables(
  environment: {readonly [name: string]: string | undefined},
  value: Json,
): {readonly overrides: readonly Override[]; readonly diagnostics: readonly Diagnostic[]} {
  const referred = referredVariables(value);
  const overrides: Override[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const name of Object.keys(environment).sort()) {
    const text = environment[name];
    if (text === undefined || !name.startsWith(PREFIX)) continue;
    if (OTHERS.test(name) || referred.has(name)) continue;
    const found = locate(name.slice(PREFIX.length).split('__'), CONFIG_SCHEMA, value);
    if (found === null) diagnostics.push(unknownVariable(name));
    else {
      const read = readText(text, found.node);
      if (read === undefined) diagnostics.push(unreadable(name));
      else overrides.push({...wholeReference(found.path, read), from: name});
    }
  }
  return {overrides, diagnostics};
}

/** `token: {env}` and `token: {file}` exclude each other, so one of them replaces the whole. */
function wholeReference(
  path: readonly string[],
  value: Json,
): {readonly path: readonly string[]; readonly value: Json} {
  const last = path.at(-1);
  const isReference = (last === 'env' || last === 'file') && /token$/i.test(path.at(-2) ?? '');
  return isReference ? {path: path.slice(0, -1), value: {[last]: value}} : {path, value};
}

function referredVariables(value: Json): ReadonlySet<string> {
  if (Array.isArray(value)) return new Set(value.flatMap((item) => [...referredVariables(item)]));
  if (!isJsonObject(value)) return new Set();
  const {env} = value;
  const inner = Object.values(value).flatMap((item) => [...referredVariables(item ?? null)]);
  return new Set(typeof env === 'string' ? [env, ...inner] : inner);
}

interface Located {
  readonly path: readonly string[];
  readonly node: JsonObject;
}

function locate(parts: readonly string[], schema: unknown, value: Json): Located | null {
  const node = resolveNode(schema);
  const [part, ...rest] = parts;
  if (node === null) return null;
  if (part === undefined) return {path: [], node};
  const step = stepInto(node, part, value);
  if (step === null) return null;
  const [key, next] = step;
  const inner = locate(rest, next, childOf(value, key));
  return inner === null ? null : {path: [key, ...inner.path], node: inner.node};
}

/** The key that a part of a variable's name means, and the schema behind it. */
function stepInto(node: JsonObject, part: string, value: Json): readonly [string, unknown] | null {
  for (const [name, property] of Object.entries(propertiesOf(node))) {
    if (variableName(name) === part) return [name, property];
  }
  if (Array.isArray(value)) {
    const index = value.findIndex((item) => isJsonObject(item) && fold(item['name']) === part);
    const at = index >= 0 ? index : /^\d{1,4}$/.test(part) ? Number(part) : -1;
    return at >= 0 && at < value.length ? [String(at), node['items']] : null;
  }
  const others = mapVariant(node)['additionalProperties'];
  if (!isJsonObject(others)) return null;
  const known = isJsonObject(value) ? Object.keys(value).find((key) => fold(key) === part) : null;
  return [known ?? part.toLowerCase().replaceAll('_', '-'), others];
}

function childOf(value: Json, key: string): Json {
  if (Array.isArray(value)) return value[Number(key)] ?? null;
  return isJsonObject(value) ? (value[key] ?? null) : null;
}

/** `blastRadius` → `BLAST_RADIUS` */
function variableName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function fold(name: Json | undefined): string {
  return typeof name === 'string' ? name.toUpperCase().replaceAll('-', '_') : '';
}

/** Text as it is where text is wanted, JSON elsewhere; a list may be written with commas. */
function readText(text: string, node: JsonObject): Json | undefined {
  if (node['type'] === 'string' || Array.isArray(node['enum'])) return text;
  if (node['type'] === 'array' && !text.startsWith('[')) {
    return text.split(',').map((item) => item.trim());
  }
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return node['anyOf'] === undefined ? undefined : text;
  }
}

function unknownVariable(name: string): Diagnostic {
  const [first = ''] = name.slice(PREFIX.length).split('__');
  const candidates = Object.keys(propertiesOf(CONFIG_SCHEMA)).map(variableName);
  const near = suggest(first, candidates);
  return diagnose(CONFIG_CODES, 'config-variable-unknown', {
    severity: 'warning',
    detail: `${name} is ignored: nothing in the configuration has or refers to that name.`,
    remedy: 'Unset it, correct it, or name it PVEGIT_SECRET_… if it is a secret for guests.',
    suggestion: near === undefined ? undefined : `${PREFIX}${near}`,
  });
}

function unreadable(name: string): Diagnostic {
  return diagnose(CONFIG_CODES, 'config-variable-value', {
    detail: `The key that ${name} sets is not text, and the variable holds no JSON.`,
    remedy: 'Write JSON, or set the keys below it one by one (two underscores go a level down).',
  });
}
