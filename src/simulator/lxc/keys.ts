// Why this exists: what is true of a container's configuration key (type, sub-keys) is what the
// schema of the config write says of its parameter; here it is looked up, parsed and printed.
import {fail} from '../failure.ts';
import type {Method, ParamFacts} from '../schema/api.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {SubKeys} from '../schema/property-string.ts';
import {splitPropertyString} from '../schema/property-string.ts';
import type {Version} from '../state.ts';

/** Sub-keys with their text. */
export type Properties = Map<string, string>;

const methods = {'8.4': configMethod('8.4'), '9.1': configMethod('9.1')};
/** Parameters of the config write that are no configuration. */
const controls = new Set(['delete', 'revert', 'digest', 'node', 'vmid']);
/** Configuration that no call can write. */
const written: Readonly<Record<string, ParamFacts>> = {
  parent: {type: 'string'},
  snaptime: {type: 'integer'},
};

function configMethod(version: Version): Method {
  const found = findMethod(version, 'PUT', '/nodes/n/lxc/100/config');
  return found?.method ?? fail(500, 'the schema lacks the config write');
}

/** The facts of a key such as `cores` or `mp3`; undefined when Proxmox knows no such key. */
export function keyFacts(version: Version, key: string): ParamFacts | undefined {
  return controls.has(key) ? undefined : (paramFacts(methods[version], key) ?? written[key]);
}

/** Whether a key names a volume that is in use: rootfs or mpN. */
export function isMountKey(key: string): boolean {
  return /^(rootfs|mp\d+)$/.test(key);
}

/** Whether a key names a network card. */
export function isNetKey(key: string): boolean {
  return /^net\d+$/.test(key);
}

/** The sub-keys of a property-string key; none for another sort of key. */
function subKeysOf(version: Version, key: string): SubKeys {
  const format = keyFacts(version, key)?.format;
  return typeof format === 'object' ? format : {};
}

/** Parse a property string; 500 with the parser's text when it cannot be split. */
export function parseProperties(version: Version, key: string, text: string): Properties {
  const split = splitPropertyString(subKeysOf(version, key), text);
  return split.kind === 'values'
    ? new Map(Object.entries(split.values))
    : fail(500, split.text.trim());
}

/** Print as Proxmox does: default key first without its name, required keys, the rest sorted. */
export function printProperties(
  version: Version,
  key: string,
  properties: ReadonlyMap<string, string>,
): string {
  const known = subKeysOf(version, key);
  const rank = (name: string): number => {
    const facts = known[name];
    return facts?.default_key === 1 ? 0 : facts?.optional === 1 ? 2 : 1;
  };
  const names = [...properties.keys()].sort(
    (left, right) => rank(left) - rank(right) || (left < right ? -1 : 1),
  );
  return names
    .map((name) => (rank(name) === 0 ? '' : `${name}=`) + (properties.get(name) ?? ''))
    .join(',');
}

/** A raw value as the API types it: integers and booleans are numbers, the rest text. */
export function typedValue(version: Version, key: string, raw: string): string | number {
  const type = keyFacts(version, key)?.type;
  const isNumber = type === 'integer' || type === 'boolean';
  return isNumber && /^\d+$/.test(raw) ? Number(raw) : raw;
}
