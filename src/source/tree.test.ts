// Why this exists: trees can be written by hand with any bytes as names, and only what changed may
// be read; both are shown here on objects made for it.
import {createHash} from 'node:crypto';
import {describe, expect, test} from 'vitest';
import {ok} from '../core/result.ts';
import {BlobCache} from './blob-cache.ts';
import {BOUNDS} from './create-source.ts';
import type {Engine, RawObject} from './engine.ts';
import {readTree} from './tree.ts';

/** Objects in memory; `asked` are the ids that were read. */
class Store {
  readonly asked: string[] = [];
  readonly #objects = new Map<string, RawObject>();

  put(type: string, bytes: Uint8Array): string {
    const hash = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes);
    const id = hash.digest('hex');
    this.#objects.set(id, {id, type, bytes});
    return id;
  }

  blob(text: string): string {
    return this.put('blob', Buffer.from(text));
  }

  tree(
    ...entries: readonly (readonly [mode: string, name: string | Buffer, id: string])[]
  ): string {
    const parts = entries.flatMap(([mode, name, id]) => [
      Buffer.from(`${mode} `),
      Buffer.from(name),
      Buffer.from([0]),
      Buffer.from(id, 'hex'),
    ]);
    return this.put('tree', Buffer.concat(parts));
  }

  forge(id: string, bytes: Uint8Array): void {
    this.#objects.set(id, {id, type: this.#objects.get(id)?.type ?? 'blob', bytes});
  }

  engine(): Engine {
    const unused = async () => ok(null as never); // Safe: reading a tree asks for objects only.
    return {
      tip: unused,
      fetch: unused,
      isAncestor: unused,
      commitsBetween: unused,
      rest() {},
      reset: async () => {},
      objects: async (ids) => {
        this.asked.push(...ids);
        const known = ids.flatMap((id) => this.#objects.get(id) ?? []);
        return ok({found: new Map(known.map((item) => [item.id, item])), tooLarge: new Set()});
      },
    };
  }
}

function read(store: Store, root: string, cache = new BlobCache(1000)) {
  const {signal} = new AbortController();
  return readTree({engine: store.engine(), cache, limits: BOUNDS, signal}, root, []);
}

describe('a name in a tree is refused when it is', () => {
  test.each<[string, string | Buffer]>([
    ['the parent folder', '..'],
    ['the folder itself', '.'],
    ['git’s own folder', '.git'],
    ['git’s own folder in capitals', '.GIT'],
    ['a path', 'a/b'],
    ['a path with backslashes', '..\\b'],
    ['a line break', 'a\nb'],
    ['an escape', 'a\u001b[2J'],
    ['not UTF-8', Buffer.from([0x61, 0xff])],
  ])('%s', async (_reason, name) => {
    const store = new Store();
    const inner = store.tree(['100644', 'x', store.blob('inner')]);
    for (const entry of [
      ['100644', name, store.blob('x')],
      ['40000', name, inner],
    ] as const) {
      const root = store.tree(entry, ['100644', 'good', store.blob('good')]);
      const result = await read(store, root);
      if (!result.ok) throw new Error(result.error.message);
      expect(result.value.files.map(({path}) => path)).toEqual(['good']);
      expect(result.value.skipped).toHaveLength(1);
    }
  });
});

test('only listings and changed files are read again', async () => {
  const store = new Store();
  const cache = new BlobCache(1000);
  const [a, b, c] = [store.blob('a'), store.blob('b'), store.blob('c')];
  const folder = store.tree(['100644', 'b', b]);
  const first = store.tree(['100644', 'a', a], ['40000', 'folder', folder]);
  await read(store, first, cache);
  expect(store.asked).toEqual([first, folder, a, b]);
  store.asked.length = 0;
  const second = store.tree(['100644', 'a', c], ['40000', 'folder', folder]);
  const result = await read(store, second, cache);
  expect(store.asked).toEqual([second, folder, c]);
  expect(result.ok && result.value.files.map(({blob}) => blob)).toEqual([c, b]);
});

test('what is not what its name says is never used', async () => {
  const store = new Store();
  const blob = store.blob('right');
  const root = store.tree(['100644', 'a', blob]);
  store.forge(blob, Buffer.from('wrong'));
  expect(await read(store, root)).toMatchObject({ok: false, error: {kind: 'corrupt'}});
  const other = new Store();
  const tree = other.tree(['100644', 'a', other.blob('x')]);
  other.forge(tree, Buffer.from(''));
  expect(await read(other, tree)).toMatchObject({ok: false, error: {kind: 'corrupt'}});
});

test('a missing file or a torn folder is an error', async () => {
  const store = new Store();
  const missing = store.tree(['100644', 'a', '1'.repeat(40)]);
  expect(await read(store, missing)).toMatchObject({ok: false, error: {kind: 'corrupt'}});
  const torn = store.put('tree', Buffer.from('100644 a\0short'));
  expect(await read(store, torn)).toMatchObject({ok: false, error: {kind: 'corrupt'}});
});

test('folders that nest without end are refused', async () => {
  const store = new Store();
  let root = store.tree(['100644', 'a', store.blob('x')]);
  for (let depth = 0; depth < 40; depth += 1) root = store.tree(['40000', 'f', root]);
  expect(await read(store, root)).toMatchObject({ok: false, error: {kind: 'too-large'}});
});

test('the cache holds no more than its bound and forgets what was used least', () => {
  const cache = new BlobCache(10);
  for (const id of ['a', 'b', 'c']) cache.set(id, new Uint8Array(4));
  expect([cache.get('a'), cache.bytes]).toEqual([undefined, 8]);
  expect(cache.get('b')).not.toBe(undefined);
  cache.set('d', new Uint8Array(4));
  expect(cache.get('c')).toBe(undefined);
  expect(cache.get('b')).not.toBe(undefined);
  cache.set('d', new Uint8Array(2));
  expect(cache.bytes).toBe(6);
});
