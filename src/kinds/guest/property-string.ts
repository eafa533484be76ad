// Why this exists: much of a guest's configuration is packed into strings such as
// `virtio=BC:24:11:00:00:AA,bridge=vmbr0,tag=7`; compared or written as text they make phantom
// differences and lose what others set.
import type {KeyFacts, LeafFacts} from './facts.ts';

/** Sub-keys in the order in which they stood, under their real names, values as text. */
export type PropertyString = ReadonlyMap<string, string>;

/** True for a key whose value is packed. */
export function isPacked(facts: KeyFacts): boolean {
  return facts.properties !== undefined;
}

/**
 * Takes a property string apart. Aliases become their real names, a value without a name belongs to
 * the default key, and `model=value` pairs such as `virtio=MAC` become both. Sub-keys that the key
 * table does not know are kept, so that they survive a write.
 */
export function parseProperties(text: string, facts: KeyFacts): PropertyString {
  const parts = new Map<string, string>();
  for (const part of text.split(',')) {
    const piece = part.trim();
    if (piece === '') continue;
    const cut = piece.indexOf('=');
    const name = cut < 0 ? '' : piece.slice(0, cut);
    const known = cut < 0 ? undefined : facts.properties?.[name];
    if (known) {
      addKnown(parts, name, piece.slice(cut + 1), known);
    } else if (cut > 0 && /^[a-z][a-z0-9_-]*$/i.test(name)) {
      parts.set(name, piece.slice(cut + 1));
    } else {
      parts.set(defaultKey(facts), piece);
    }
  }
  return parts;
}

/** Names of old, which newer releases take as an alias and which 8.4 alone knows. */
const EVERYWHERE: ReadonlyMap<string, string> = new Map([['freeze-fs', 'freeze-fs-on-backup']]);

/** Limits in bytes, which Proxmox itself turns into MiB whenever it reads a drive. */
const IN_BYTES = /^bps(?:_rd|_wr)?$/;

/** The text of a property string: the default key first and bare, the rest as they stand. */
export function formatProperties(parts: PropertyString, facts: KeyFacts): string {
  const rest = new Map(parts);
  const words: string[] = [];
  const first = defaultKey(facts);
  const value = rest.get(first);
  if (value !== undefined) {
    rest.delete(first);
    const bare = leading(bareValue(value, facts.properties?.[first]), rest, facts);
    // qemu-server takes a startup of `0` alone for none.
    const named = bare === '0' && rest.size === 0 && facts.format === 'pve-startup-order';
    words.push(named ? `${first}=${bare}` : bare);
  }
  for (const [name, item] of rest) words.push(`${EVERYWHERE.get(name) ?? name}=${item}`);
  return words.join(',');
}

/** The live string with some sub-keys replaced (null takes one out); all others survive. */
export function mergeProperties(
  live: PropertyString,
  changes: ReadonlyMap<string, string | null>,
): PropertyString {
  const merged = new Map(live);
  for (const [name, value] of changes) {
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return merged;
}

/** True when a sub-key without which Proxmox refuses the string is missing. */
export function lacksRequired(parts: PropertyString, facts: KeyFacts): boolean {
  return Object.entries(facts.properties ?? {}).some(
    ([name, leaf]) => leaf.required === true && !parts.has(name),
  );
}

function addKnown(parts: Map<string, string>, name: string, value: string, leaf: LeafFacts): void {
  if (IN_BYTES.test(name) && /^\d+$/.test(value)) {
    parts.set(`m${name}`, (Number(value) / 1024 ** 2).toFixed(3));
    return;
  }
  if (leaf.keyAlias !== undefined) parts.set(leaf.keyAlias, name);
  parts.set(leaf.alias ?? name, value);
}

/** Without its name a truth is read as 1 and 0 only, with its name in every spelling. */
function bareValue(value: string, leaf: LeafFacts | undefined): string {
  if (leaf?.type !== 'boolean') return value;
  if (/^(?:on|yes|true)$/i.test(value)) return '1';
  return /^(?:off|no|false)$/i.test(value) ? '0' : value;
}

/** `virtio=MAC` where the value of the default key has an alias of its own, else the bare value. */
function leading(value: string, rest: Map<string, string>, facts: KeyFacts): string {
  const alias = facts.properties?.[value];
  const partner = alias?.keyAlias === defaultKey(facts) ? alias.alias : undefined;
  const paired = partner === undefined ? undefined : rest.get(partner);
  if (partner === undefined || paired === undefined) return value;
  rest.delete(partner);
  return `${value}=${paired}`;
}

/** The facts are a table that never changes, and each pass asks for every string of a fleet. */
const DEFAULT_KEYS = new WeakMap<KeyFacts, string>();

/** The name of the sub-key that may stand without its name; empty where each needs its name. */
function defaultKey(facts: KeyFacts): string {
  const known = DEFAULT_KEYS.get(facts);
  if (known !== undefined) return known;
  const entries = Object.entries(facts.properties ?? {});
  const found = entries.find(([, leaf]) => leaf.defaultKey === true)?.[0] ?? '';
  DEFAULT_KEYS.set(facts, found);
  return found;
}
