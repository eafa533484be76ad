// Why this exists: a call that a release would refuse for its form is found before it is made, by
// the facts of that release's API: unknown parameters, words, ranges, forms, missing ones.
import type {ApiCall, ApiParam} from '../../core/model.ts';
import {
  type ApiRelease,
  type FoundMethod,
  findMethod,
  type ParamFacts,
  paramFactsOf,
  subKeysOf,
} from './methods.ts';

/** What a release has against a call; `param` is null where it is the call itself. */
export interface CallProblem {
  readonly param: string | null;
  /** End of a sentence that begins with the parameter. */
  readonly because: string;
}

/** Everything that a release has against the form of a call. */
export function checkCall(release: ApiRelease, call: ApiCall): readonly CallProblem[] {
  const [path = ''] = call.path.split('?');
  const found = findMethod(release, call.method, path);
  if (found === null) {
    return [{param: null, because: `Proxmox VE ${release} has no ${call.method} ${path}`}];
  }
  const given = {...found.path, ...call.params};
  const missing = Object.entries(found.params)
    .filter(([name, {optional}]) => optional !== 1 && given[name] === undefined)
    .map(([param]) => ({param, because: 'is missing'}));
  return [
    ...missing,
    ...Object.entries(call.params).flatMap(([param, value]) =>
      checkParam(found, param, value).map((because) => ({param, because})),
    ),
  ];
}

function checkParam(found: FoundMethod, name: string, value: ApiParam): readonly string[] {
  const facts = paramFactsOf(found, name);
  if (facts === null) {
    return found.open ? [] : [`is not known to Proxmox VE ${found.release}`];
  }
  // What a reference stands for is not known here; its place was found above.
  if (typeof value === 'object') return [];
  const text = String(value);
  if (name === 'delete' || name === 'revert') return checkKeys(found, text);
  const subs = subKeysOf(found.release, facts.format);
  return subs === null ? checkValue(facts, text) : checkProperties(found.release, subs, text);
}

/** The keys that `delete=` names are parameters of the same call. */
function checkKeys(found: FoundMethod, text: string): readonly string[] {
  const keys = text.split(/[,; ]+/).filter((key) => key !== '');
  const unknown = keys.filter((key) => paramFactsOf(found, key) === null && !/^unused\d/.test(key));
  return unknown.map((key) => `names ${key}, which is not known to Proxmox VE ${found.release}`);
}

function checkProperties(
  release: ApiRelease,
  subs: {readonly [sub: string]: ParamFacts},
  text: string,
): readonly string[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const cut = part.indexOf('=');
      const name = cut < 0 ? '' : part.slice(0, cut);
      const known = Object.hasOwn(subs, name) ? subs[name] : undefined;
      if (known !== undefined) return said(name, checkSub(known, subs, part.slice(cut + 1)));
      const [first, facts] = Object.entries(subs).find(([, sub]) => sub.default_key === 1) ?? [];
      // A volume such as `local:iso/a=b.iso` holds what looks like a sub-key.
      if (facts !== undefined && (cut < 0 || /[:/]/.test(name))) {
        return said(first ?? '', checkValue(facts, part));
      }
      return [`has ${name || part}, which is not known to Proxmox VE ${release}`];
    });
}

function checkSub(
  facts: ParamFacts,
  subs: {readonly [sub: string]: ParamFacts},
  text: string,
): readonly string[] {
  const real = facts.alias === undefined ? facts : (subs[facts.alias] ?? facts);
  return checkValue(real, text);
}

function said(name: string, problems: readonly string[]): readonly string[] {
  return problems.map((problem) => `${name} ${problem}`);
}

function checkValue(facts: ParamFacts, text: string): readonly string[] {
  const {type, minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern} = facts;
  const number = Number(text);
  if (type === 'integer' && !/^[+-]?\d+$/.test(text)) return [`is "${text}", not a whole number`];
  if (type === 'number' && (text === '' || Number.isNaN(number))) {
    return [`is "${text}", not a number`];
  }
  if (type === 'boolean' && !/^(?:0|1|on|off|yes|no|true|false)$/i.test(text)) {
    return [`is "${text}", not 0 or 1`];
  }
  if (type === 'integer' || type === 'number') return checkRange(facts, number);
  const length = [...text].length;
  if (length > maxLength) return [`has ${length} characters; at most ${maxLength} are accepted`];
  if (length < minLength) return [`has ${length} characters; at least ${minLength} are needed`];
  if (facts.enum !== undefined && !facts.enum.map(String).includes(text)) {
    return [`is "${text}"; accepted are ${facts.enum.join(', ')}`];
  }
  return pattern === undefined || fits(pattern, text) ? [] : [`is "${text}", of another form`];
}

function checkRange({minimum, maximum}: ParamFacts, number: number): readonly string[] {
  if (minimum !== undefined && number < minimum) return [`is ${number}; at least ${minimum}`];
  if (maximum !== undefined && number > maximum) return [`is ${number}; at most ${maximum}`];
  return [];
}

/** Perl's patterns; one that ECMAScript cannot read decides nothing. */
function fits(pattern: string, text: string): boolean {
  const insensitive = pattern.startsWith('(?^i:') || pattern.startsWith('(?i)');
  const plain = pattern
    .replace(/\(\?\^[a-z]*:/g, '(?:')
    .replace(/^\(\?i\)/, '')
    .replace(/\{,(\d+)\}/g, '{0,$1}');
  try {
    return new RegExp(`^(?:${plain})$`, insensitive ? 'i' : '').test(text);
  } catch {
    return true;
  }
}
