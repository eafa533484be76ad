// Why this exists: an address that is read wrongly puts a guest on another's place.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {
  addressText,
  contains,
  overlap,
  parseAddress,
  parseNetwork,
  parseRange,
} from './ip-address.ts';

describe('parseAddress', () => {
  it.each([
    ['10.0.70.1', '10.0.70.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['2001:bc8:1201:722::90', '2001:bc8:1201:722::90'],
  ])('%s reads as %s', (text, shown) => {
    const address = parseAddress(text);
    expect(address && addressText(address)).toBe(shown);
  });

  it.each([
    '',
    '10.0.70',
    '10.0.70.256',
    '10.0.070.1',
    '1.2.3.4.5',
    '1::2::3',
    '12345::',
    ':1',
    'dhcp',
    '10.0.70.1/24',
    '1:2:3:4:5:6:7:8:9',
    '::1.2.3',
  ])('"%s" is no address', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it('reads what it writes, for every address', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.bigInt(0n, 2n ** 128n - 1n),
        (family, n) => {
          const address = {family, value: family === 4 ? n % 2n ** 32n : n};
          expect(parseAddress(addressText(address))).toEqual(address);
        },
      ),
    );
  });
});

describe('networks and ranges', () => {
  it('a network knows its ends, and whether the text named a host in it', () => {
    const network = parseNetwork('10.0.70.5/24');
    expect(network && [addressText(network.first), addressText(network.last)]).toEqual([
      '10.0.70.0',
      '10.0.70.255',
    ]);
    expect(network?.hostBits).toBe(true);
    expect(parseNetwork('fd00::/64')?.hostBits).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0.0', 'x/24', 'fd00::/129', '10.0.0.0/'])('%s is none', (text) => {
    expect(parseNetwork(text)).toBeNull();
  });

  it.each(['10.0.0.1-fd00::1', '10.0.0.1-', '1-2', '10.0.0.1-10.0.0.2-10.0.0.3'])(
    '%s is no range',
    (text) => {
      expect(parseRange(text)).toBeNull();
    },
  );

  it('a range holds its ends and meets what shares an address with it', () => {
    const range = parseRange('10.0.0.10-10.0.0.20');
    const other = parseRange('10.0.0.20');
    const apart = parseRange('10.0.0.21-10.0.0.30');
    if (range === null || other === null || apart === null) throw new Error('these are ranges');
    expect(contains(range, range.first) && contains(range, range.last)).toBe(true);
    expect(contains(range, apart.first)).toBe(false);
    expect(overlap(range, other)).toBe(true);
    expect(overlap(range, apart)).toBe(false);
    const six = {family: 6 as const, value: range.first.value};
    expect(contains(range, six)).toBe(false);
    expect(overlap(range, {first: six, last: six})).toBe(false);
  });
});
