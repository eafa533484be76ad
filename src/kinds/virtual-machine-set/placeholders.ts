// Why this exists: three placeholders in three places are all the templating there is; whatever
// else looks like one is a mistake, and is never left standing in a guest's configuration.
import {isObject, type Json} from '../../core/json.ts';

/** The numbers of one member. */
export interface Member {
  readonly index: number;
  readonly number: number;
  readonly vmid: number;
}

/** What is wrong with a text of the template; `path` are its keys from the spec. */
export interface Misplaced {
  readonly kind: 'place' | 'unknown';
  readonly path: readonly string[];
  readonly placeholder: string;
}

const KNOWN = /\{(?:index|number|vmid)\}/;
const ANY = /\{[A-Za-z_][A-Za-z0-9_.]*\}/g;

/** True where placeholders are replaced: the name, addresses, MACs. */
function takesPlaceholders(path: readonly string[]): boolean {
  const [first, second, , fourth] = path;
  if (first === 'name') return path.length === 1;
  if (first === 'cloudInit' && second === 'ipConfig') return path.length === 4 && fourth !== '';
  return isMac(path);
}

/** Placeholders that are not known, or stand where none is replaced. */
export function misplaced(value: Json | undefined, path: readonly string[]): readonly Misplaced[] {
  if (typeof value === 'string') return misplacedIn(value, path);
  return entries(value).flatMap(([key, item]) => misplaced(item, [...path, key]));
}

function misplacedIn(text: string, path: readonly string[]): readonly Misplaced[] {
  const found = [...text.matchAll(ANY)].map(([placeholder]) => placeholder);
  if (takesPlaceholders(path)) {
    const unknown = found.filter((placeholder) => !KNOWN.test(placeholder));
    return unknown.map((placeholder) => ({kind: 'unknown', path, placeholder}));
  }
  const known = found.filter((placeholder) => KNOWN.test(placeholder));
  return known.slice(0, 1).map((placeholder) => ({kind: 'place', path, placeholder}));
}

/** The template's value for a member. */
export function replaced(value: Json, path: readonly string[], member: Member): Json {
  if (typeof value === 'string') {
    return takesPlaceholders(path) ? replacedIn(value, member, isMac(path)) : value;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => replaced(item, [...path, String(index)], member));
  }
  if (!isObject(value)) return value;
  const copy: {[key: string]: Json} = {};
  for (const [key, item] of entries(value)) copy[key] = replaced(item, [...path, key], member);
  return copy;
}

/** True if the number of a placeholder in a MAC does not fit into its two digits. */
export function overflowsMac(text: string, member: Member): boolean {
  return numbersIn(text, member).some((number) => number > 255);
}

/** The texts of a template that are MAC addresses, with their paths. */
export function macTexts(
  value: Json | undefined,
  path: readonly string[],
): readonly {readonly text: string; readonly path: readonly string[]}[] {
  if (typeof value === 'string') return isMac(path) ? [{text: value, path}] : [];
  return entries(value).flatMap(([key, item]) => macTexts(item, [...path, key]));
}

function isMac(path: readonly string[]): boolean {
  return path.length === 3 && path[0] === 'networks' && path[2] === 'mac';
}

/** In a MAC a number is two hexadecimal digits, elsewhere it is decimal. */
function replacedIn(text: string, member: Member, mac: boolean): string {
  return text.replace(/\{(index|number|vmid)\}/g, (_, name: string) => {
    const number = numberOf(name, member);
    return mac ? number.toString(16).padStart(2, '0').toUpperCase() : String(number);
  });
}

function numbersIn(text: string, member: Member): readonly number[] {
  const names = [...text.matchAll(/\{(index|number|vmid)\}/g)].map((match) => match[1] ?? '');
  return names.map((name) => numberOf(name, member));
}

function numberOf(name: string, member: Member): number {
  if (name === 'index') return member.index;
  return name === 'number' ? member.number : member.vmid;
}

function entries(value: Json | undefined): readonly (readonly [string, Json])[] {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  if (!isObject(value)) return [];
  // Safe: what lies below a JSON object is JSON.
  return Object.entries(value) as [string, Json][];
}
