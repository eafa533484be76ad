// Why this exists: proves that the key of the hashes is made once and never lost by us.
import {chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {loadHashKey} from './hash-key.ts';

let folder = '';
let path = '';
let calls = 0;
function random(length: number): Uint8Array {
  calls += 1;
  return new Uint8Array(length).fill(calls);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-'));
  path = join(folder, 'hash.key');
  calls = 0;
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

test('it is made once, for its owner only, and found again', async () => {
  const first = await loadHashKey(path, random);
  expect(first).toEqual({ok: true, value: Buffer.alloc(32, 1)});
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await loadHashKey(path, random)).toEqual(first);
  expect(readdirSync(folder)).toEqual(['hash.key']);
});

test('a key of another length is refused and stays as it is', async () => {
  writeFileSync(path, 'short', {mode: 0o600});
  const result = await loadHashKey(path, random);
  expect(result).toMatchObject({ok: false, error: {message: expect.stringContaining('5 bytes')}});
  expect(statSync(path).size).toBe(5);
});

test('a key that others can read is refused with the remedy', async () => {
  await loadHashKey(path, random);
  chmodSync(path, 0o640);
  const result = await loadHashKey(path, random);
  expect(result).toMatchObject({ok: false, error: {remedy: `Run \`chmod 600 ${path}\`.`}});
});

test('a data folder that is not there is told', async () => {
  const result = await loadHashKey(join(folder, 'no', 'hash.key'), random);
  expect(result).toMatchObject({ok: false, error: {message: expect.stringContaining('ENOENT')}});
});
