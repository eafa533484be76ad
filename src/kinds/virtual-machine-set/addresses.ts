// Why this exists: each member of a set gets its address by its number, so that the same member has
// the same address after every scaling.
import {
  addressText,
  contains,
  type IpAddress,
  type IpRange,
  parseNetwork,
  parseRange,
} from '../../core/ip-address.ts';

/** A range of addresses as a set states it, or why it cannot be used. */
export type AddressRange =
  | {
      readonly kind: 'range';
      readonly range: IpRange;
      readonly prefix: number;
      /** True if the length of the prefix was not written. */
      readonly assumed: boolean;
    }
  | {readonly kind: 'bad'; readonly because: string}
  | {readonly kind: 'no-prefix'};

/** Networks are of this size unless said otherwise: what RFC 4291 and every small office use. */
const USUAL_PREFIX = {4: 24, 6: 64} as const;

/** Reads `10.0.70.100-10.0.70.119`, with `/24` or without. */
export function readRange(text: string): AddressRange {
  const [, ends = '', written] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const range = parseRange(ends);
  if (range === null) return {kind: 'bad', because: 'the ends are not addresses of one family'};
  if (range.first.value > range.last.value) {
    return {kind: 'bad', because: 'the last address comes before the first'};
  }
  const prefix = written === undefined ? USUAL_PREFIX[range.first.family] : Number(written);
  const network = parseNetwork(`${addressText(range.first)}/${prefix}`);
  if (network === null) return {kind: 'bad', because: `/${prefix} is no length of a prefix`};
  if (contains(network, range.last)) {
    return {kind: 'range', range, prefix, assumed: written === undefined};
  }
  if (written === undefined) return {kind: 'no-prefix'};
  return {kind: 'bad', because: `the ends lie in different networks of /${prefix}`};
}

/** How many addresses a range has. */
export function sizeOf({first, last}: IpRange): bigint {
  return last.value - first.value + 1n;
}

/** The i-th address of a range, with prefix. */
export function nthAddress(range: IpRange, prefix: number, index: number): string {
  const address: IpAddress = {...range.first, value: range.first.value + BigInt(index)};
  return `${addressText(address)}/${prefix}`;
}
