// Why this exists: a verdict of ours must be git's own, over keys, lines of the allowed signers
// file and damage of every sort; and a range is as good as its worst commit.
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {createRepository, type Repository} from '../../test/fixtures/repository.ts';
import type {SignatureResult} from '../core/model.ts';
import {parseAllowedSigners} from './allowed-signers.ts';
import {parseCommit} from './commit.ts';
import {createSource} from './create-source.ts';
import {verifyCommit} from './verify-commits.ts';

const KEYS = {
  ed25519: ['-t', 'ed25519'],
  rsa2048: ['-t', 'rsa', '-b', '2048'],
  rsa3072: ['-t', 'rsa', '-b', '3072'],
  p256: ['-t', 'ecdsa', '-b', '256'],
  p384: ['-t', 'ecdsa', '-b', '384'],
  p521: ['-t', 'ecdsa', '-b', '521'],
} as const;
type KeyName = keyof typeof KEYS;
// Safe: the keys of a constant object are exactly its key type.
const KEY_NAMES = Object.keys(KEYS) as KeyName[];

const KEYGEN = 'ssh-keygen';

let folder = '';
let repository: Repository;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signed-'));
  repository = createRepository(join(folder, 'work'));
  for (const name of KEY_NAMES) {
    execFileSync(KEYGEN, ['-q', ...KEYS[name], '-N', '', '-C', name, '-f', join(folder, name)]);
  }
}, 60_000);
afterAll(() => rmSync(folder, {recursive: true, force: true}));

function publicKey(name: KeyName): string {
  return readFileSync(join(folder, `${name}.pub`), 'utf8').trim();
}

function signed(name: KeyName, content: string): string {
  repository.git('config', 'gpg.format', 'ssh');
  repository.git('config', 'user.signingKey', join(folder, name));
  repository.git('config', 'commit.gpgSign', 'true');
  const id = repository.commit({file: content});
  repository.git('config', 'commit.gpgSign', 'false');
  return id;
}

function raw(id: string): Buffer {
  return execFileSync('git', ['cat-file', 'commit', id], {cwd: repository.folder});
}

/** Git's own verdict, by its exit status: its words say "Good" for unknown keys too. */
function gitVerdict(id: string, allowed: string): 'good' | 'bad' {
  const file = join(folder, 'allowed');
  writeFileSync(file, allowed);
  const config = ['-c', 'gpg.format=ssh', '-c', `gpg.ssh.allowedSignersFile=${file}`];
  const {status} = spawnSync('git', [...config, 'verify-commit', id], {cwd: repository.folder});
  return status === 0 ? 'good' : 'bad';
}

function ourVerdict(id: string, allowed: string) {
  return verifyCommit(raw(id), parseAllowedSigners(allowed).signers);
}

describe('we and git agree', () => {
  test.each(KEY_NAMES)('on a commit signed with %s', (name) => {
    const id = signed(name, name);
    const allowed = `ada@example.org ${publicKey(name)}\n`;
    expect(gitVerdict(id, allowed)).toBe('good');
    expect(ourVerdict(id, allowed)).toEqual({kind: 'good', principal: 'ada@example.org'});
    const other = publicKey(name === 'ed25519' ? 'p256' : 'ed25519');
    expect(gitVerdict(id, `ada@example.org ${other}\n`)).toBe('bad');
    expect(ourVerdict(id, `ada@example.org ${other}\n`).kind).toBe('bad');
  });

  const lines: readonly (readonly [string, (key: string) => string])[] = [
    ['a comment and an empty line before', (key) => `# x\n\nada ${key}\n`],
    ['a key without a comment', (key) => `ada ${key.split(' ').slice(0, 2).join(' ')}\n`],
    ['several principals', (key) => `ada,bob ${key}\n`],
    ['a pattern', (key) => `*@example.org ${key}\n`],
    ['a quoted principal', (key) => `"ada" ${key}\n`],
    ['a denied principal first', (key) => `!bob,ada ${key}\n`],
    ['the namespace git', (key) => `ada namespaces="git" ${key}\n`],
    ['git among namespaces', (key) => `ada namespaces="file,git" ${key}\n`],
    ['a pattern of namespaces', (key) => `ada namespaces="g*" ${key}\n`],
    ['another namespace', (key) => `ada namespaces="file" ${key}\n`],
    ['a denied namespace', (key) => `ada namespaces="*,!git" ${key}\n`],
    ['valid before the commit', (key) => `ada valid-before="20200101" ${key}\n`],
    ['valid after the commit', (key) => `ada valid-after="20300101" ${key}\n`],
    ['valid around it', (key) => `ada valid-after="20200101",valid-before="203001010000" ${key}\n`],
    ['valid, with seconds', (key) => `ada valid-after="20200101000000" ${key}\n`],
    ['options in capitals', (key) => `ada NAMESPACES="git" ${key}\n`],
    ['an unknown option', (key) => `ada wonder="git" ${key}\n`],
    ['a date that is none', (key) => `ada valid-after="20201301" ${key}\n`],
    ['a certificate authority', (key) => `ada cert-authority ${key}\n`],
    ['no principal', (key) => `${key}\n`],
    ['no key', () => 'ada\n'],
    ['an empty file', () => ''],
    ['a damaged key', (key) => `ada ${key.replace('AAAA', 'AAAB')}\n`],
    [
      'an expired line before a valid one',
      (key) => {
        return `ada valid-before="20200101" ${key}\nbob ${key}\n`;
      },
    ],
    [
      'another namespace before the right one for another person',
      (key) => {
        return `ada namespaces="file" ${key}\nbob namespaces="git" ${key}\n`;
      },
    ],
    [
      'another namespace before the right one for the same person',
      (key) => {
        return `ada namespaces="file" ${key}\nada namespaces="git" ${key}\n`;
      },
    ],
  ];
  test.each(lines)('on allowed signers with %s', (_reason, write) => {
    const id = signed('ed25519', 'lines');
    const allowed = write(publicKey('ed25519'));
    expect(ourVerdict(id, allowed).kind).toBe(gitVerdict(id, allowed));
  });

  const damages: readonly (readonly [string, (text: string) => string])[] = [
    ['another author', (text) => text.replace('author Ada', 'author Eve')],
    ['another tree', (text) => text.replace(/^tree ..../, 'tree 0000')],
    ['another message', (text) => text.replace('Change', 'change')],
    ['a message that grew', (text) => `${text}more\n`],
    [
      'a changed signature',
      (text) =>
        text.replace(/\n U1NIU0lH(.{60})(.)/, (_all, head, letter) => {
          return `\n U1NIU0lH${head}${letter === 'A' ? 'B' : 'A'}`;
        }),
    ],
    ['no signature', (text) => text.replace(/gpgsig [\s\S]*?-----END SSH SIGNATURE-----\n/, '')],
    ['a second signature', (text) => text.replace(/(gpgsig [\s\S]*?SIGNATURE-----\n)/, '$1$1')],
    ['an unsigned header after it', (text) => text.replace(/\n\n/, '\nx-more 1\n\n')],
    ['a signature of another sort', (text) => text.replaceAll('SSH SIGNATURE', 'PGP SIGNATURE')],
  ];
  test.each(damages)('on a commit with %s', (_reason, damage) => {
    const id = signed('ed25519', 'damage');
    const allowed = `ada ${publicKey('ed25519')}\n`;
    const text = raw(id).toString();
    const damaged = damage(text);
    expect(damaged).not.toBe(text);
    const hash = ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'];
    const other = execFileSync('git', hash, {cwd: repository.folder, input: damaged});
    const bad = other.toString().trim();
    expect(ourVerdict(bad, allowed).kind).toBe('bad');
    expect(gitVerdict(bad, allowed)).toBe('bad');
  });
});

test('the payload is the commit without its signature, byte for byte', () => {
  const id = signed('ed25519', 'payload');
  const commit = parseCommit(raw(id));
  const expected = raw(id)
    .toString()
    .replace(/gpgsig [\s\S]*?SIGNATURE-----\n(?=\n)/, '');
  expect(Buffer.from(commit?.payload ?? []).toString()).toBe(expected);
});

describe('a range', () => {
  async function follow(last: string | null, allowed: string): Promise<SignatureResult> {
    const signers = join(folder, 'signers');
    writeFileSync(signers, allowed);
    const settings = {
      kind: 'git',
      url: `file://${repository.folder}`,
      branch: 'main',
      path: '',
      engine: 'auto',
      username: 'git',
      caFile: null,
      ssh: null,
      allowedSigners: signers,
      timeoutMs: 30_000,
    } as const;
    const world = {
      dataFolder: join(folder, 'data'),
      environment: process.env,
      token: async () => ({ok: true, value: null}) as const,
    };
    const result = await createSource('signed', settings, world).fetch(last);
    if (!result.ok) throw new Error(result.error.message);
    return result.value.signature;
  }

  test('is good when every commit of it is, whatever came before', async () => {
    const unsigned = repository.commit({file: 'before'});
    signed('ed25519', 'r1');
    signed('rsa2048', 'r2');
    const allowed = `ada ${publicKey('ed25519')}\nbob ${publicKey('rsa2048')}\n`;
    expect(await follow(unsigned, allowed)).toEqual({kind: 'good', principal: 'bob'});
  });

  test('is bad for one unsigned commit in the middle, though the head is signed', async () => {
    const last = signed('ed25519', 'm1');
    const middle = repository.commit({file: 'm2'});
    const head = signed('ed25519', 'm3');
    const verdict = await follow(last, `ada ${publicKey('ed25519')}\n`);
    const because = `commit ${middle.slice(0, 12)}: it is not signed`;
    expect(verdict).toEqual({kind: 'bad', because});
    expect(await follow(head, `ada ${publicKey('ed25519')}\n`)).toMatchObject({kind: 'good'});
  });

  test('is bad for an unsigned commit that a merge brought in', async () => {
    const last = signed('ed25519', 'b1');
    repository.git('checkout', '-q', '-b', 'side');
    repository.commit({other: 'unsigned'});
    repository.git('checkout', '-q', 'main');
    signed('ed25519', 'b2');
    repository.git('-c', 'commit.gpgSign=true', 'merge', '-q', '--no-ff', '-m', 'Merge', 'side');
    repository.git('branch', '-D', 'side');
    expect(await follow(last, `ada ${publicKey('ed25519')}\n`)).toMatchObject({kind: 'bad'});
  });

  test('is bad when the allowed signers allow nobody', async () => {
    signed('ed25519', 'n');
    expect(await follow(null, '')).toMatchObject({kind: 'bad'});
  });
});
