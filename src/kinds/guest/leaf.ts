// Why this exists: one value has many spellings: what a person types, what Proxmox stores, what is
// compared. Each type of leaf says once how to read, write and compare it.
import type {FieldValue} from '../../core/model.ts';
import {encodePart} from '../../core/read-path.ts';
import {plainDescription} from './marker.ts';
import {
  formatDiskSize,
  MEBIBYTE,
  parseBytes,
  parseDiskSize,
  parseSeconds,
  showBytes,
  showSeconds,
} from './quantity.ts';

/** Every type of leaf. Sizes are bytes inside, durations seconds, lists are lists. */
export type LeafType =
  | 'boolean'
  | 'on-ignore'
  | 'integer'
  | 'number'
  | 'text'
  | 'encoded'
  | 'mac'
  | 'address'
  | 'mebibytes'
  | 'disk-size'
  | 'seconds'
  | 'description'
  | 'tags'
  | 'words'
  | 'set'
  | 'sequence'
  | 'hotplug'
  | 'ssh-keys'
  | 'secret'
  | 'presence';

/** A value in normal form, or what is wrong with it as the end of a sentence. */
export type Parsed =
  | {readonly ok: true; readonly value: FieldValue}
  | {readonly ok: false; readonly expected: string; readonly suggestion?: string};

/** How one type of leaf is spelt. */
export interface LeafCodec {
  /** From a manifest. */
  readonly parse: (value: unknown) => Parsed;
  /** From Proxmox; text that makes no sense is kept as it is, so that it shows as a difference. */
  readonly read: (text: string) => FieldValue;
  /** For Proxmox. */
  readonly write: (value: FieldValue) => string;
  /** How a person reads it. */
  readonly show: (value: FieldValue) => string;
}

const good = (value: FieldValue): Parsed => ({ok: true, value});
const bad = (expected: string): Parsed => ({ok: false, expected});

/** True when two values in normal form are the same. */
export function equalValues(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => item === b[index]);
  }
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  return a !== null && b !== null && JSON.stringify(a) === JSON.stringify(b);
}

/** A value as plain text; secrets are named, never shown. */
export function showPlain(value: FieldValue | undefined): string {
  if (value === undefined || value === null) return '(none)';
  if (typeof value === 'object') return 'secretRef' in value ? '(secret)' : value.join(', ');
  return String(value);
}

const TRUE = new Set(['1', 'on', 'yes', 'true']);
const FALSE = new Set(['0', 'off', 'no', 'false']);

function readBoolean(text: string): FieldValue {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : text;
}

function parseBoolean(value: unknown): Parsed {
  if (typeof value === 'boolean') return good(value);
  const read =
    typeof value === 'string' || value === 0 || value === 1 ? readBoolean(`${value}`) : 0;
  return typeof read === 'boolean' ? good(read) : bad('true or false');
}

function readNumber(text: string): FieldValue {
  return /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
}

function parseNumber(whole: boolean): (value: unknown) => Parsed {
  return (value) => {
    const read = typeof value === 'string' ? readNumber(value) : value;
    if (typeof read !== 'number' || !Number.isFinite(read)) return bad('a number');
    return whole && !Number.isSafeInteger(read) ? bad('a whole number') : good(read);
  };
}

function parseText(value: unknown): Parsed {
  if (typeof value === 'string') return good(value.trim());
  return typeof value === 'number' ? good(String(value)) : bad('text');
}

/** A bare number is what Proxmox means by it: MiB of memory, GiB of a disk. */
const parseMemory = (value: unknown): Parsed => parseQuantity(value, 'MiB');
const parseDisk = (value: unknown): Parsed => parseQuantity(value, 'GiB');

function parseQuantity(value: unknown, unit: 'MiB' | 'GiB'): Parsed {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value.trim()))) {
    return {ok: false, expected: 'a size with a unit, such as 4GiB', suggestion: `${value}${unit}`};
  }
  const bytes = typeof value === 'string' ? parseBytes(value) : null;
  if (bytes !== null) return good(bytes);
  const decimal = typeof value === 'string' && /^(\d+(?:\.\d+)?)\s*([KMGT])B$/i.exec(value.trim());
  const expected = 'a size such as 512MiB, 4GiB or 1TiB';
  if (!decimal) return bad(expected);
  return {ok: false, expected, suggestion: `${decimal[1]}${decimal[2]?.toUpperCase()}iB`};
}

function parseDuration(value: unknown): Parsed {
  const seconds = typeof value === 'string' ? parseSeconds(value) : null;
  if (seconds !== null) return good(seconds);
  const expected = 'a duration such as 30s or 5m';
  return typeof value === 'number' ? {ok: false, expected, suggestion: `${value}s`} : bad(expected);
}

function parseSecret(value: unknown): Parsed {
  if (typeof value !== 'object' || value === null || !('secretRef' in value)) {
    return bad('a reference such as {secretRef: {name: harness, key: password}}');
  }
  const ref: unknown = value.secretRef;
  if (typeof ref !== 'object' || ref === null || !('name' in ref) || !('key' in ref)) {
    return bad('a secretRef with name and key');
  }
  const {name, key} = ref;
  if (typeof name !== 'string' || typeof key !== 'string') return bad('a secretRef with texts');
  return good({secretRef: {name, key}});
}

/** A list type: how items are found in Proxmox's text, joined again, and brought into one order. */
function list(
  separators: RegExp,
  joint: string,
  tidy: (items: readonly string[]) => readonly string[],
): LeafCodec {
  const clean = (items: readonly string[]): readonly string[] =>
    tidy(items.map((item) => item.trim()).filter((item) => item !== ''));
  return {
    parse: (value) => {
      if (typeof value === 'string') return good(clean(value.split(separators)));
      if (!Array.isArray(value)) return bad('a list');
      const items = value.filter((item) => typeof item === 'string' || typeof item === 'number');
      return items.length === value.length
        ? good(clean(items.map(String)))
        : bad('a list of texts');
    },
    read: (text) => clean(text.split(separators)),
    write: (value) => (Array.isArray(value) ? value.join(joint) : String(value)),
    show: showPlain,
  };
}

const once = (items: readonly string[]): readonly string[] => [...new Set(items)];
const sorted = (items: readonly string[]): readonly string[] => once(items).toSorted();

/** Each tag once, whatever its case, in alphabetical order. */
function distinctTags(items: readonly string[]): readonly string[] {
  const byName = new Map(items.map((item) => [item.toLowerCase(), item]));
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

const DEFAULT_HOTPLUG = 'disk,network,usb';

function readHotplug(text: string): string {
  const word = text.trim();
  if (word === '1') return DEFAULT_HOTPLUG;
  return word === '0' ? '0' : sorted(word.split(/[,; ]+/).filter((item) => item !== '')).join(',');
}

/** Public keys: one a line, doubly encoded text undone, comments kept. */
function keyLines(text: string): readonly string[] {
  let plain = text;
  for (
    let round = 0;
    round < 3 && /%[0-9a-f]{2}/i.test(plain) && !plain.includes(' ');
    round += 1
  ) {
    plain = decode(plain);
  }
  return once(
    plain
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const plain = {read: (text: string): FieldValue => text.trim(), write: String, show: showPlain};
const bytes = (value: FieldValue): string =>
  typeof value === 'number' ? showBytes(value) : showPlain(value);
const bit = (value: FieldValue): string =>
  value === true ? '1' : value === false ? '0' : String(value);

/** The codec of each type. */
export const LEAF_CODECS: {readonly [Type in LeafType]: LeafCodec} = {
  boolean: {parse: parseBoolean, read: readBoolean, write: bit, show: showPlain},
  'on-ignore': {
    parse: (value) => (value === 'ignore' ? good(false) : parseBoolean(value)),
    read: (text) => (text === 'on' ? true : text === 'ignore' ? false : readBoolean(text)),
    write: (value) => (value === true ? 'on' : 'ignore'),
    show: showPlain,
  },
  integer: {parse: parseNumber(true), read: readNumber, write: String, show: showPlain},
  number: {parse: parseNumber(false), read: readNumber, write: String, show: showPlain},
  text: {...plain, parse: parseText},
  // Proxmox keeps what it encodes to the last blank.
  encoded: {
    parse: (value) => (typeof value === 'string' ? good(value) : parseText(value)),
    read: decode,
    write: (value) => encodePart(String(value)),
    show: showPlain,
  },
  mac: {
    ...plain,
    parse: (value) =>
      typeof value === 'string' ? good(value.trim().toUpperCase()) : bad('a MAC address'),
    read: (text) => text.trim().toUpperCase(),
  },
  address: {
    ...plain,
    parse: (value) =>
      typeof value === 'string' ? good(value.trim().toLowerCase()) : bad('an address'),
    read: (text) => text.trim().toLowerCase(),
  },
  mebibytes: {
    parse: parseMemory,
    read: (text) => {
      const mebibytes = readNumber(text);
      return typeof mebibytes === 'number' ? mebibytes * MEBIBYTE : text;
    },
    write: (value) => (typeof value === 'number' ? String(value / MEBIBYTE) : String(value)),
    show: bytes,
  },
  'disk-size': {
    parse: parseDisk,
    read: (text) => parseDiskSize(text) ?? text,
    write: (value) => (typeof value === 'number' ? formatDiskSize(value) : String(value)),
    show: bytes,
  },
  seconds: {
    parse: parseDuration,
    read: readNumber,
    write: String,
    show: (value) => (typeof value === 'number' ? showSeconds(value) : showPlain(value)),
  },
  description: {
    parse: (value) => (typeof value === 'string' ? good(plainDescription(value)) : bad('text')),
    read: plainDescription,
    write: String,
    show: (value) => JSON.stringify(value),
  },
  // Read without case; written as typed, for clusters whose tag style tells the cases apart.
  tags: {
    ...list(/[,; ]+/, ';', distinctTags),
    read: (text) =>
      distinctTags(
        text
          .toLowerCase()
          .split(/[,; ]+/)
          .filter(Boolean),
      ),
  },
  words: list(/[,; ]+/, ' ', once),
  set: list(/[,; ]+/, ';', sorted),
  sequence: list(/[,; ]+/, ';', once),
  hotplug: {
    parse: (value) => {
      const text = Array.isArray(value) ? value.join(',') : value;
      return typeof text === 'boolean' || typeof text === 'string' || typeof text === 'number'
        ? good(readHotplug(typeof text === 'boolean' ? bit(text) : String(text)))
        : bad('words such as network,disk,usb');
    },
    read: readHotplug,
    write: String,
    show: showPlain,
  },
  'ssh-keys': {
    parse: (value) => {
      const lines = Array.isArray(value) ? value : [value];
      if (!lines.every((line) => typeof line === 'string')) return bad('a list of public keys');
      return good(once(lines.flatMap((line) => keyLines(line))));
    },
    read: keyLines,
    write: (value) => encodePart(Array.isArray(value) ? value.join('\n') : String(value)),
    show: (value) =>
      Array.isArray(value) ? value.map((line) => shortKey(String(line))).join(', ') : '(none)',
  },
  secret: {parse: parseSecret, read: () => '(secret)', write: String, show: () => '(secret)'},
  presence: {
    parse: (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? good(true)
        : bad('a map'),
    read: () => true,
    write: String,
    show: (value) => (value === true ? '(present)' : showPlain(value)),
  },
};

function shortKey(line: string): string {
  const [type = '', body = '', ...comment] = line.split(' ');
  return `${type} …${body.slice(-8)}${comment.length > 0 ? ` ${comment.join(' ')}` : ''}`;
}
