// Why this exists: Proxmox stores many values as `default,key=value` strings and rewrites some of
// them on every write; comparing and rewriting needs one parser and one printer.
import {keyFacts} from './keys.ts';

/** Sub-keys with their text, aliases resolved. */
export type Properties = Map<string, string>;

/** Parse a property string of a configuration key; unknown sub-keys are kept. */
export function parseProperties(key: string, text: string): Properties {
  const known = keyFacts(key)?.properties ?? {};
  const defaultKey = Object.keys(known).find((name) => known[name]?.default_key === true);
  const result: Properties = new Map();
  for (const part of text.split(',').filter((item) => item.trim() !== '')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? defaultKey : part.slice(0, equals);
    const value = equals < 0 ? part : part.slice(equals + 1);
    if (name === undefined) continue;
    const alias = known[name]?.alias;
    const keyAlias = known[name]?.keyAlias;
    if (keyAlias !== undefined) result.set(keyAlias, name);
    const target = alias ?? name;
    result.set(target, known[target]?.type === 'boolean' ? booleanText(value) : value);
  }
  return result;
}

/** Print as Proxmox does: default key first without its name, required keys, the rest sorted. */
export function printProperties(key: string, properties: ReadonlyMap<string, string>): string {
  const known = keyFacts(key)?.properties ?? {};
  const rank = (name: string): number =>
    known[name]?.default_key === true ? 0 : known[name]?.required === true ? 1 : 2;
  const names = [...properties.keys()].sort(
    (left, right) => rank(left) - rank(right) || (left < right ? -1 : 1),
  );
  return names
    .map((name) => (rank(name) === 0 ? '' : `${name}=`) + (properties.get(name) ?? ''))
    .join(',');
}

/** Booleans inside property strings may be typed 1, on, yes or true; stored are 0 and 1. */
function booleanText(value: string): string {
  return /^(1|on|yes|true)$/i.test(value) ? '1' : /^(0|off|no|false)$/i.test(value) ? '0' : value;
}
