// Why this exists: addresses are compared, counted and put into ranges by several kinds; text is
// the wrong form for that. IPv4 and IPv6 (RFC 4291, RFC 5952) as numbers with their family.

/** An address as a number. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A network: its first address and the length of its prefix in bits. */
export interface IpNetwork {
  readonly first: IpAddress;
  readonly last: IpAddress;
  readonly prefix: number;
  /** True if the text named an address within the network instead of its first one. */
  readonly hostBits: boolean;
}

/** First and last address, both included. */
export interface IpRange {
  readonly first: IpAddress;
  readonly last: IpAddress;
}

/** Reads an address without prefix; null if the text is none. Leading zeroes are none. */
export function parseAddress(text: string): IpAddress | null {
  if (text.includes(':')) {
    const value = parseSix(text.toLowerCase());
    return value === null ? null : {family: 6, value};
  }
  const value = parseFour(text);
  return value === null ? null : {family: 4, value};
}

/** Reads `10.0.70.0/24` or `fd00::/64`; null if the text is no network. */
export function parseNetwork(text: string): IpNetwork | null {
  const parts = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = parseAddress(parts?.[1] ?? '');
  const prefix = Number(parts?.[2]);
  if (address === null || prefix > bitsOf(address)) return null;
  const size = 1n << BigInt(bitsOf(address) - prefix);
  const start = (address.value / size) * size;
  const {family} = address;
  return {
    first: {family, value: start},
    last: {family, value: start + size - 1n},
    prefix,
    hostBits: start !== address.value,
  };
}

/** Reads `a-b` or one address; null if the text is neither. The order is not checked. */
export function parseRange(text: string): IpRange | null {
  const [from = '', to = from, more] = text.split('-').map((part) => part.trim());
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (more !== undefined || first === null || last === null) return null;
  return first.family === last.family ? {first, last} : null;
}

/** True if the address lies in the range. */
export function contains(range: IpRange, {family, value}: IpAddress): boolean {
  return range.first.family === family && range.first.value <= value && value <= range.last.value;
}

/** True if the two ranges have an address in common. */
export function overlap(a: IpRange, b: IpRange): boolean {
  if (a.first.family !== b.first.family) return false;
  return a.first.value <= b.last.value && b.first.value <= a.last.value;
}

/** The one spelling of an address. */
export function addressText({family, value}: IpAddress): string {
  return family === 4 ? textFour(value) : textSix(value);
}

function bitsOf({family}: IpAddress): number {
  return family === 4 ? 32 : 128;
}

function parseFour(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function parseSix(text: string): bigint | null {
  const mixed = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const four = mixed === null ? null : parseFour(mixed[2] ?? '');
  if (mixed !== null && four === null) return null;
  const tail = four === null ? '' : `${(four >> 16n).toString(16)}:${(four & 65535n).toString(16)}`;
  const groups = expandGroups(mixed === null ? text : `${mixed[1]}${tail}`);
  if (groups === null || !groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null;
  return groups.reduce((value, group) => value * 65536n + BigInt(`0x${group}`), 0n);
}

/** Eight groups; `::` stands for at least one of zero. */
function expandGroups(text: string): readonly string[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [left = [], right = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (halves.length === 1) return left.length === 8 ? left : null;
  const missing = 8 - left.length - right.length;
  return missing < 1 ? null : [...left, ...Array<string>(missing).fill('0'), ...right];
}

function textFour(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function textSix(value: bigint): string {
  const groups = Array.from(
    {length: 8},
    (_, index) => (value >> BigInt(112 - 16 * index)) & 65535n,
  );
  const text = groups.map((group) => group.toString(16)).join(':');
  // The first of the longest runs of zero groups is left out; a single one is not.
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)];
  const longest = runs.reduce((best, run) => (run[0].length > best.length ? run[0] : best), '');
  const places = runs.filter((run) => zeroes(run[0]) === zeroes(longest));
  const [first] = places;
  if (first === undefined) return text;
  const before = text.slice(0, first.index);
  const after = text.slice(first.index + first[0].length);
  return `${before}::${after.replace(/^:/, '')}`;
}

function zeroes(run: string): number {
  return run.split('0').length;
}
