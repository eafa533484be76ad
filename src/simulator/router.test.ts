// Why this exists: a route that the schema does not know would never be reached.
import {describe, expect, it} from 'vitest';
import {simulatedMethods} from './router.ts';
import {findMethod} from './schema/api.ts';

describe('the router', () => {
  it('names only methods of the schema of 8.4 or 9.1', () => {
    const unknown = simulatedMethods().filter((name) => {
      const [verb = '', template = ''] = name.split(' ');
      const path = template.replaceAll(/\{[^}]+\}/g, '100');
      return (['8.4', '9.1'] as const).every(
        (version) => findMethod(version, verb, path)?.method.name !== name,
      );
    });
    expect(unknown).toEqual([]);
  });
});
