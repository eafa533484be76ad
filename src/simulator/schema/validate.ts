// Why this exists: every parameter is checked as the API schema says, with the API's own texts
// (facts.md section 1), before a handler sees it.
import type {Version} from '../state.ts';
import type {Method, ParamFacts} from './api.ts';
import {namedSubKeys, paramFacts} from './api.ts';
import {formatProblem} from './formats.ts';
import type {Rule} from './named-formats.ts';
import {describedSubKeys, rules} from './named-formats.ts';
import type {SubKeys} from './property-string.ts';
import {splitPropertyString} from './property-string.ts';
import {restSubKeys} from './rest-formats.ts';

/** A parameter as it came in: text, or several for a repeated key or JSON array. */
export type RawParam = string | readonly string[];

/** What Perl calls a JSON object and a JSON boolean: only the type boolean takes the latter. */
export type PerlKind = 'HASH' | 'JSON::PP::Boolean';

/** What a call brings beside its values: names without one, and values that are no text. */
export interface Oddities {
  readonly nulls: readonly string[];
  readonly kinds: Readonly<Record<string, PerlKind>>;
}

const noOddities: Oddities = {nulls: [], kinds: {}};

/** Texts by parameter; empty when all is well. */
export type Problems = Readonly<Record<string, string>>;

interface Collected {
  readonly version: Version;
  readonly problems: Record<string, string>;
}

/** Check all parameters of a call, those of the path included. */
export function validate(
  version: Version,
  method: Method,
  params: Readonly<Record<string, RawParam>>,
  {nulls, kinds}: Oddities = noOddities,
): Problems {
  const into: Collected = {version, problems: {}};
  for (const [name, facts] of Object.entries(method.params)) {
    if (params[name] === undefined && !isOptional(facts) && facts.type !== 'null') {
      note(into, name, 'property is missing and it is not optional');
    }
  }
  for (const [name, value] of Object.entries(params)) {
    const facts = paramFacts(method, name);
    if (facts !== undefined) {
      checkRequires(into, params, name, facts);
      const kind = kinds[name];
      if (kind === undefined) {
        checkValue(into, name, facts, value);
      } else {
        checkKind(into, name, facts, kind);
      }
    } else if (!method.open) {
      note(into, name, unknownText);
    }
  }
  for (const name of nulls) {
    if (!method.open && params[name] === undefined && paramFacts(method, name) === undefined) {
      note(into, name, unknownText);
    }
  }
  return into.problems;
}

/** The schema writes 1 or, here and there, '1'. */
function isOptional(facts: ParamFacts): boolean {
  return Number(facts.optional ?? 0) === 1;
}

const unknownText =
  'property is not defined in schema and the schema does not allow additional properties';

function note(into: Collected, name: string, text: string): void {
  const path = name === '' || name === '0' ? '_root' : name;
  const known = into.problems[path];
  into.problems[path] = known === undefined ? text : `${known}\\n${text}`;
}

function checkRequires(
  into: Collected,
  params: Readonly<Record<string, unknown>>,
  name: string,
  facts: ParamFacts,
): void {
  if (facts.requires !== undefined && params[facts.requires] === undefined) {
    note(into, facts.requires, `missing property - '${name}' requires this property`);
  }
}

function checkKind(into: Collected, path: string, facts: ParamFacts, kind: PerlKind): void {
  const {type = 'any'} = facts;
  if (type === 'array' || (type === 'object' && kind !== 'HASH')) {
    note(into, path, `type check ('${type}') failed`);
  } else if (type !== 'boolean' || kind !== 'JSON::PP::Boolean') {
    note(into, path, `type check ('${type}') failed - got ${kind}`);
  }
}

function checkValue(into: Collected, path: string, facts: ParamFacts, value: RawParam): void {
  // Perl makes a list of one value only if that is true in its eyes.
  if (facts.type === 'array' && (value === '' || value === '0')) {
    note(into, path, "type check ('array') failed");
    return;
  }
  if (facts.type === 'array') {
    const items = typeof value === 'string' ? [value] : value;
    for (const [index, item] of items.entries()) {
      checkText(into, `${path}[${index}]`, facts.items ?? {}, item);
    }
    return;
  }
  const isList = typeof facts.format === 'string' && facts.format.endsWith('-list');
  if (typeof value !== 'string' && !isList) {
    note(into, path, `type check ('${facts.type ?? 'string'}') failed - got ARRAY`);
    return;
  }
  checkText(into, path, facts, typeof value === 'string' ? value : value.join(','));
}

function checkText(into: Collected, path: string, facts: ParamFacts, value: string): void {
  if (!fitsType(facts.type, value)) {
    note(into, path, `type check ('${facts.type}') failed - got '${value}'`);
    return;
  }
  const format = facts.format === undefined ? undefined : checkFormat(into, path, facts, value);
  if (format !== undefined) {
    note(into, path, `invalid format - ${format}`);
    return;
  }
  checkLimits(into, path, facts, value);
}

function fitsType(type: ParamFacts['type'], value: string): boolean {
  switch (type) {
    case 'integer':
      return /^[+-]?\d+$/.test(value);
    case 'number':
      return isNumber(value);
    case 'boolean':
      return value === '0' || value === '1';
    case 'string':
    case 'array':
    case 'object':
    case 'null':
    case undefined:
      return true;
  }
}

/** What PVE::JSONSchema takes for a number, in whatever type. */
function isNumber(value: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value);
}

/** The first that fails is the one told. */
function checkLimits(into: Collected, path: string, facts: ParamFacts, value: string): void {
  const {maxLength, minLength, pattern, enum: words} = facts;
  const length = [...value].length;
  const range = outOfRange(facts, value);
  if (pattern !== undefined && !perlPattern(pattern).test(value)) {
    note(into, path, 'value does not match the regex pattern');
  } else if (maxLength !== undefined && length > maxLength) {
    note(into, path, `value may only be ${maxLength} characters long`);
  } else if (minLength !== undefined && length < minLength) {
    note(into, path, `value must be at least ${minLength} characters long`);
  } else if (range !== undefined) {
    note(into, path, range);
  } else if (Array.isArray(words) && !words.map(String).includes(value)) {
    const list = words.join(', ');
    note(into, path, `value '${value}' does not have a value in the enumeration '${list}'`);
  }
}

function outOfRange(facts: ParamFacts, value: string): string | undefined {
  const {minimum, maximum} = facts;
  if (!isNumber(value)) {
    return undefined;
  }
  if (maximum !== undefined && Number(value) > maximum) {
    return `value must have a maximum value of ${maximum}`;
  }
  if (minimum !== undefined && Number(value) < minimum) {
    return `value must have a minimum value of ${minimum}`;
  }
  return undefined;
}

function checkFormat(
  into: Collected,
  path: string,
  facts: ParamFacts,
  value: string,
): string | undefined {
  const {format} = facts;
  if (typeof format !== 'string') {
    return format === undefined ? undefined : propertyProblem(into, path, format, value);
  }
  const named =
    describedSubKeys(into.version, format) ??
    restSubKeys[format] ??
    namedSubKeys(into.version, format);
  const problem = formatProblem(into.version, format, value);
  if (problem !== undefined || named === undefined || looseFormats.has(format)) {
    return problem;
  }
  return propertyProblem(into, path, named, value, rules[format]);
}

/** Named property strings that have a parser of their own and are not checked as one. */
const looseFormats = new Set(['pve-startup-order']);

function propertyProblem(
  into: Collected,
  path: string,
  subKeys: SubKeys,
  value: string,
  rule?: Rule,
): string | undefined {
  const split = splitPropertyString(subKeys, value);
  if (split.kind === 'unreadable') {
    return split.text;
  }
  const inner: Collected = {version: into.version, problems: {}};
  for (const [key, facts] of Object.entries(subKeys)) {
    const required = facts.alias === undefined && !isOptional(facts);
    if (required && split.values[key] === undefined) {
      note(inner, `${path}.${key}`, 'property is missing and it is not optional');
    }
  }
  for (const [key, part] of Object.entries(split.values)) {
    checkSubKey(inner, path, subKeys, split.values, {key, part});
  }
  const lines = Object.entries(inner.problems).map(([key, text]) => `${key}: ${text}\n`);
  if (lines.length > 0) return `format error\n${lines.join('')}`;
  return rule?.(split.values, into.version);
}

function checkSubKey(
  inner: Collected,
  path: string,
  subKeys: SubKeys,
  values: Readonly<Record<string, string>>,
  {key, part}: {readonly key: string; readonly part: string},
): void {
  const facts = subKeys[key];
  if (facts === undefined) {
    note(inner, `${path}.${key}`, unknownText);
    return;
  }
  if (facts.requires !== undefined && values[facts.requires] === undefined) {
    const text = `missing property - '${path}.${key}' requires this property`;
    note(inner, `${path}.${facts.requires}`, text);
  }
  checkText(inner, `${path}.${key}`, facts, part);
}

const patterns = new Map<string, RegExp>();

/** A Perl pattern of the schema, matched as Proxmox does: between `^` and `$`. */
function perlPattern(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) {
    return known;
  }
  const translated = pattern
    .replaceAll('(?^:', '(?:')
    .replaceAll('(?^i:', '(?i:')
    // Perl reads `{,16}` as "up to 16", JavaScript as these five characters.
    .replace(/\{,(\d+)\}/g, '{0,$1}');
  const compiled = new RegExp(`^${translated}$`);
  patterns.set(pattern, compiled);
  return compiled;
}
