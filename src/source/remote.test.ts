// Why this exists: what stands in a configuration must not become an option, a program, another
// file or another machine; the refusals are shown one by one, and what has to work beside them.
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {createSource, type GitSettings} from './create-source.ts';
import {branchProblem, mayCarryCredentials, parseRemote, parseSubPath} from './remote.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'refused-'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function fetchFrom(more: Partial<GitSettings>) {
  const settings: GitSettings = {
    kind: 'git',
    url: `file://${folder}/served`,
    branch: 'main',
    path: '',
    engine: 'auto',
    username: 'git',
    caFile: null,
    ssh: null,
    allowedSigners: null,
    timeoutMs: 5000,
    ...more,
  };
  return createSource('infra', settings, {
    dataFolder: folder,
    environment: process.env,
    token: async () => ({ok: true, value: 'hunter2'}),
  }).fetch(null);
}

describe('what is refused before anything is started', () => {
  const ssh = {identityFile: null, knownHostsFile: '/etc/pvegit/known_hosts'};
  test.each([
    ['a remote helper that runs programs', {url: 'ext::sh -c touch% x'}],
    ['an option as address', {url: '--upload-pack=touch x'}],
    ['an option as host', {url: 'ssh://-oProxyCommand=x/y', ssh}],
    ['an option as scp-style host', {url: '-oProxyCommand=x:y', ssh}],
    ['an option as path', {url: 'ssh://host/-x', ssh}],
    ['an option as branch', {branch: '--upload-pack=x'}],
    ['a range as branch', {branch: 'a..b'}],
    ['a path that climbs', {path: '../other'}],
    ['an absolute path', {path: '/etc'}],
    ['a password in the address', {url: 'https://git:hunter2@host/x'}],
    ['a user name in the address', {url: 'https://git@host/x'}],
    ['a query', {url: 'https://host/x?a=b'}],
    ['a file of another machine', {url: 'file://host/x'}],
    ['a file that climbs', {url: 'file:///a/../b'}],
    ['a folder as address', {url: '/srv/infra'}],
    ['a host that is none', {url: 'ssh://a$b/x', ssh}],
    ['an escape in an ssh path', {url: 'ssh://host/%41', ssh}],
    ['a file that climbs by escapes', {url: 'file:///a/%2e%2e/b'}],
    ['the engine for http with ssh', {url: 'git@host:x', ssh, engine: 'builtin' as const}],
    ['a protocol that is not spoken', {url: 'git://host/x'}],
    ['a line break', {url: 'https://host/x\nInjected: 1'}],
    ['ssh without known hosts', {url: 'git@host:x.git'}],
    [
      'known hosts that a shell would expand',
      {url: 'git@h:x', ssh: {...ssh, knownHostsFile: '/$(x)'}},
    ],
  ])('%s', async (_reason, more) => {
    const failed = await fetchFrom(more);
    expect(failed).toMatchObject({ok: false, error: {kind: 'refused'}});
    expect(JSON.stringify(failed)).not.toContain('hunter2');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a token over plain http to another machine', async () => {
    const failed = await fetchFrom({url: 'http://192.0.2.1/x'});
    expect(failed).toMatchObject({ok: false, error: {kind: 'refused'}});
    expect(JSON.stringify(failed)).not.toContain('hunter2');
  });
});

test.each([
  ['https://git.example/team/infra.git', 'https'],
  ['https://git.example:8443/infra', 'https'],
  ['http://[::1]:3000/infra', 'http'],
  ['ssh://git@git.example:2222/infra.git', 'ssh'],
  ['git@git.example:team/infra.git', 'ssh'],
  ['git.example:infra', 'ssh'],
  ['file:///srv/git/infra.git', 'file'],
])('%s is spoken by %s', (url, protocol) => {
  expect(parseRemote(url)).toEqual({ok: true, value: {protocol, url}});
});

test('a token may travel encrypted or to this machine', () => {
  const may = (url: string, protocol: 'http' | 'https') => mayCarryCredentials({url, protocol});
  expect(may('https://host/x', 'https')).toBe(true);
  for (const host of ['localhost', '127.0.0.1:80', '[::1]']) {
    expect(may(`http://${host}/x`, 'http')).toBe(true);
  }
  for (const host of ['host', '127.0.0.1.evil.example', '[::2]', '10.0.0.1']) {
    expect(may(`http://${host}/x`, 'http')).toBe(false);
  }
});

test.each(['main', 'feature/x', 'v1.2', 'a-b_c', 'ü'])('%s is a branch', (branch) => {
  expect(branchProblem(branch)).toBe(null);
});

test.each(['', '-x', 'a b', 'a..b', 'a@{1}', '@', '/a', 'a//b', '.a', 'a.lock', 'a.', 'a~', 'a:b'])(
  '"%s" is no branch',
  (branch) => {
    expect(branchProblem(branch)).not.toBe(null);
  },
);

test('a sub-path is taken apart, and refused when it could leave', () => {
  expect(parseSubPath('')).toEqual({ok: true, value: []});
  expect(parseSubPath('./a//b/')).toEqual({ok: true, value: ['a', 'b']});
  for (const path of ['/a', 'a/../b', '..', 'a/.git', 'a\\b']) {
    expect(parseSubPath(path).ok).toBe(false);
  }
});
