// Why this exists: a suite that is skipped in silence proves nothing and looks green.
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {findProgram, needsIn} from './parts.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts-'));
});

afterEach(() => rmSync(folder, {recursive: true}));

function program(name: string): void {
  writeFileSync(join(folder, name), '#!/bin/sh\n');
  chmodSync(join(folder, name), 0o755);
}

function look(env: Readonly<Record<string, string>>, part: 'prometheus') {
  const said: string[] = [];
  const surroundings = {env: {PATH: folder, ...env}, say: (line: string) => said.push(line)};
  return {found: needsIn({...surroundings}, [part]), said};
}

describe('a part', () => {
  it('is there when each of its programs is', () => {
    program('prometheus');
    program('promtool');
    expect(look({CI: 'true'}, 'prometheus')).toEqual({found: true, said: []});
  });

  it('that is missing skips the suite aloud on a person’s machine', () => {
    program('prometheus');
    const {found, said} = look({}, 'prometheus');
    expect(found).toBe(false);
    expect(said).toEqual(['SKIPPED: a suite needs promtool, which is not on this machine']);
  });

  it('that is missing fails the suite in CI', () => {
    expect(() => look({CI: 'true'}, 'prometheus')).toThrow('CI lacks prometheus, promtool');
  });
});

describe('a program', () => {
  it('is found by its whole path', () => {
    program('tool-of-this-test');
    expect(findProgram('tool-of-this-test', folder)).toBe(join(folder, 'tool-of-this-test'));
  });

  it('that cannot be executed is not there', () => {
    writeFileSync(join(folder, 'tool-of-this-test'), '');
    expect(findProgram('tool-of-this-test', folder)).toBe(null);
  });
});
