// Why this exists: a promise without a test is a hope; here none can lose its test unseen.
import {describe, expect, it} from 'vitest';
import {isTitle, missing} from './find-title.ts';
import {ITEMS} from './items.ts';
import {PROMISES} from './promises.ts';

describe('every promise', () => {
  it.each(PROMISES)('$item: $says', ({by, open}) => {
    expect(by.flatMap((proof) => missing(proof) ?? [])).toEqual([]);
    expect(by.length > 0 || open !== undefined, 'neither a test nor an issue').toBe(true);
  });

  it('belongs to an item of the fixed list, and says what no other says', () => {
    const unknown = PROMISES.filter(({item}) => !ITEMS.includes(item));
    expect(unknown.map(({item}) => item)).toEqual([]);
    expect(new Set(PROMISES.map(({says}) => says)).size).toBe(PROMISES.length);
  });
});

describe('every item of the fixed list', () => {
  it.each(ITEMS)('%s has a promise', (item) => {
    expect(PROMISES.some((one) => one.item === item)).toBe(true);
  });
});

describe('a title', () => {
  it('is found as an argument or in a table, and nowhere else', () => {
    expect(isTitle("it('is so', () => {})", 'is so')).toBe(true);
    expect(isTitle("it.each([1])(\n  'is so',", 'is so')).toBe(true);
    expect(isTitle("{title: 'is so'}", 'is so')).toBe(true);
    expect(isTitle("// 'is so'", 'is so')).toBe(false);
    expect(isTitle("it('is so and so', () => {})", 'is so')).toBe(false);
  });
});
