// Why this exists: proves what a source promises, on both engines, with real repositories, a real
// server that misbehaves, and the requests that it counted.
import {mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {handDeadline} from '../../test/fixtures/deadline.ts';
import {type GitHttp, serveGit} from '../../test/fixtures/git-http.ts';
import {createRepository, type Repository} from '../../test/fixtures/repository.ts';
import type {Revision} from '../core/model.ts';
import type {Source, SourceError} from '../core/ports.ts';
import type {Result} from '../core/result.ts';
import {type Bounds, createSource, type GitSettings} from './create-source.ts';

let folder = '';
let repository: Repository;
let server: GitHttp;
const sources: Source[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'source-'));
  repository = createRepository(join(folder, 'served', 'infra'));
  server = await serveGit(join(folder, 'served'));
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
  await server.close();
  rmSync(folder, {recursive: true, force: true});
});

type Way = 'builtin' | 'program over http' | 'program over file';
const WAYS: readonly Way[] = ['builtin', 'program over http', 'program over file'];
const HTTP_WAYS = WAYS.filter((way) => way !== 'program over file');

interface More extends Partial<Omit<GitSettings, 'kind' | 'engine'>> {
  readonly bounds?: Partial<Bounds>;
  readonly token?: string;
  readonly deadline?: (ms: number) => AbortSignal;
}

function open(way: Way, {bounds, token, deadline, ...more}: More = {}): Source {
  const url = way === 'program over file' ? `file://${folder}/served/infra` : `${server.url}/infra`;
  const settings: GitSettings = {
    kind: 'git',
    url,
    branch: 'main',
    path: '',
    engine: way === 'builtin' ? 'builtin' : 'program',
    username: 'git',
    caFile: null,
    ssh: null,
    allowedSigners: null,
    timeoutMs: 30_000,
    ...more,
  };
  const source = createSource('infra', settings, {
    dataFolder: join(folder, 'data'),
    environment: process.env,
    token: async () => ({ok: true, value: token ?? null}),
    ...(bounds === undefined ? {} : {bounds}),
    ...(deadline === undefined ? {} : {deadline}),
  });
  sources.push(source);
  return source;
}

function good(result: Result<Revision, SourceError>): Revision {
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result.value;
}

function bad(result: Result<Revision, SourceError>): SourceError['kind'] | 'no error' {
  return result.ok ? 'no error' : result.error.kind;
}

function texts(revision: Revision): {[path: string]: string} {
  const entries = revision.files.map(({path, bytes}) => [path, new TextDecoder().decode(bytes)]);
  return Object.fromEntries(entries);
}

describe.each(WAYS)('%s', (way) => {
  test('a commit’s files are read as they are, with author, subject and time', async () => {
    const commit = repository.commit({'a.yaml': 'a: 1\n', 'deep/er/b.yaml': 'ü'}, 'Two files');
    const revision = good(await open(way).fetch(null));
    expect(texts(revision)).toEqual({'a.yaml': 'a: 1\n', 'deep/er/b.yaml': 'ü'});
    expect(revision).toMatchObject({
      source: 'infra',
      commit,
      branch: 'main',
      author: 'Ada <ada@example.org>',
      subject: 'Two files',
      committedAt: 1_700_000_060_000,
      ancestry: 'first',
      skipped: [],
    });
    expect(revision.files[0]?.blob).toBe(repository.git('rev-parse', 'HEAD:a.yaml'));
  });

  test('only the sub-path is read, relative to it', async () => {
    repository.commit({'clusters/harness/vm.yaml': 'x', 'other.yaml': 'y'});
    const revision = good(await open(way, {path: 'clusters/harness/'}).fetch(null));
    expect(texts(revision)).toEqual({'vm.yaml': 'x'});
  });

  test('another branch is followed when asked for', async () => {
    repository.commit({a: '1'});
    repository.git('checkout', '-q', '-b', 'feature/x');
    const commit = repository.commit({a: '2'});
    repository.git('checkout', '-q', 'main');
    expect(good(await open(way, {branch: 'feature/x'}).fetch(null)).commit).toBe(commit);
  });

  test('ancestry is told against the last followed commit', async () => {
    const first = repository.commit({a: '1'});
    const source = open(way);
    expect(good(await source.fetch(null)).ancestry).toBe('first');
    expect(good(await source.fetch(first)).ancestry).toBe('same');
    repository.commit({a: '2'});
    const third = repository.commit({a: '3'});
    expect(good(await source.fetch(first))).toMatchObject({commit: third, ancestry: 'descendant'});
    expect(good(await open(way).fetch(first)).ancestry).toBe('descendant');
    expect(good(await source.fetch('folder-0123')).ancestry).toBe('unknown');
  });

  test('rewritten history and an older commit are never taken for progress', async () => {
    const first = repository.commit({a: '1'});
    const second = repository.commit({a: '2'});
    const source = open(way);
    good(await source.fetch(first));
    repository.git('reset', '--hard', '-q', first);
    expect(good(await source.fetch(second))).toMatchObject({commit: first, ancestry: 'rewritten'});
    const other = repository.commit({a: 'other'});
    expect(good(await source.fetch(second))).toMatchObject({commit: other, ancestry: 'rewritten'});
    const never = 'f'.repeat(40);
    expect(good(await open(way).fetch(never)).ancestry).toBe('rewritten');
  });

  test('a merge that contains the last commit descends from it', async () => {
    const first = repository.commit({a: '1'});
    repository.git('checkout', '-q', '-b', 'side');
    const side = repository.commit({b: '1'});
    repository.git('checkout', '-q', 'main');
    repository.commit({c: '1'});
    repository.git('merge', '-q', '--no-ff', '-m', 'Merge', 'side');
    for (const last of [first, side]) {
      expect(good(await open(way).fetch(last)).ancestry).toBe('descendant');
    }
  });

  test('a vanished branch is an error and its return is followed', async () => {
    const first = repository.commit({a: '1'});
    const source = open(way);
    good(await source.fetch(null));
    repository.git('branch', '-m', 'main', 'gone');
    expect(bad(await source.fetch(first))).toBe('branch-missing');
    repository.git('branch', '-m', 'gone', 'main');
    expect(good(await source.fetch(first)).ancestry).toBe('same');
  });

  test('a repository without commits is an error, never an empty revision', async () => {
    expect(bad(await open(way).fetch(null))).toBe('branch-missing');
  });

  test('a vanished path, a path that is a file and an emptied repository are errors', async () => {
    const first = repository.commit({'on/a.yaml': '1'});
    const source = open(way, {path: 'on'});
    good(await source.fetch(null));
    repository.commit({on: null, 'off/a.yaml': '1'});
    expect(bad(await source.fetch(first))).toBe('path-missing');
    repository.commit({on: 'a file now'});
    expect(bad(await source.fetch(first))).toBe('path-missing');
    const whole = open(way);
    good(await whole.fetch(null));
    repository.commit({on: null, 'off/a.yaml': null});
    expect(bad(await whole.fetch(first))).toBe('path-missing');
  });

  test('links, submodules, LFS pointers and big files are left out with a reason', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n';
    repository.commit({ok: 'x', lfs: pointer, big: 'x'.repeat(2001), edge: 'x'.repeat(2000)});
    repository.link('link', '/etc/passwd');
    repository.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},module`);
    repository.git('-c', 'core.commentChar=;', 'commit', '-q', '-m', 'Submodule');
    const revision = good(await open(way, {bounds: {maxFileBytes: 2000}}).fetch(null));
    expect(Object.keys(texts(revision))).toEqual(['edge', 'ok']);
    expect(revision.skipped).toEqual([
      {path: 'big', because: 'larger than 2000 bytes'},
      {path: 'lfs', because: 'Git LFS pointer'},
      {path: 'link', because: 'symbolic link'},
      {path: 'module', because: 'submodule'},
    ]);
  });

  test('too much altogether is an error', async () => {
    repository.commit({a: 'x'.repeat(900), b: 'y'.repeat(900)});
    expect(bad(await open(way, {bounds: {maxTotalBytes: 1000}}).fetch(null))).toBe('too-large');
    expect(bad(await open(way, {bounds: {maxEntries: 1}}).fetch(null))).toBe('too-large');
  });

  test('a damaged mirror heals by itself', async () => {
    repository.commit({a: '1'});
    good(await open(way).fetch(null));
    const mirror = join(folder, 'data', 'git', readdirSync(join(folder, 'data', 'git'))[0] ?? '');
    rmSync(join(mirror, 'objects'), {recursive: true});
    expect(texts(good(await open(way).fetch(null)))).toEqual({a: '1'});
  });

  test('many fetches do not grow the mirror', async () => {
    repository.commit({a: '0'});
    const source = open(way, {bounds: {maxPacks: 4}});
    let most = 0;
    for (let turn = 1; turn <= 14; turn += 1) {
      const commit = repository.commit({a: String(turn)});
      expect(good(await source.fetch(null))).toMatchObject({commit});
      most = Math.max(most, countPacks());
    }
    expect(most).toBeLessThanOrEqual(4);
    expect(readdirSync(join(folder, 'data', 'git'))).toHaveLength(1);
  });

  test('an aborted signal cancels', async () => {
    repository.commit({a: '1'});
    expect(bad(await open(way).fetch(null, AbortSignal.abort()))).toBe('cancelled');
  });
});

function countPacks(): number {
  const mirrors = join(folder, 'data', 'git');
  return readdirSync(mirrors)
    .flatMap((name) => readdirSync(join(mirrors, name, 'objects', 'pack')))
    .filter((name) => name.endsWith('.pack')).length;
}

describe.each(HTTP_WAYS)('%s', (way) => {
  test('an unchanged remote costs one light request', async () => {
    const first = repository.commit({a: '1'});
    const source = open(way);
    good(await source.fetch(null));
    const before = server.seen.length;
    const again = good(await source.fetch(first));
    const asked = server.seen.slice(before).map(({method, path}) => `${method} ${path}`);
    // Version 2 of the protocol, which the program speaks, lists branches in a second, small call.
    const listing = way === 'builtin' ? [] : ['POST /infra/git-upload-pack'];
    expect(asked).toEqual(['GET /infra/info/refs?service=git-upload-pack', ...listing]);
    expect(again.ancestry).toBe('same');
  });

  test('after a restart an unchanged remote is read from the mirror', async () => {
    const first = repository.commit({a: '1'});
    good(await open(way).fetch(null));
    const before = server.seen.length;
    expect(texts(good(await open(way).fetch(first)))).toEqual({a: '1'});
    expect(server.seen.length - before).toBeLessThanOrEqual(2);
  });

  test('the token goes along, and a wrong one is told without repeating it', async () => {
    repository.commit({a: '1'});
    await server.close();
    server = await serveGit(join(folder, 'served'), 'right');
    expect(texts(good(await open(way, {token: 'right'}).fetch(null)))).toEqual({a: '1'});
    const failed = await open(way, {token: 'hunter2'}).fetch(null);
    expect(bad(failed)).toBe('unauthorised');
    expect(JSON.stringify(failed)).not.toContain('hunter2');
    expect(bad(await open(way).fetch(null))).toBe('unauthorised');
  });

  test('a redirect to another origin is refused and sees no token', async () => {
    repository.commit({a: '1'});
    const other = await serveGit(join(folder, 'served'));
    server.misbehave({kind: 'redirect', to: other.url});
    const failed = await open(way, {token: 'hunter2'}).fetch(null);
    await other.close();
    expect(bad(failed)).toBe('refused');
    expect(other.seen).toEqual([]);
  });

  test('a remote that hangs ends in a timeout', async () => {
    repository.commit({a: '1'});
    server.misbehave({kind: 'hang'});
    expect(bad(await open(way, {timeoutMs: 500}).fetch(null))).toBe('timeout');
  });

  test('a remote that hangs while it sends the history ends in a timeout', async () => {
    repository.commit({a: '1'});
    const {deadline, pass} = handDeadline();
    const source = open(way, {deadline});
    server.misbehave({kind: 'hang'}, /\/git-upload-pack$/);
    const hanging = source.fetch(null);
    while (!server.seen.some(({path}) => path.endsWith('/git-upload-pack'))) await delay(5);
    pass();
    expect(bad(await hanging)).toBe('timeout');
    server.misbehave({kind: 'none'});
    expect(texts(good(await source.fetch(null)))).toEqual({a: '1'});
  });

  const halves = [
    {bytes: 0, clean: false, where: /info.refs/},
    {bytes: 60, clean: false, where: /info.refs/},
    {bytes: 60, clean: true, where: /info.refs/},
    {bytes: 120, clean: true, where: /info.refs/},
    {bytes: 30, clean: false, where: /\/git-upload-pack$/},
    {bytes: 30, clean: true, where: /\/git-upload-pack$/},
    {bytes: 220, clean: true, where: /\/git-upload-pack$/},
    {bytes: 400, clean: false, where: /\/git-upload-pack$/},
    {bytes: 400, clean: true, where: /\/git-upload-pack$/},
  ];
  test.each(halves)('half an answer is an error: $where $bytes $clean', async (half) => {
    const first = repository.commit({a: 'a'.repeat(300), b: 'b'});
    const source = open(way);
    good(await source.fetch(null));
    repository.commit({a: Array.from({length: 400}, (_, at) => `${at * 7919}`).join(' ')});
    server.misbehave({kind: 'half', bytes: half.bytes, clean: half.clean}, half.where);
    const failed = await source.fetch(first);
    expect(['corrupt', 'unreachable', 'timeout']).toContain(bad(failed));
    server.misbehave({kind: 'none'});
    expect(good(await source.fetch(first)).ancestry).toBe('descendant');
    const {length} = texts(good(await open(way).fetch(first)))['a'] ?? '';
    expect(length).toBeGreaterThan(2000);
  });

  test.each([
    [403, 'unauthorised'],
    [404, 'unreachable'],
    [500, 'unreachable'],
    [503, 'unreachable'],
  ])('an answer %i is told as %s, without the server’s words', async (status, kind) => {
    repository.commit({a: '1'});
    server.misbehave({kind: 'status', status});
    const failed = await open(way).fetch(null);
    expect(bad(failed)).toBe(kind);
    expect(JSON.stringify(failed)).not.toContain('hunter2');
  });

  test('a server that is not there is unreachable', async () => {
    await server.close();
    expect(bad(await open(way).fetch(null))).toBe('unreachable');
    server = await serveGit(join(folder, 'served'));
  });
});

test('a source whose address changed leaves no mirror behind, and others keep theirs', async () => {
  repository.commit({a: '1'});
  const mirrors = join(folder, 'data', 'git');
  for (const name of [`infra-${'0'.repeat(12)}`, 'infra-two-abcdefabcdef', 'infra-kept']) {
    mkdirSync(join(mirrors, name), {recursive: true});
  }
  good(await open('program over file').fetch(null));
  good(await open('builtin').fetch(null));
  expect(readdirSync(mirrors).filter((name) => /^infra-[0-9a-f]{12}$/.test(name))).toHaveLength(1);
  expect(readdirSync(mirrors)).toEqual(expect.arrayContaining(['infra-kept']));
  expect(readdirSync(mirrors)).toEqual(expect.arrayContaining(['infra-two-abcdefabcdef']));
});

describe('in process', () => {
  test('a redirect within the origin is followed', async () => {
    repository.commit({a: '1'});
    server.misbehave({kind: 'redirect', to: `${server.url}/moved`}, /^\/old/);
    repository.git('clone', '-q', '--bare', '.', join(folder, 'served', 'moved', 'old'));
    const source = open('builtin', {url: `${server.url}/old`});
    expect(texts(good(await source.fetch(null)))).toEqual({a: '1'});
  });

  test('a changed remote costs three requests and sends only what is new', async () => {
    repository.commit({a: '1'});
    const source = open('builtin');
    good(await source.fetch(null));
    const before = server.seen.length;
    repository.commit({a: '2'});
    good(await source.fetch(null));
    expect(server.seen.length - before).toBe(3);
  });

  test('a pack that is too large is refused', async () => {
    const noise = Array.from({length: 9000}, (_, at) => (at * 7919) % 9973).join(' ');
    repository.commit({a: noise});
    const source = open('builtin', {bounds: {maxPackBytes: 5000}});
    expect(bad(await source.fetch(null))).toBe('too-large');
  });
});
