// Why this exists: what people see when they make a mistake is half of the product. Each message is
// a file that somebody has read; UPDATE_GOLDEN=1 writes them anew.
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {codeTables} from './codes.ts';
import {PLAN_CASES} from './plan-cases.ts';
import {caseNames, diagnosticsOf, HERE, toldText} from './run-case.ts';
import {WAITING} from './waiting.ts';

const names = caseNames();
const told = new Map(names.map((name) => [name, diagnosticsOf(name)]));

describe('a bad input is told as in its golden file', () => {
  it.each(names)('%s', (name) => {
    const text = toldText(told.get(name) ?? []);
    const golden = join(HERE, 'golden', `${name}.txt`);
    if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(golden, text);
    expect(existsSync(golden), 'no golden file').toBe(true);
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });
});

describe('every diagnostic', () => {
  const all = [...told].flatMap(([name, list]) => list.map((one) => ({name, one})));

  it('has file, line, column, frame, what, why and remedy', () => {
    const ofManifests = all.filter(
      ({name, one}) => !one.code.startsWith('config-') && !Object.hasOwn(PLAN_CASES, name),
    );
    const lacking = ofManifests.filter(
      ({one}) =>
        !one.range?.file ||
        one.range.start.line < 1 ||
        one.range.start.column < 1 ||
        !one.frame ||
        !one.summary ||
        !one.detail ||
        !one.remedy,
    );
    expect(lacking.map(({name, one}) => `${name}: ${one.code}`)).toEqual([]);
  });

  it('of a plan names its resource, and says what, why and remedy', () => {
    const ofPlans = all.filter(({name}) => Object.hasOwn(PLAN_CASES, name));
    const lacking = ofPlans.filter(
      ({one}) => !one.key || !one.summary || !one.detail || !one.remedy,
    );
    expect(ofPlans.length).toBeGreaterThanOrEqual(Object.keys(PLAN_CASES).length);
    expect(lacking.map(({name}) => name)).toEqual([]);
  });

  it('is plain: no line of it holds a character that is not visible', () => {
    const odd = all.filter(({one}) => /[^\P{C}\n]|\p{Zl}|\p{Zp}/u.test(toldText([one])));
    expect(odd.map(({name}) => name)).toEqual([]);
  });

  it('fits the page: at most three lines of the file, none over 100 columns', () => {
    const wide = all.filter(({one}) => {
      const lines = (one.frame ?? '').split('\n');
      return lines.some((line) => line.length > 100) || lines.length > 4;
    });
    expect(wide.map(({name}) => name)).toEqual([]);
  });

  it('never shows a secret that somebody wrote down', () => {
    const texts = all.map(({one}) => JSON.stringify(one)).filter((text) => text.includes('hunter'));
    expect(texts).toEqual([]);
  });
});

describe('the codes', () => {
  const shown = new Set([...told.values()].flat().map(({code}) => code));

  it('have a case each', async () => {
    const tables = await codeTables();
    const without = tables.flatMap(({path, codes}) =>
      Object.keys(codes).flatMap((code) =>
        shown.has(code) || Object.hasOwn(WAITING, code) ? [] : [`${path}: ${code}`],
      ),
    );
    expect(without).toEqual([]);
  });

  it('wait for a case only as long as they have none', async () => {
    const known = (await codeTables()).flatMap(({codes}) => Object.keys(codes));
    expect(Object.keys(WAITING).filter((code) => shown.has(code) || !known.includes(code))).toEqual(
      [],
    );
  });

  it('are at least 120, and none stands in two tables', async () => {
    const codes = (await codeTables()).flatMap(({codes}) => Object.keys(codes));
    expect(codes.length).toBeGreaterThanOrEqual(120);
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  });

  it('have a golden file only where there is a case', () => {
    const golden = readdirSync(join(HERE, 'golden')).map((name) => name.replace(/\.txt$/, ''));
    expect(golden.filter((name) => !names.includes(name))).toEqual([]);
  });
});
