// Why this exists: proves what a watched folder promises, on a real one.
import {mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import type {Revision} from '../core/model.ts';
import {BOUNDS} from './create-source.ts';
import {createFolderSource} from './folder-source.ts';

let folder = '';
let root = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'folder-'));
  root = join(folder, 'root');
  mkdirSync(join(root, 'deep'), {recursive: true});
  writeFileSync(join(root, 'a.yaml'), 'a');
  writeFileSync(join(root, 'deep', 'b.yaml'), 'b');
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

async function read(last: string | null = null, limits = BOUNDS): Promise<Revision> {
  const result = await createFolderSource('local', root, limits).fetch(last);
  if (!result.ok) throw new Error(result.error.kind);
  return result.value;
}

test('its content is its commit', async () => {
  const first = await read();
  expect(first.commit).toMatch(/^folder-[0-9a-f]{40}$/);
  expect(first.files.map(({path}) => path)).toEqual(['a.yaml', 'deep/b.yaml']);
  expect(await read(first.commit)).toMatchObject({commit: first.commit, ancestry: 'same'});
  writeFileSync(join(root, 'a.yaml'), 'A');
  const second = await read(first.commit);
  expect(second.ancestry).toBe('descendant');
  expect(second.commit).not.toBe(first.commit);
  renameSync(join(root, 'a.yaml'), join(root, 'c.yaml'));
  expect((await read()).commit).not.toBe(second.commit);
  expect((await read('f'.repeat(40))).ancestry).toBe('unknown');
});

test('links, big files and LFS pointers are left out, .git is not looked at', async () => {
  symlinkSync('/etc', join(root, 'link'));
  mkdirSync(join(root, '.git'));
  writeFileSync(join(root, '.git', 'config'), 'x');
  writeFileSync(join(root, 'big'), 'x'.repeat(300));
  writeFileSync(join(root, 'lfs'), 'version https://git-lfs.github.com/spec/v1\n');
  const {files, skipped} = await read(null, {...BOUNDS, maxFileBytes: 200});
  expect(files.map(({path}) => path)).toEqual(['a.yaml', 'deep/b.yaml']);
  expect(skipped.map(({path}) => path)).toEqual(['big', 'lfs', 'link']);
});

test('a missing or empty folder is an error, never an empty revision', async () => {
  rmSync(root, {recursive: true});
  const source = createFolderSource('local', root, BOUNDS);
  expect(await source.fetch(null)).toMatchObject({ok: false, error: {kind: 'path-missing'}});
  mkdirSync(root);
  expect(await source.fetch(null)).toMatchObject({ok: false, error: {kind: 'path-missing'}});
});

test('what is left out belongs to its content', async () => {
  const first = await read();
  symlinkSync('/etc', join(root, 'c.yaml'));
  const second = await read(first.commit);
  expect(second.files).toEqual(first.files);
  expect(second.commit).not.toBe(first.commit);
  rmSync(join(root, 'c.yaml'));
  expect((await read(second.commit)).commit).toBe(first.commit);
});

test('a folder that the system cannot read is an error, and no end of anything else', async () => {
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  const source = createFolderSource('local', loop, BOUNDS);
  const error = {kind: 'unreachable', message: 'the folder cannot be read (ELOOP)'};
  expect(await source.fetch(null)).toMatchObject({ok: false, error});
});

test('too much altogether is an error', async () => {
  const source = createFolderSource('local', root, {...BOUNDS, maxTotalBytes: 1});
  expect(await source.fetch(null)).toMatchObject({ok: false, error: {kind: 'too-large'}});
});

test('a change gives a hint', async () => {
  const source = createFolderSource('local', root, BOUNDS);
  const hinted = Promise.withResolvers<void>();
  const stop = source.watch(() => hinted.resolve());
  const writes = setInterval(() => writeFileSync(join(root, 'n.yaml'), `${Math.random()}`), 20);
  await hinted.promise;
  clearInterval(writes);
  stop();
  await source.close();
});
