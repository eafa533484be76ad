// Why this exists: what the schema finds is said in our words, at the line where it stands, without
// ever repeating a value that may be a secret.
import type {ErrorObject} from 'ajv/dist/2020.js';
import {diagnose} from '../core/diagnostic.ts';
import type {Json} from '../core/json.ts';
import type {Diagnostic, SourceRange} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {CONFIG_CODES} from './codes.ts';
import {escapePointer, type ReadYaml} from './read-yaml.ts';
import {isJsonObject} from './schema-walk.ts';

/** A code of this room. */
export type ConfigCode = keyof typeof CONFIG_CODES;

/** Places mistakes: in the file, or at the variable or flag that set the value. */
export class Placer {
  readonly #yaml: ReadYaml;
  readonly #setBy: ReadonlyMap<string, string>;

  constructor(yaml: ReadYaml, setBy: ReadonlyMap<string, string>) {
    this.#yaml = yaml;
    this.#setBy = setBy;
  }

  /** Who set the value at a pointer: a variable, a flag, `file:line`, or nobody. */
  origin(pointer: string): string {
    const setBy = this.#nearest(pointer);
    if (setBy !== null) return setBy;
    const spans = this.#yaml.spans.get(pointer);
    if (spans === undefined || pointer === '') return 'default';
    const {file, start} = this.#yaml.places.range(spans.value);
    return `${file}:${start.line}`;
  }

  /** A diagnostic about the key or the value at a pointer, or about what holds it. */
  place(
    code: ConfigCode,
    pointer: string,
    parts: {
      readonly detail: string;
      readonly remedy: string;
      readonly suggestion?: string | undefined;
      readonly at?: 'key' | 'value';
    },
  ): Diagnostic {
    const {detail, remedy, suggestion, at = 'value'} = parts;
    const setBy = this.#nearest(pointer);
    if (setBy !== null) {
      return diagnose(CONFIG_CODES, code, {detail: `${setBy}: ${detail}`, remedy, suggestion});
    }
    const {range, frame} = this.#show(pointer, at);
    return diagnose(CONFIG_CODES, code, {detail, remedy, suggestion, range, frame});
  }

  #show(pointer: string, at: 'key' | 'value'): {range: SourceRange; frame: string} {
    let place = pointer;
    while (place !== '' && !this.#yaml.spans.has(place)) place = parentOf(place);
    const known = this.#yaml.spans.get(place);
    const span = known?.[place === pointer ? at : 'key'] ?? {start: 0, end: 1};
    return {range: this.#yaml.places.range(span), frame: this.#yaml.places.frame(span)};
  }

  #nearest(pointer: string): string | null {
    for (let place = pointer; ; place = parentOf(place)) {
      const from = this.#setBy.get(place);
      if (from !== undefined) return from;
      if (place === '') return null;
    }
  }
}

/** What Ajv found, as diagnostics: one for each place. */
export function schemaMistakes(
  errors: readonly ErrorObject[],
  value: Json,
  placer: Placer,
): readonly Diagnostic[] {
  const alternatives = errors.filter(({keyword}) => keyword === 'anyOf').map(pathOf);
  const seen = new Set<string>();
  const found: Diagnostic[] = [];
  for (const error of errors) {
    const inAlternative = alternatives.some((path) => pathOf(error).startsWith(path));
    if (error.keyword !== 'anyOf' && inAlternative) continue;
    if (error.propertyName !== undefined) continue;
    const diagnostic = mistake(error, value, placer);
    const id = `${error.instancePath} ${diagnostic.code} ${diagnostic.detail}`;
    if (!seen.has(id)) found.push(diagnostic);
    seen.add(id);
  }
  return found;
}

const pathOf = ({instancePath}: ErrorObject): string => instancePath;

function mistake(error: ErrorObject, value: Json, placer: Placer): Diagnostic {
  const {keyword, instancePath: pointer, params, parentSchema} = error;
  const where = shownPointer(pointer);
  const description: unknown = parentSchema?.['description'];
  const hint = typeof description === 'string' ? ` ${description}` : '';
  if (keyword === 'required') return missing(pointer, String(params['missingProperty']), placer);
  if (keyword === 'additionalProperties') {
    return unknownKey(pointer, String(params['additionalProperty']), parentSchema, placer);
  }
  if (keyword === 'propertyNames') {
    const key = String(params['propertyName']);
    const detail = `\`${key}\` in ${where} is not a name: small letters, digits and dashes.`;
    const inner = `${pointer}/${escapePointer(key)}`;
    return placer.place('config-value', inner, {detail, remedy: 'Rename it.', at: 'key'});
  }
  if (keyword === 'type') {
    if (isSecretPlace(error)) return literalSecret(pointer, placer);
    const detail = `${where} is ${kindOf(valueAt(value, pointer))}, not ${params['type']}.${hint}`;
    return placer.place('config-type', pointer, {detail, remedy: 'Write it as described.'});
  }
  if (pointer === '/installation') return emptyInstallation(pointer, placer);
  if (pointer === '/policy/destructive' && valueAt(value, pointer) === 'automatic') {
    return placer.place('config-destructive-automatic', pointer, {
      detail: 'No setting lets pvegit destroy something without an approval that names it.',
      remedy: 'Write `approval` or `observe`.',
    });
  }
  const allowed: unknown = params['allowedValues'];
  const choice = Array.isArray(allowed) ? ` Allowed are ${allowed.map(String).join(', ')}.` : '';
  const what = keyword === 'pattern' ? 'does not have its form' : error.message;
  const detail = `${where} ${what ?? 'is not allowed'}.${choice}${hint}`;
  const given = valueAt(value, pointer);
  const near = Array.isArray(allowed) && typeof given === 'string' ? given : '';
  const suggestion = Array.isArray(allowed) ? suggest(near, allowed.map(String)) : undefined;
  return placer.place('config-value', pointer, {detail, remedy: 'Correct the value.', suggestion});
}

function missing(pointer: string, key: string, placer: Placer): Diagnostic {
  if (pointer === '' && key === 'installation') return emptyInstallation('', placer);
  const where = pointer === '' ? 'the configuration' : shownPointer(pointer);
  return placer.place('config-required', pointer, {
    detail: `\`${key}\` is missing in ${where}; it has no default.`,
    remedy: `Add \`${key}:\`.`,
    at: 'key',
  });
}

function emptyInstallation(pointer: string, placer: Placer): Diagnostic {
  return placer.place('config-installation-empty', pointer, {
    detail:
      'The name stands in the marker of every guest; without one nobody can tell whose a guest is.',
    remedy: 'Write `installation: home`, or another name of small letters, digits and dashes.',
  });
}

function unknownKey(
  pointer: string,
  key: string,
  schema: object | undefined,
  placer: Placer,
): Diagnostic {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  const known = isJsonObject(properties) ? Object.keys(properties) : [];
  const where = pointer === '' ? 'the configuration' : shownPointer(pointer);
  return placer.place('config-unknown-key', `${pointer}/${escapePointer(key)}`, {
    detail: `\`${key}\` is not a key of ${where}.`,
    remedy: known.length === 0 ? 'Delete it.' : `Its keys are ${known.join(', ')}.`,
    suggestion: suggest(key, known),
    at: 'key',
  });
}

function isSecretPlace({schemaPath, instancePath}: ErrorObject): boolean {
  return schemaPath.includes('$defs/secret') && /[tT]oken$/.test(instancePath);
}

function literalSecret(pointer: string, placer: Placer): Diagnostic {
  return placer.place('config-secret-literal', pointer, {
    detail: `${shownPointer(pointer)} holds a value; files like this one are copied and committed.`,
    remedy: 'Write `{env: NAME}` or `{file: path}`, and take the value out of use.',
  });
}

/** `/clusters/harness/token` → `clusters.harness.token` in backquotes. */
function shownPointer(pointer: string): string {
  const parts = pointer.slice(1).split('/');
  const path = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');
  return pointer === '' ? 'the configuration' : `\`${path}\``;
}

function parentOf(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

function valueAt(value: Json, pointer: string): Json | undefined {
  let current: Json | undefined = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(current)) current = current[Number(key)];
    else current = isJsonObject(current) ? current[key] : undefined;
  }
  return current;
}

function kindOf(value: Json | undefined): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}
