// Why this exists: the end of CI is what people and machines believe, so it is tested: what failed
// is named, and the last line sums all.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

const TOP = fileURLToPath(new URL('../', import.meta.url));
const VITEST = join(TOP, 'node_modules/vitest/vitest.mjs');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'count-'));
});

afterEach(() => rmSync(folder, {recursive: true}));

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

function report(stage: string, passed: number, failed: number, testResults: object[] = []): void {
  const counts = {numPassedTests: passed, numFailedTests: failed};
  write(`${stage}.json`, JSON.stringify({...counts, testResults}));
}

/** What CI prints at its end: all lines but the last, the last, and whether it is a success. */
function count(...failedStages: readonly string[]) {
  const args = [join(TOP, '.ci/count.mjs'), folder, ...failedStages];
  const run = spawnSync(process.execPath, args, {encoding: 'utf8', cwd: TOP});
  const said = run.stdout.split('\n').slice(0, -1);
  return {said: said.slice(0, -1), line: said.at(-1), status: run.status};
}

describe('the last line of CI', () => {
  it('sums all suites', () => {
    report('unit', 30, 0);
    report('system', 4, 0);
    expect(count()).toEqual({said: [], line: '34 passed, 0 failed', status: 0});
  });

  it('counts failing tests once, not their stage again', () => {
    report('unit', 30, 2, [failing('one'), failing('another')]);
    expect(count('unit')).toMatchObject({line: '30 passed, 2 failed', status: 1});
  });

  it('counts a stage that failed without a failing test', () => {
    report('unit', 30, 0);
    expect(count('types', 'unit')).toMatchObject({line: '30 passed, 2 failed', status: 1});
  });

  it('counts a suite that left no readable report', () => {
    report('unit', 30, 0);
    write('system.json', '{"numPassed');
    expect(count('system')).toMatchObject({line: '30 passed, 1 failed', status: 1});
  });

  it('is no success when no test ran', () => {
    expect(count()).toEqual({said: [], line: '0 passed, 0 failed', status: 1});
  });
});

describe('before it', () => {
  it('each failed test has its file, its whole title and the first lines of why', () => {
    const why = ['\u001B[31mAssertionError\u001B[39m: 1 is not 2', ...'abcdefghij'.split('')];
    report('unit', 30, 1, [failing('adds', why.join('\n'))]);
    expect(count('unit').said).toEqual([
      'FAILED unit: src/sum.test.ts > a sum > adds',
      '    AssertionError: 1 is not 2',
      ...'abcdefg'.split('').map((line) => `    ${line}`),
    ]);
  });

  it('a file that failed as a whole is named', () => {
    const file = {...failing('adds'), message: 'no such module', assertionResults: []};
    report('unit', 30, 0, [file]);
    const said = ['FAILED unit: src/sum.test.ts as a whole', '    no such module'];
    expect(count('unit')).toEqual({said, line: '30 passed, 1 failed', status: 1});
  });

  it('a stage without a report shows what it printed last', () => {
    write('crash.log', 'crash points: 9\n\nviolations: 1\n');
    expect(count('crash', 'demo').said).toEqual([
      'FAILED crash: the last that it printed:',
      '    crash points: 9',
      '    violations: 1',
      'FAILED demo: the last that it printed:',
    ]);
  });

  it('what vitest says of a run is understood, errors outside of tests too', () => {
    const test = `it('ends', () => {}); it('adds', () => expect(1).toBe(2));
      it('throws later', async () => {
        void Promise.reject(new Error('nobody listens'));
        await new Promise((resolve) => setImmediate(resolve));
      });`;
    write('sum.test.ts', test);
    const json = `--outputFile.json=${join(folder, 'unit.json')}`;
    const reporters = ['json', join(TOP, '.ci/outside.mjs')].map((one) => `--reporter=${one}`);
    const args = [VITEST, 'run', '--root', folder, '--globals', ...reporters, json];
    const env = {...process.env, OUTSIDE: join(folder, 'unit.outside.json')};
    expect(spawnSync(process.execPath, args, {cwd: folder, env}).status).toBe(1);
    const {said, line} = count('unit');
    expect(line).toBe('2 passed, 1 failed');
    const heads = said.filter((one) => one.startsWith('FAILED'));
    expect(heads).toEqual([
      expect.stringMatching(/^FAILED unit: .*sum\.test\.ts > adds$/),
      'FAILED unit: an error outside of any test',
    ]);
    expect(said.join('\n')).toContain('expected 1 to be 2');
    expect(said.join('\n')).toMatch(/sum\.test\.ts, throws later\n +Error: nobody listens/);
  });
});

function failing(title: string, why = 'because') {
  const one = {ancestorTitles: ['a sum'], title, status: 'failed', failureMessages: [why]};
  const passing = {...one, title: 'is there', status: 'passed', failureMessages: []};
  const name = join(TOP, 'src/sum.test.ts');
  return {name, status: 'failed', message: '', assertionResults: [passing, one]};
}
