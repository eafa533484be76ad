// Why this exists: a person looks for guest/150 between guest/20 and guest/1000.
import {expect, it} from 'vitest';
import {compareKeys, vmidOf} from './keys.ts';

it('keys are ordered by number where they have one, else by text', () => {
  const sorted = ['Alias/b', 'Alias/a', 'guest/20', 'guest/100', 'guest/100', 'guest/x'];
  expect(sorted.toReversed().toSorted(compareKeys)).toEqual([
    'Alias/a',
    'Alias/b',
    'guest/20',
    'guest/100',
    'guest/100',
    'guest/x',
  ]);
});

it.each([
  ['guest/150', 150],
  ['guest/x', null],
  ['Pool/150', null],
])('the VMID of %s is %s', (key, vmid) => {
  expect(vmidOf(key)).toBe(vmid);
});
