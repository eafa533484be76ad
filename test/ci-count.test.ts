// Why this exists: the last line of CI is what people and machines believe, so it is tested.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';

const script = fileURLToPath(new URL('../.ci/count.mjs', import.meta.url));
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'count-'));
});

afterEach(() => rmSync(folder, {recursive: true}));

function report(stage: string, passed: number, failed: number): void {
  const text = JSON.stringify({numPassedTests: passed, numFailedTests: failed});
  writeFileSync(join(folder, `${stage}.json`), text);
}

function count(...failedStages: readonly string[]) {
  const options = {encoding: 'utf8'} as const;
  const run = spawnSync(process.execPath, [script, folder, ...failedStages], options);
  return {line: run.stdout, status: run.status};
}

describe('the last line of CI', () => {
  it('sums all suites', () => {
    report('unit', 30, 0);
    report('system', 4, 0);
    expect(count()).toEqual({line: '34 passed, 0 failed\n', status: 0});
  });

  it('counts failing tests once, not their stage again', () => {
    report('unit', 30, 2);
    expect(count('unit')).toEqual({line: '30 passed, 2 failed\n', status: 1});
  });

  it('counts a stage that failed without a failing test', () => {
    report('unit', 30, 0);
    expect(count('types', 'unit')).toEqual({line: '30 passed, 2 failed\n', status: 1});
  });

  it('counts a suite that left no readable report', () => {
    report('unit', 30, 0);
    writeFileSync(join(folder, 'system.json'), '{"numPassed');
    expect(count('system')).toEqual({line: '30 passed, 1 failed\n', status: 1});
  });

  it('is no success when no test ran', () => {
    expect(count()).toEqual({line: '0 passed, 0 failed\n', status: 1});
  });
});
