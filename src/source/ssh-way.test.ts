// Why this exists: what ssh is told decides whom it trusts. A program in its place writes down its
// arguments and surroundings; OpenSSH itself is driven in test/system.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {handDeadline} from '../../test/fixtures/deadline.ts';
import {createRepository, type Repository} from '../../test/fixtures/repository.ts';
import {createSource, type GitSettings} from './create-source.ts';

let folder = '';
let repository: Repository;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssh-'));
  mkdirSync(join(folder, 'bin'));
  repository = createRepository(join(folder, 'infra'));
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

/** An `ssh` that notes what it was given and then runs the script; `$last` is the command. */
function install(script: string): void {
  const program = join(folder, 'bin', 'ssh');
  const note = `printf '%s\\n' "$@" > "${folder}/args"; env > "${folder}/env"`;
  writeFileSync(program, `#!/bin/sh\n${note}\nfor last; do :; done\n${script}\n`);
  chmodSync(program, 0o755);
}

function fetchOver(
  more: Partial<GitSettings> = {},
  environment: {[name: string]: string} = {},
  deadline?: (ms: number) => AbortSignal,
) {
  const settings: GitSettings = {
    kind: 'git',
    url: `git@host.example:${repository.folder}`,
    branch: 'main',
    path: '',
    engine: 'auto',
    username: 'git',
    caFile: null,
    ssh: {identityFile: '/etc/pvegit/key', knownHostsFile: '/etc/pvegit/known_hosts'},
    allowedSigners: null,
    timeoutMs: 20_000,
    ...more,
  };
  const path = `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`;
  return createSource('infra', settings, {
    dataFolder: join(folder, 'data'),
    environment: {...environment, PATH: path, TOKEN: 'hunter2'},
    token: async () => ({ok: true, value: 'hunter2'}),
    ...(deadline === undefined ? {} : {deadline}),
  }).fetch(null);
}

const GONE = ['gone', 'Z', 'X'];

const seen = (name: 'args' | 'env') => readFileSync(join(folder, name), 'utf8').split('\n');

test('hosts and keys come from the configuration, and nobody is asked', async () => {
  install('exec sh -c "$last"');
  const commit = repository.commit({a: '1'});
  expect(await fetchOver()).toMatchObject({ok: true, value: {commit}});
  const args = seen('args');
  expect(args.slice(0, 2)).toEqual(['-F', '/dev/null']);
  expect(args).toEqual(
    expect.arrayContaining([
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      'UserKnownHostsFile=/etc/pvegit/known_hosts',
      'GlobalKnownHostsFile=/dev/null',
      'IdentitiesOnly=yes',
      '/etc/pvegit/key',
      'git@host.example',
    ]),
  );
});

test('no token reaches ssh, and the agent only when no key is configured', async () => {
  install('exec sh -c "$last"');
  repository.commit({a: '1'});
  const agent = {SSH_AUTH_SOCK: '/run/agent', GIT_SSH: '/bin/evil', GIT_PROXY_COMMAND: 'evil'};
  await fetchOver({}, agent);
  expect(seen('env').join('\n')).not.toMatch(/hunter2|SSH_AUTH_SOCK|evil/);
  await fetchOver({ssh: {identityFile: null, knownHostsFile: '/known'}}, agent);
  expect(seen('env')).toContain('SSH_AUTH_SOCK=/run/agent');
});

test.each([
  ['Host key verification failed.', 'unauthorised'],
  ['git@host: Permission denied (publickey).', 'unauthorised'],
  ['ssh: Could not resolve hostname host.example: Name or service not known', 'unreachable'],
  ['ssh: connect to host host.example port 22: Connection refused', 'unreachable'],
  ['ssh: connect to host host.example port 22: Connection timed out', 'timeout'],
  ["fatal: '/x' does not appear to be a git repository", 'unreachable'],
])('%s: %s', async (words, kind) => {
  install(`echo "${words}" >&2; exit 255`);
  const answer = await fetchOver();
  expect(answer).toMatchObject({ok: false, error: {kind}});
  expect(JSON.stringify(answer)).not.toContain(words);
});

test('an ssh that hangs is ended with everything it started', async () => {
  install(`sleep 600 & echo $! > "${folder}/child"; wait`);
  const {deadline, pass} = handDeadline();
  const hanging = fetchOver({}, {}, deadline);
  const child = await written('child');
  expect(GONE).not.toContain(stateOf(child));
  pass();
  expect(await hanging).toMatchObject({ok: false, error: {kind: 'timeout'}});
  // A signal that was sent may take a moment to be taken; only a failing test waits for long.
  while (!GONE.includes(stateOf(child))) await delay(5);
});

/** The line that a program writes into a file, once it is whole. */
async function written(name: string): Promise<string> {
  for (;;) {
    const file = join(folder, name);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.endsWith('\n')) return text.trim();
    await delay(5);
  }
}

/** A letter of proc(5) stat, or `gone`. */
function stateOf(pid: string): string {
  try {
    return /\) (.) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? 'gone';
  } catch {
    return 'gone';
  }
}

test('an address cannot become an option of ssh', async () => {
  install('exit 1');
  for (const url of ['-oProxyCommand=x:y', 'ssh://-oProxyCommand=x/y', 'ssh://h/-oX']) {
    expect(await fetchOver({url})).toMatchObject({ok: false, error: {kind: 'refused'}});
  }
  expect(() => seen('args')).toThrow('ENOENT');
});
