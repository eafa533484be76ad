// Why this exists: the rules of the house hold because this test reads every file of the checkout,
// and they can be trusted because each is broken on purpose here first.
import {describe, expect, it} from 'vitest';
import {HOUSE_RULES} from './tidy/house.ts';
import {readRepository} from './tidy/repository.ts';
import {ROOMS} from './tidy/rooms.ts';
import {SEEDS} from './tidy/seeds.ts';

const files = readRepository(new URL('..', import.meta.url).pathname);

describe('the checkout keeps the rule', () => {
  it.each(HOUSE_RULES)('$name: $because', ({check}) => {
    const found = check(files).map(({path, line, what}) => `${path}:${line} ${what}`);
    expect(found).toEqual([]);
  });
});

describe('each rule catches what it is for', () => {
  const guilty = SEEDS.filter((seed) => seed.guilty);
  it.each(guilty)('$rule catches: $reason', ({rule, files: seeded}) => {
    expect(judge(rule, seeded)).not.toEqual([]);
  });

  const innocent = SEEDS.filter((seed) => !seed.guilty);
  it.each(innocent)('$rule lets pass: $reason', ({rule, files: seeded}) => {
    expect(judge(rule, seeded)).toEqual([]);
  });

  it('every rule has a seed that it must catch and one that it must let pass', () => {
    const without = HOUSE_RULES.flatMap(({name}) =>
      [true, false]
        .filter((guilt) => !SEEDS.some((seed) => seed.rule === name && seed.guilty === guilt))
        .map((guilt) => `${name}: no ${guilt ? 'guilty' : 'innocent'} seed`),
    );
    expect(without).toEqual([]);
  });
});

describe('the room table', () => {
  it('names only rooms that exist in it', () => {
    const rooms = Object.keys(ROOMS);
    const unknown = Object.values(ROOMS)
      .flatMap((room) => room.imports)
      .filter((name) => name !== '*' && !rooms.includes(name.split('/')[0] ?? ''));
    expect(unknown).toEqual([]);
  });

  it('lets pure rooms import pure rooms only', () => {
    const leaks = Object.entries(ROOMS)
      .filter(([, room]) => room.pure)
      .flatMap(([name, room]) => room.imports.map((target) => [name, target] as const))
      .filter(([, target]) => ROOMS[target.split('/')[0] ?? '']?.pure !== true);
    expect(leaks).toEqual([]);
  });

  it('judges a repository that has files, rooms among them', () => {
    expect(files.filter(({path}) => path.startsWith('src/core/')).length).toBeGreaterThan(3);
  });
});

function judge(rule: string, seeded: (typeof SEEDS)[number]['files']) {
  return HOUSE_RULES.filter(({name}) => name === rule).flatMap(({check}) => check(seeded));
}
