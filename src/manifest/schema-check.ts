// Why this exists: each kind's JSON Schema is the one truth about its fields; Ajv applies it, and
// what it finds is told in words that fit the field (schema-mistakes.ts).
import {Ajv2020, type ErrorObject, type ValidateFunction} from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type {JsonObject} from '../core/json.ts';
import type {Kind, ManifestDocument} from '../core/kind.ts';
import type {Diagnostic} from '../core/model.ts';
import type {Steps} from '../core/steps.ts';
import {placeOf} from './document.ts';
import {homesOf} from './field-homes.ts';
import {schemaMistakes} from './schema-mistakes.ts';

/** Compiling takes milliseconds and a schema never changes, so it is done once for each. */
const COMPILED = new WeakMap<object, ValidateFunction>();

/** What the schema of its kind finds wrong with a document's spec and metadata. */
export function checkSchema(kind: Kind, document: ManifestDocument): readonly Diagnostic[] {
  const errors = errorsOf(kind.schema, document.value);
  return schemaMistakes(errors, {
    value: document.value,
    homeOf: homesOf(kind.schema),
    place: (pointer, what) => placeOf(document, pointer, what),
  });
}

/** Keywords that say that something is absent: a partial spec may lack what the whole needs. */
const ABSENCE = new Set([
  'required',
  'dependentRequired',
  'minProperties',
  'oneOf',
  'anyOf',
  'if',
  'not',
]);

/** What is wrong with a partial spec for a kind: everything but what it lacks. */
export function checkPartial(
  kind: Kind,
  partial: JsonObject,
  place: (pointer: string, what?: 'key' | 'value') => Diagnostic['range'],
): readonly Diagnostic[] {
  const value = {
    apiVersion: 'pvegit/v1',
    kind: kind.name,
    metadata: {name: 'defaults'},
    spec: partial,
  };
  const errors = errorsOf(kind.schema, value).filter(
    ({keyword, schemaPath}) => !ABSENCE.has(keyword) && !/\/(oneOf|anyOf|then)\//.test(schemaPath),
  );
  const homeOf = homesOf(kind.schema);
  return schemaMistakes(errors, {value, homeOf, place: (pointer, what) => place(pointer, what)});
}

/**
 * Makes ready to check the manifests of these kinds: it takes a tenth of a second for each large
 * schema, which is better spent before thousands of documents lie in memory.
 */
export function* prepareSchemas(kinds: readonly Pick<Kind, 'schema'>[]): Steps<void> {
  for (const {schema} of kinds) {
    validator(schema);
    yield;
  }
}

function errorsOf(schema: JsonObject, value: JsonObject): readonly ErrorObject[] {
  const validate = validator(schema);
  return validate(value) ? [] : [...(validate.errors ?? [])];
}

function validator(schema: JsonObject): ValidateFunction {
  const known = COMPILED.get(schema) ?? compile(schema);
  COMPILED.set(schema, known);
  return known;
}

function compile(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    // Schemas carry annotations for editors (markdownDescription, x-…) that Ajv does not know.
    strict: false,
    logger: false,
    // A value keeps the type that the manifest gives it: `"4"` is not 4.
    coerceTypes: false,
    // It took half of the time, and what is checked is a small document now and then.
    code: {optimize: false},
  });
  // Safe: the package's default export is the function itself; its types say the module.
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  // Safe: a kind's schema is a JSON object; whether it is a good one, Ajv says by throwing.
  return ajv.compile(schema as object);
}
