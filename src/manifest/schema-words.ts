// Why this exists: one sentence for each way in which a value misses its schema. Descriptions and
// examples come from the schema itself, so that a kind says in one place what a field is.
import type {ErrorObject} from 'ajv/dist/2020.js';
import {isObject, type Json} from '../core/json.ts';
import {suggest} from '../core/suggest.ts';
import {bare, quoted} from '../core/visible.ts';
import type {ManifestCode} from './codes.ts';
import type {Homes} from './field-homes.ts';
import {pointerParts} from './places.ts';

/** What is said of one error of the validator. */
export interface Told {
  readonly code: ManifestCode;
  readonly detail: string;
  readonly remedy: string;
  readonly suggestion?: string | undefined;
}

/** The words for an error; `value` is what stands at its place. */
export function describe(error: ErrorObject, value: Json | undefined, homeOf: Homes): Told {
  const teller = TELLERS[error.keyword] ?? other;
  return teller(error, value, homeOf);
}

type Teller = (error: ErrorObject, value: Json | undefined, homeOf: Homes) => Told;

const TELLERS: {readonly [keyword: string]: Teller} = {
  additionalProperties: unknownField,
  unevaluatedProperties: unknownField,
  'false schema': (error) =>
    told('field-refused', `${nameOf(error)} cannot be set here.`, 'Delete it.'),
  required: missingField,
  dependentRequired: neededField,
  type: wrongType,
  enum: wrongChoice,
  const: wrongConstant,
  pattern: (error, value) =>
    error.propertyName === undefined
      ? told('field-pattern', misfit(error, value), formRemedy(error))
      : fieldName(error),
  format: (error, value) =>
    told('field-format', misfit(error, value), formRemedy(error, String(error.params['format']))),
  minimum: (error, value) => limit('field-too-small', error, value, 'at least'),
  exclusiveMinimum: (error, value) => limit('field-too-small', error, value, 'more than'),
  maximum: (error, value) => limit('field-too-large', error, value, 'at most'),
  exclusiveMaximum: (error, value) => limit('field-too-large', error, value, 'less than'),
  multipleOf: (error, value) =>
    told(
      'field-step',
      `${nameOf(error)} is ${quoted(value)}.`,
      `Write a multiple of ${quoted(error.params['multipleOf'])}.`,
    ),
  minLength: (error) => count('field-too-short', error, 'at least', 'characters'),
  maxLength: (error) => count('field-too-long', error, 'at most', 'characters'),
  minItems: (error) => count('list-too-short', error, 'at least', 'items'),
  maxItems: (error) => count('list-too-long', error, 'at most', 'items'),
  minProperties: (error) => count('map-too-small', error, 'at least', 'fields'),
  maxProperties: (error) => count('map-too-large', error, 'at most', 'fields'),
  uniqueItems: repeats,
  contains: (error) => told('list-lacks', `See ${nameOf(error)}. ${why(error)}`, formRemedy(error)),
  oneOf: forms,
  anyOf: forms,
  not: (error, value) => told('field-refused', misfit(error, value), formRemedy(error)),
};

function told(
  code: ManifestCode,
  detail: string,
  remedy: string,
  suggestion?: string | undefined,
): Told {
  return suggestion === undefined ? {code, detail, remedy} : {code, detail, remedy, suggestion};
}

function other(error: ErrorObject, value: Json | undefined): Told {
  const detail = `${nameOf(error)} is ${quoted(value)}: ${error.message ?? error.keyword}.`;
  return told('field-invalid', detail, formRemedy(error));
}

/** The field as the user writes it, without the spec around it: `disks.scsi0.size`. */
function nameOf(error: ErrorObject): string {
  const parts = pointerParts(error.instancePath);
  const shown = parts[0] === 'spec' && parts.length > 1 ? parts.slice(1) : parts;
  const text = shown.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join('');
  return shown.length === 0 ? 'The manifest' : bare(text.replace(/^\./, ''));
}

/** The field with a name below it. */
function nameBelow(error: ErrorObject, name: string): string {
  const above = nameOf(error);
  const top = above === 'The manifest' || above === 'spec';
  const below = bare(name);
  return top ? below : `${above}.${below}`;
}

function schemaOf(error: ErrorObject): {readonly [key: string]: unknown} {
  const schema: unknown = error.parentSchema;
  return isObject(schema) ? schema : {};
}

function knownFields(error: ErrorObject): readonly string[] {
  const properties = schemaOf(error)['properties'];
  return isObject(properties) ? Object.keys(properties) : [];
}

function unknownField(error: ErrorObject, _: Json | undefined, homeOf: Homes): Told {
  const extra = error.params['additionalProperty'] ?? error.params['unevaluatedProperty'];
  const name = String(extra);
  const known = knownFields(error);
  const suggestion = suggest(name, known);
  const shown = nameBelow(error, name);
  const elsewhere = suggestion === undefined ? homeOf(name) : undefined;
  if (elsewhere !== undefined) {
    const detail = `There is no ${shown}; ${name} belongs below ${elsewhere.above}.`;
    return told('field-misplaced', detail, 'Move it there.', elsewhere.path);
  }
  const own = known.length > 0 && known.length <= 12 ? ` Known: ${known.join(', ')}.` : '';
  const patterns = slotNames(error);
  const slots = patterns === '' ? '' : ` ${patterns}`;
  const detail = `${shown} would be ignored, and somebody relies on it.${own}${slots}`;
  const remedy = suggestion === undefined ? 'Delete or rename it.' : 'Write it as suggested.';
  return told('field-unknown', detail, remedy, suggestion);
}

/** What keys a map of slots takes, in its schema's own words. */
function slotNames(error: ErrorObject): string {
  const patterns = schemaOf(error)['patternProperties'];
  if (!isObject(patterns)) return '';
  return `Names have the form ${Object.keys(patterns)
    .map((pattern) => pattern.replace(/^\^|\$$/g, ''))
    .join(' or ')}.`;
}

function fieldName(error: ErrorObject): Told {
  const name = error.propertyName ?? '';
  const detail = `${quoted(name)} does not fit. ${why(error)}`;
  return told('field-name', detail, formRemedy(error));
}

function missingField(error: ErrorObject): Told {
  const name = String(error.params['missingProperty']);
  const properties = schemaOf(error)['properties'];
  const field = isObject(properties) ? properties[name] : undefined;
  const described = isObject(field) ? field['description'] : undefined;
  const more = typeof described === 'string' ? ` ${firstSentence(described)}` : '';
  const shown = nameBelow(error, name);
  return told('field-missing', `${shown} must be given.${more}`, `Add "${name}:" here.`);
}

function neededField(error: ErrorObject): Told {
  const {property, missingProperty} = error.params;
  const detail = `${nameBelow(error, String(property))} has no effect without ${missingProperty}.`;
  return told('field-needs', detail, `Add "${missingProperty}:" beside it.`);
}

const TYPES: {readonly [type: string]: {readonly code: ManifestCode; readonly noun: string}} = {
  string: {code: 'field-not-text', noun: 'a text'},
  boolean: {code: 'field-not-boolean', noun: 'true or false'},
  number: {code: 'field-not-number', noun: 'a number'},
  integer: {code: 'field-not-integer', noun: 'a whole number'},
  array: {code: 'field-not-list', noun: 'a list'},
  object: {code: 'field-not-map', noun: 'a map of fields'},
  null: {code: 'field-constant', noun: 'null'},
};

function wrongType(error: ErrorObject, value: Json | undefined): Told {
  const raw: unknown = error.params['type'];
  const types = (Array.isArray(raw) ? raw : String(raw).split(',')).map(String);
  const wanted = types.filter((type) => type !== 'null');
  const [only] = wanted;
  const literal = typeof value === 'string' || typeof value === 'number';
  if (literal && takesSecret(error)) return secretLiteral(error);
  if (value === null && !types.includes('null')) {
    const detail = `${nameOf(error)} always has a value in Proxmox.`;
    return told('field-null', detail, 'Give it a value, or delete the line to leave it alone.');
  }
  const nouns = (wanted.length > 0 ? wanted : types).map((type) => TYPES[type]?.noun ?? type);
  const detail = `${nameOf(error)} is ${quoted(value)}, not ${nouns.join(' or ')}.`;
  if (wanted.length > 1) return told('field-type', detail, formRemedy(error));
  const code = TYPES[only ?? 'null']?.code ?? 'field-type';
  return told(code, detail, typeRemedy(only, value, error), typeSuggestion(only, value, error));
}

function typeRemedy(type: string | undefined, value: unknown, error: ErrorObject): string {
  const free = schemaOf(error)['pattern'] === undefined;
  if (type === 'string' && free && (typeof value === 'number' || typeof value === 'boolean')) {
    return 'Put the value in quotes.';
  }
  if (type === 'boolean') return 'Write true or false, without quotes.';
  if (type === 'integer' || type === 'number') return 'Write the number without quotes or unit.';
  if (type === 'object') return 'Write its fields below it, or in braces: {field: value}.';
  if (type === 'array') return 'Write each item on a line of its own after "- ".';
  return formRemedy(error);
}

const TRUE = ['yes', 'on', 'y', '1', 'true', 'enabled'];
const FALSE = ['no', 'off', 'n', '0', 'false', 'disabled'];

function typeSuggestion(
  type: string | undefined,
  value: unknown,
  error: ErrorObject,
): string | undefined {
  if (type === 'boolean') {
    const word = String(value).toLowerCase();
    if (TRUE.includes(word)) return 'true';
    if (FALSE.includes(word)) return 'false';
  }
  const digits = typeof value === 'string' && /^-?\d{1,15}$/.test(value);
  if ((type === 'integer' || type === 'number') && digits) return String(Number(value));
  // Where a text has a form, quotes alone do not give it.
  const free = schemaOf(error)['pattern'] === undefined;
  if (type === 'string' && typeof value === 'number' && free) return `"${value}"`;
  return undefined;
}

function takesSecret(error: ErrorObject): boolean {
  const properties = schemaOf(error)['properties'];
  return isObject(properties) && 'secretRef' in properties;
}

/** Never with the value: this very message must not spread it. */
function secretLiteral(error: ErrorObject): Told {
  const detail = `${nameOf(error)} is a secret; whoever reads the repository would know it.`;
  const remedy = schemaOf(error)['x-secret']
    ? 'Write where the value is, {env: NAME} or {file: path}; change what was committed.'
    : 'Declare it in a Secret, write {secretRef: {name: …, key: …}}; change what was committed.';
  return told('secret-literal', detail, remedy);
}

function wrongChoice(error: ErrorObject, value: Json | undefined): Told {
  const raw: unknown = error.params['allowedValues'];
  const choices = (Array.isArray(raw) ? raw : []).map((choice) => String(choice));
  const shown = choices.length > 12 ? [...choices.slice(0, 12), '…'] : choices;
  const detail = `${nameOf(error)} is ${quoted(value)}.`;
  const suggestion = typeof value === 'string' ? suggest(value, choices) : undefined;
  return told('field-choice', detail, `Write one of ${shown.join(', ')}.`, suggestion);
}

function wrongConstant(error: ErrorObject, value: Json | undefined): Told {
  const only = JSON.stringify(error.params['allowedValue']);
  const detail = `${nameOf(error)} is ${quoted(value)}.`;
  return told('field-constant', detail, `Write ${only}, or delete the line.`);
}

function misfit(error: ErrorObject, value: Json | undefined): string {
  return `${nameOf(error)} is ${quoted(value)}. ${why(error)}`;
}

/** What the schema says that the field is. */
function why(error: ErrorObject): string {
  const {description} = schemaOf(error);
  return typeof description === 'string' ? firstSentence(description) : 'That has another form.';
}

function firstSentence(text: string): string {
  const line = text.split('\n')[0] ?? '';
  const end = /[.!?](?=\s|$)/.exec(line);
  const sentence = end === null ? line : line.slice(0, end.index + 1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

function formRemedy(error: ErrorObject, format?: string): string {
  const {examples} = schemaOf(error);
  const [example] = Array.isArray(examples) ? examples : [];
  if (example !== undefined) {
    const shown = typeof example === 'string' ? example : JSON.stringify(example);
    return `Write it like this: ${shown}.`;
  }
  if (format !== undefined) return `Write a valid ${format}.`;
  const pattern: unknown = error.params['pattern'];
  return typeof pattern === 'string'
    ? `Write it so that it matches ${pattern}.`
    : 'See the field in the kind’s schema (schemas/).';
}

function limit(
  code: ManifestCode,
  error: ErrorObject,
  value: Json | undefined,
  words: string,
): Told {
  const detail = `${nameOf(error)} is ${quoted(value)}.`;
  return told(code, detail, `Write ${words} ${quoted(error.params['limit'])}.`);
}

function count(code: ManifestCode, error: ErrorObject, words: string, noun: string): Told {
  const limit = Number(error.params['limit']);
  const counted = `${words} ${limit} ${limit === 1 ? noun.replace(/s$/, '') : noun}`;
  return told(code, `${nameOf(error)} must have ${counted}.`, `Give it ${words} ${limit}.`);
}

function repeats(error: ErrorObject): Told {
  const {i, j} = error.params;
  const detail = `Items ${Number(j) + 1} and ${Number(i) + 1} of ${nameOf(error)} are the same.`;
  return told('list-repeats', detail, 'Delete one of them.');
}

function forms(error: ErrorObject, value: Json | undefined): Told {
  if (isLiteralSecret(error, value)) return secretLiteral(error);
  if (Array.isArray(error.params['passingSchemas'])) {
    const detail = `${nameOf(error)} is ${quoted(value)}, which could mean several things.`;
    return told('field-ambiguous', detail, formRemedy(error));
  }
  const detail = `${nameOf(error)} is ${quoted(value)}. ${why(error)}`;
  return told('field-forms', detail, formRemedy(error));
}

/** A schema says `x-secret` where a value must be a place (or a reference), never itself. */
function isLiteralSecret(error: ErrorObject, value: Json | undefined): boolean {
  if (schemaOf(error)['x-secret'] === true) {
    return !isObject(value) || Object.keys(value).some((key) => key !== 'env' && key !== 'file');
  }
  return (typeof value === 'string' || typeof value === 'number') && hasReferenceForm(error);
}

/** True if one of the forms is a reference to a secret and no other form is a text. */
function hasReferenceForm(error: ErrorObject): boolean {
  const list: readonly unknown[] = Array.isArray(error.schema) ? error.schema : [];
  const text = list.some((form) => isObject(form) && form['type'] === 'string');
  return !text && list.some((form) => JSON.stringify(form)?.includes('"secretRef"') === true);
}
