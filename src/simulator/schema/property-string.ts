// Why this exists: property strings (`virtio,bridge=vmbr0,tag=5`) are parsed and checked before a
// handler runs; how they are split and which texts complain is the API's, not a handler's.
import type {ParamFacts} from './api.ts';

/** Sub-keys of a property string. */
export type SubKeys = Readonly<Record<string, ParamFacts>>;

/** The parsed sub-keys, or the one text that says why the string cannot be split. */
export type Split =
  | {readonly kind: 'values'; readonly values: Readonly<Record<string, string>>}
  | {readonly kind: 'unreadable'; readonly text: string};

const words: Readonly<Record<string, string>> = {
  on: '1',
  yes: '1',
  true: '1',
  off: '0',
  no: '0',
  false: '0',
};

/** Split a property string by its format: default key, aliases, key aliases, boolean words. */
export function splitPropertyString(subKeys: SubKeys, text: string): Split {
  const values: Record<string, string> = {};
  const parts = text.split(',').filter((one) => one.trim() !== '');
  const firstBare = parts.findIndex((part) => !part.includes('='));
  for (const [index, part] of parts.entries()) {
    const isSecondBare = !part.includes('=') && index > firstBare;
    const problem = isSecondBare ? twiceDefault(subKeys) : addPart(subKeys, values, part);
    if (problem !== undefined) {
      return {kind: 'unreadable', text: problem};
    }
  }
  return {kind: 'values', values};
}

/** The sub-key that may stand without its name. */
function defaultKey(subKeys: SubKeys): string | undefined {
  return Object.keys(subKeys).find((key) => subKeys[key]?.default_key === 1);
}

function addPart(
  subKeys: SubKeys,
  values: Record<string, string>,
  part: string,
): string | undefined {
  const equals = part.indexOf('=');
  if (equals < 0) {
    return addDefault(subKeys, values, part);
  }
  if (equals === 0 || equals === part.length - 1) {
    return 'missing key in comma-separated list property\n';
  }
  return addNamed(subKeys, values, part.slice(0, equals), part.slice(equals + 1));
}

function addDefault(
  subKeys: SubKeys,
  values: Record<string, string>,
  part: string,
): string | undefined {
  const key = defaultKey(subKeys);
  if (key === undefined) {
    return noDefault;
  }
  // Perl takes what is false for not yet given.
  if (!['0', undefined].includes(values[key])) {
    return duplicate(key);
  }
  // Without its name a boolean is taken as typed: `on` is refused, `enabled=on` is not.
  values[key] = part;
  return undefined;
}

function twiceDefault(subKeys: SubKeys): string {
  const key = defaultKey(subKeys);
  return key === undefined ? noDefault : duplicate(key);
}

const noDefault = 'value without key, but schema does not define a default key\n';

function duplicate(key: string): string {
  return `duplicate key in comma-separated list property: ${key}\n`;
}

function addNamed(
  subKeys: SubKeys,
  values: Record<string, string>,
  name: string,
  value: string,
): string | undefined {
  const facts = subKeys[name];
  if (values[name] !== undefined) {
    return duplicate(name);
  }
  if (facts?.keyAlias !== undefined) {
    if (values[facts.keyAlias] !== undefined) {
      return `key alias '${facts.keyAlias}' is already defined\n`;
    }
    values[facts.keyAlias] = name;
  }
  const key = facts?.alias ?? name;
  values[key] = booleanWord(subKeys[key], value);
  return undefined;
}

function booleanWord(facts: ParamFacts | undefined, value: string): string {
  return facts?.type === 'boolean' ? (words[value.toLowerCase()] ?? value) : value;
}
