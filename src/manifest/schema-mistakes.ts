// Why this exists: a validator says what its keyword found; a person needs to know which field,
// why, and what to write. Here errors become diagnostics: those that only follow from another are
// left out, and where a field has several forms, the form that was meant is judged.
import type {ErrorObject} from 'ajv/dist/2020.js';
import {isObject, type JsonObject} from '../core/json.ts';
import type {Diagnostic, SourceRange} from '../core/model.ts';
import {mistake, valueAt} from './document.ts';
import type {Homes} from './field-homes.ts';
import {pointerParts} from './places.ts';
import {describe} from './schema-words.ts';

/** The document that was checked, and where its values are. */
export interface Checked {
  readonly value: JsonObject;
  readonly homeOf: Homes;
  readonly place: (pointer: string, what?: 'key' | 'value') => SourceRange | undefined;
}

/** Places that the envelope has judged already, in better words. */
const ENVELOPE = /^(?:\/(?:apiVersion|kind|metadata)(?:\/|$)|$)/;

/** The diagnostics of a validation, one for each thing that is wrong. */
export function schemaMistakes(
  errors: readonly ErrorObject[],
  checked: Checked,
): readonly Diagnostic[] {
  const own = errors.filter((error) => !ENVELOPE.test(error.instancePath) || inName(error));
  const found = withoutConsequences(chooseForms(own)).map((error) => toDiagnostic(error, checked));
  return unique(found);
}

/** A kind may ask more of metadata.name than the envelope does. */
function inName({instancePath, keyword}: ErrorObject): boolean {
  return instancePath === '/metadata/name' && keyword !== 'type' && keyword !== 'minLength';
}

const FORMS = new Set(['oneOf', 'anyOf']);

/**
 * Where a value fits none of several forms, Ajv tells the errors of all of them. If the value has
 * the type of just one form, that form was meant and its errors are told; else only that none fits.
 */
function chooseForms(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  let left = [...errors];
  // The outermost choice first: what it drops holds the choices further in.
  const choices = errors
    .filter(({keyword}) => FORMS.has(keyword))
    .sort((a, b) => a.schemaPath.length - b.schemaPath.length);
  for (const choice of choices) {
    if (!left.includes(choice)) continue;
    const inside = left.filter((error) => isInside(error, choice));
    const meant = meantForm(inside, choice);
    left = left.filter((error) => {
      if (error === choice) return meant === null;
      return !inside.includes(error) || (meant !== null && branchOf(error, choice) === meant);
    });
  }
  // `if` and `propertyNames` only repeat what the errors inside of them say.
  return left.filter(({keyword}) => keyword !== 'if' && keyword !== 'propertyNames');
}

function isInside(error: ErrorObject, choice: ErrorObject): boolean {
  return (
    error !== choice &&
    error.instancePath.startsWith(choice.instancePath) &&
    branchOf(error, choice) !== null
  );
}

/** Number of the form that an error comes from, where the choice is inlined or referred to. */
function branchOf(error: ErrorObject, choice: ErrorObject): number | null {
  const {schema, keyword} = choice;
  const prefix = `${choice.schemaPath}/`;
  if (error.schemaPath.startsWith(prefix)) {
    const number = Number(error.schemaPath.slice(prefix.length).split('/')[0]);
    return Number.isInteger(number) ? number : null;
  }
  // A form that is a $ref has errors with the path of what it refers to.
  if (!FORMS.has(keyword) || !Array.isArray(schema)) return null;
  const index = schema.findIndex(
    (form: unknown) =>
      isObject(form) &&
      typeof form['$ref'] === 'string' &&
      error.schemaPath.startsWith(`${form['$ref']}/`),
  );
  return index === -1 ? null : index;
}

/** The one form whose type the value has or, of several maps, whose fields; else null. */
function meantForm(inside: readonly ErrorObject[], choice: ErrorObject): number | null {
  const branches = [...new Set(inside.map((error) => branchOf(error, choice)))];
  const fits = (keywords: readonly string[]) => (branch: number | null) =>
    !inside.some(
      (error) =>
        branchOf(error, choice) === branch &&
        error.instancePath === choice.instancePath &&
        keywords.includes(error.keyword),
    );
  const typed = branches.filter(fits(['type', 'const', 'enum']));
  const named = typed.filter(fits(['required', 'additionalProperties']));
  const [meant, second] = typed.length === 1 ? typed : named;
  return second === undefined ? (meant ?? null) : null;
}

/** A value of the wrong type misses its limits too, and a list that lacks an item has others. */
function withoutConsequences(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const typed = new Set(
    errors.filter(({keyword}) => keyword === 'type').map(({instancePath}) => instancePath),
  );
  const lacking = errors.filter(({keyword}) => keyword === 'contains');
  return errors.filter((error) => {
    if (lacking.some(({schemaPath}) => error.schemaPath.startsWith(`${schemaPath}/`))) return false;
    return error.keyword === 'type' || !typed.has(error.instancePath) || inFormOf(error);
  });
}

/** An unknown field below is a mistake of its own, whatever the type above. */
function inFormOf({keyword}: ErrorObject): boolean {
  return keyword === 'additionalProperties' || keyword === 'unevaluatedProperties';
}

function toDiagnostic(error: ErrorObject, checked: Checked): Diagnostic {
  const {pointer, at} = placeOfError(error);
  const value = valueAt(checked.value, ...pointerParts(pointer));
  const told = describe(error, value, checked.homeOf);
  return mistake(told.code, {
    range: checked.place(pointer, at),
    detail: told.detail,
    remedy: told.remedy,
    suggestion: told.suggestion,
  });
}

interface ErrorPlace {
  readonly pointer: string;
  readonly at: 'key' | 'value';
}

/** An unknown field is wrong at its name; a missing one at the name of the map that lacks it. */
function placeOfError(error: ErrorObject): ErrorPlace {
  const {instancePath, keyword, params} = error;
  const extra = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof extra === 'string') {
    const part = extra.replaceAll('~', '~0').replaceAll('/', '~1');
    return {pointer: `${instancePath}/${part}`, at: 'key'};
  }
  if (error.propertyName !== undefined) {
    const part = error.propertyName.replaceAll('~', '~0').replaceAll('/', '~1');
    return {pointer: `${instancePath}/${part}`, at: 'key'};
  }
  const absent = keyword === 'required' || keyword === 'dependentRequired';
  return {pointer: instancePath, at: absent ? 'key' : 'value'};
}

/** The same mistake found by two keywords, or in two branches, is one. */
function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics.filter(({code, range, detail}) => {
    const place = range === undefined ? '' : `${range.file}:${range.start.offset}`;
    const id = `${code} ${place} ${detail}`;
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}
