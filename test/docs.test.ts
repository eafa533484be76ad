// Why this exists: a document that points at nothing, or that names other rooms than the code has,
// misleads the one reader who trusted it.
import {existsSync, readdirSync} from 'node:fs';
import {posix} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {readRepository} from './tidy/repository.ts';
import {ROOMS, type Room} from './tidy/rooms.ts';

const top = fileURLToPath(new URL('..', import.meta.url));
const pages = readRepository(top).filter(({path}) => path.endsWith('.md'));

function page(path: string): string {
  return pages.find((candidate) => candidate.path === path)?.text ?? '';
}

/** Targets of links that stay inside of the repository, resolved, without their anchors. */
function linksOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)].map((match) =>
    posix.join(posix.dirname(path), match[1] ?? ''),
  );
}

describe('documents', () => {
  it('link only to what is there', () => {
    const links = pages.flatMap(({path, text}) =>
      linksOf(path, text).map((target) => ({path, target})),
    );
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter(({target}) => !existsSync(posix.join(top, target)))).toEqual([]);
  });

  it('hold no marks of a merge that was left half done', () => {
    const marks = /^(?:<{7} .*|={7}|>{7} .*)$/m;
    expect(marks.test(`${'<'.repeat(7)} HEAD`)).toBe(true);
    expect(pages.filter(({text}) => marks.test(text)).map(({path}) => path)).toEqual([]);
  });

  it('name only npm scripts that exist', async () => {
    const {scripts} = (await import('../package.json', {with: {type: 'json'}})).default;
    const named = pages.flatMap(({path, text}) =>
      [...text.matchAll(/npm run ([a-z][a-z0-9:-]*)/g)].map((match) => ({path, script: match[1]})),
    );
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter(({script}) => !Object.keys(scripts).includes(script ?? ''))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  const rows = new Map(
    [
      ...page('ARCHITECTURE.md').matchAll(/^\| `([a-z]+)(?:\/<kind>)?` \|[^|]+\| ([^|]+) \|$/gm),
    ].map((match) => [match[1] ?? '', match[2] ?? '']),
  );

  it.each(Object.entries(ROOMS))('has the row of %s as the test enforces it', (name, room) => {
    expect(rows.get(name)).toBe(inWords(room));
  });

  it('has no row of a room that is not enforced', () => {
    expect([...rows.keys()].filter((name) => !(name in ROOMS))).toEqual([]);
  });
});

describe('the table of tests in ARCHITECTURE.md', () => {
  const isSuite = (name: string): boolean =>
    readdirSync(posix.join(top, 'test', name)).some((file) => /\.test\.ts$|^run-/.test(file));
  const suites = readdirSync(posix.join(top, 'test'), {withFileTypes: true})
    .filter((entry) => entry.isDirectory() && entry.name !== 'tidy' && isSuite(entry.name))
    .map(({name}) => name);

  it.each(suites)('names test/%s', (name) => {
    expect(page('ARCHITECTURE.md')).toContain(`| \`test/${name}/\` |`);
  });

  it('names no suite that is gone', () => {
    const named = [...page('ARCHITECTURE.md').matchAll(/^\| `test\/([a-z-]+)\/` \|/gm)];
    expect(named.map(([, name]) => name).filter((name) => !suites.includes(name ?? ''))).toEqual(
      [],
    );
  });
});

describe('decisions', () => {
  const decisions = pages.filter(({path}) => /^docs\/decisions\/\d{4}-/.test(path));

  it('are numbered without a gap', () => {
    const numbers = readdirSync(posix.join(top, 'docs/decisions'))
      .filter((name) => /^\d{4}-/.test(name))
      .sort()
      .map((name) => Number(name.slice(0, 4)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it.each(decisions)('$path has its four parts and its line in the index', ({path, text}) => {
    for (const part of ['Context', 'Decision', 'Cost', 'Revisit'])
      expect(text).toContain(`**${part}`);
    expect(page('docs/decisions/README.md')).toContain(posix.basename(path));
  });
});

/** A row of the room table as ARCHITECTURE.md says it. */
function inWords({imports}: Room): string {
  if (imports.length === 0) return 'nothing';
  if (imports.includes('*')) return 'all';
  return imports.includes('apply') ? 'all above but kinds' : imports.join(', ');
}
