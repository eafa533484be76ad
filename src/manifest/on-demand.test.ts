// Why this exists: what is made on demand must look as if it had been there all the time.
import {describe, expect, it} from 'vitest';
import {onDemand} from './on-demand.ts';

describe('a property on demand', () => {
  const asked: number[] = [];
  const withDouble = onDemand('double', (kept: number) => {
    asked.push(kept);
    return kept * 2;
  });

  it('is made for each object from what was kept for it, and only when asked for', () => {
    const one = withDouble({name: 'one'}, 1);
    const two = withDouble({name: 'two'}, 2);
    expect(asked).toEqual([]);
    expect([two.double, one.double]).toEqual([4, 2]);
    expect(asked).toEqual([2, 1]);
  });

  it('is in a copy, in a comparison and in JSON, and what was kept is in none', () => {
    const three = withDouble({name: 'three'}, 3);
    expect({...three}).toEqual({name: 'three', double: 6});
    expect(three).toEqual({name: 'three', double: 6});
    expect(JSON.stringify(three)).toBe('{"name":"three","double":6}');
    expect(Reflect.ownKeys({...three})).toEqual(['name', 'double']);
  });
});
