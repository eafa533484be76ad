// Why this exists: what a fetch costs is counted in objects read, so that a commit to a large
// repository stays as cheap as what it changes.
import {createHash} from 'node:crypto';
import {describe, expect, it} from 'vitest';
import {ok} from '../core/result.ts';
import {BOUNDS} from './create-source.ts';
import type {Engine, RawObject} from './engine.ts';
import {createGitSource} from './git-source.ts';

/** A remote of one folder of files, and what was asked of it. */
class CountedRemote {
  readonly asked: string[] = [];
  resets = 0;
  fetches = 0;
  readonly #objects = new Map<string, RawObject>();
  #tip = '';

  commit(files: {readonly [name: string]: string}): void {
    const entries = Object.entries(files).map(([name, text]) => {
      const blob = this.#add('blob', Buffer.from(text));
      return Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, 'hex')]);
    });
    const tree = this.#add('tree', Buffer.concat(entries));
    const who = 'Tester <tester@example.invalid> 1767600000 +0000';
    const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nA commit\n`;
    this.#tip = this.#add('commit', Buffer.from(text));
  }

  /** Since it was last asked: types of the objects that were read. */
  taken(): readonly string[] {
    return this.asked.splice(0);
  }

  engine(): Engine {
    let fetched = '';
    return {
      tip: async () => ok(this.#tip),
      fetch: async () => {
        this.fetches += 1;
        fetched = this.#tip;
        return ok(fetched);
      },
      objects: async (ids) => {
        const here = fetched === this.#tip ? ids.flatMap((id) => this.#objects.get(id) ?? []) : [];
        this.asked.push(...here.map(({type}) => type));
        return ok({found: new Map(here.map((one) => [one.id, one])), tooLarge: new Set<string>()});
      },
      isAncestor: async () => ok(true),
      commitsBetween: async () => ok([]),
      rest: () => {},
      reset: async () => {
        this.resets += 1;
      },
    };
  }

  #add(type: string, bytes: Buffer): string {
    const head = `${type} ${bytes.length}\0`;
    const id = createHash('sha1').update(head).update(bytes).digest('hex');
    this.#objects.set(id, {id, type, bytes});
    return id;
  }
}

function follow(remote: CountedRemote, differs: Partial<Engine> & {prepare?: () => void} = {}) {
  const {prepare, ...engine} = differs;
  return createGitSource(
    'infra',
    {...remote.engine(), ...engine},
    {
      branch: 'main',
      path: [],
      timeoutMs: 60_000,
      allowedSigners: null,
      bounds: BOUNDS,
      prepare: async () => prepare?.(),
    },
  );
}

async function commitOf(source: ReturnType<typeof follow>, last: string | null): Promise<string> {
  const revision = await source.fetch(last);
  if (!revision.ok) throw new Error(revision.error.message);
  return revision.value.commit;
}

describe('what a fetch reads', () => {
  const files = Object.fromEntries(
    Array.from({length: 500}, (_, index) => [`guest-${1000 + index}.yaml`, `name: ${index}\n`]),
  );

  it('is every file once at first, and nothing while the remote is unchanged', async () => {
    const remote = new CountedRemote();
    remote.commit(files);
    const source = follow(remote);
    const commit = await commitOf(source, null);
    expect(remote.taken().filter((type) => type === 'blob').length).toBe(500);
    for (let time = 0; time < 3; time += 1) await commitOf(source, commit);
    expect(remote.taken()).toEqual([]);
    expect(remote.fetches).toBe(1);
  });

  it('is one file when a commit changes one, without a new clone', async () => {
    const remote = new CountedRemote();
    remote.commit(files);
    const source = follow(remote);
    const commit = await commitOf(source, null);
    remote.taken();
    remote.commit({...files, 'guest-1007.yaml': 'name: changed\n'});
    await commitOf(source, commit);
    expect(remote.taken().toSorted()).toEqual(['blob', 'commit', 'tree']);
    expect(remote.resets).toBe(0);
  });
});

it('a commit whose bytes are not those of its name is not read', async () => {
  const remote = new CountedRemote();
  remote.commit({'vm.yaml': 'name: 1\n'});
  const engine = remote.engine();
  const objects: Engine['objects'] = async (...asked) => {
    const answer = await engine.objects(...asked);
    if (!answer.ok) return answer;
    const found = [...answer.value.found].map(([id, object]) => {
      const bytes = Buffer.from(Buffer.from(object.bytes).toString('latin1').replace('A', 'B'));
      return [id, object.type === 'commit' ? {...object, bytes} : object] as const;
    });
    return ok({...answer.value, found: new Map(found)});
  };
  const source = follow(remote, {fetch: engine.fetch, objects});
  expect(await source.fetch(null)).toMatchObject({ok: false, error: {kind: 'corrupt'}});
});

describe('a mirror that the disk refuses', () => {
  const full = (): never => {
    throw Object.assign(new Error('no space left on device'), {code: 'ENOSPC'});
  };

  it.each([
    ['before the first fetch', {prepare: full}],
    ['when the remote is asked', {tip: async () => full()}],
    ['when it is fetched', {fetch: async () => full()}],
  ])('is a reason, and tried again: %s', async (_, differs) => {
    const remote = new CountedRemote();
    remote.commit({'vm.yaml': 'name: 1\n'});
    const source = follow(remote, differs);
    const message = 'the mirror cannot be used (ENOSPC)';
    const first = await source.fetch(null);
    expect(first).toMatchObject({ok: false, error: {kind: 'unreachable', message}});
    expect((await source.fetch(null)).ok).toBe('prepare' in differs);
  });

  it('is not the name for our own mistakes', async () => {
    const wrong = async () => {
      throw new TypeError('x is not a function');
    };
    const source = follow(new CountedRemote(), {tip: wrong});
    await expect(source.fetch(null)).rejects.toThrow('x is not a function');
  });
});
