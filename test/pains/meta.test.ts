// Why this exists: every pain of Proxmox users that this program promises to cure is a test whose
// title begins with the pain's number; here the missing ones are listed.
import {readdirSync, readFileSync} from 'node:fs';
import {expect, it} from 'vitest';

const HERE = new URL('.', import.meta.url);

/** Pains 1 to 40 of the specification, but for those of kinds that come later. */
const LATER: ReadonlySet<number> = new Set([12, 16, 32, 37, 38]);
const PAINS = Array.from({length: 40}, (_, index) => index + 1).filter((one) => !LATER.has(one));

it('every pain of today’s tools has a test that begins with its number', () => {
  const files = readdirSync(HERE).filter((name) => name.endsWith('.test.ts'));
  const texts = files.map((name) => readFileSync(new URL(name, HERE), 'utf8'));
  const titles = texts.flatMap((text) => [...text.matchAll(/\bit\(\s*['"`](\d+) /g)]);
  const told = new Set(titles.map(([, number]) => Number(number)));
  expect(PAINS.filter((number) => !told.has(number))).toEqual([]);
});
