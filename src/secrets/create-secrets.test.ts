// Why this exists: proves what a manifest can reach through a Secret, and what it cannot.
import {chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import type {SecretDeclaration} from '../core/kind.ts';
import type {Log, Secrets} from '../core/ports.ts';
import {createSecrets, type SecretScope} from './create-secrets.ts';
import {ownReach, readReference} from './read-reference.ts';

let folder = '';
const warnings: unknown[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  mkdirSync(join(folder, 'in', 'deep'), {recursive: true});
  write('in/plain', 'hunter2\n');
  write('outside', 'hunter2');
  warnings.length = 0;
});
afterEach(() => rmSync(folder, {recursive: true, force: true}));

function write(path: string, text: string | Uint8Array, mode = 0o600): void {
  writeFileSync(join(folder, path), text);
  chmodSync(join(folder, path), mode);
}

const log: Log = {
  debug() {},
  info() {},
  warn: (message, fields) => void warnings.push({message, fields}),
  error() {},
  child: () => log,
};

const ENVIRONMENT = {
  DB_PASSWORD: 'hunter2',
  PVEGIT_SECRET_DB: 'hunter2',
  PVEGIT_HARNESS_TOKEN: 'hunter2',
  GIT_TOKEN_OF_OURS: 'hunter2',
  OWN: 'hunter2',
  HOME: '/root',
  EMPTY: '',
};

function open(from: SecretDeclaration['from'], more: Partial<SecretScope> = {}): Secrets {
  const at = {line: 1, column: 1, offset: 0};
  const range = {file: 's.yaml', start: at, end: at};
  return createSecrets({
    declarations: (source) => (source === 'team' ? [{name: 's', key: 'k', from, range}] : []),
    scope: () => ({folder: join(folder, 'in'), env: ['*'], ...more}),
    ownVariables: () => new Set(['OWN']),
    environment: ENVIRONMENT,
    hashKey: new Uint8Array(32).fill(7),
    log,
  });
}

const REF = {name: 's', key: 'k'};
const PLACE = {cluster: 'harness', vmid: 150, field: 'cloudInit.password'};

describe('a value comes from', () => {
  test.each<[string, SecretDeclaration['from']]>([
    ['a variable', {env: 'DB_PASSWORD'}],
    ['a variable with the prefix for secrets', {env: 'PVEGIT_SECRET_DB'}],
    ['a file of the folder, without its last line feed', {file: 'plain'}],
    ['a link that stays in the folder', {file: 'link-in'}],
  ])('%s', async (_reason, from) => {
    symlinkSync('plain', join(folder, 'in', 'link-in'));
    expect(await open(from).reveal('team', REF)).toEqual({ok: true, value: 'hunter2'});
  });

  test('an absolute path inside of the folder', async () => {
    const secrets = open({file: join(folder, 'in', 'plain')});
    expect(await secrets.reveal('team', REF)).toEqual({ok: true, value: 'hunter2'});
  });
});

describe('out of reach is', () => {
  test.each<[string, SecretDeclaration['from'], string]>([
    ['a token of the controller by its name', {env: 'PVEGIT_HARNESS_TOKEN'}, 'own'],
    ['a variable that the configuration reads', {env: 'OWN'}, 'own'],
    ['what steers git', {env: 'GIT_TOKEN_OF_OURS'}, 'own'],
    ['the home folder', {env: 'HOME'}, 'own'],
    ['a variable that is not set', {env: 'MISSING'}, 'not set'],
    ['a name that every object has', {env: 'constructor'}, 'not set'],
    ['an empty variable', {env: 'EMPTY'}, 'empty'],
    ['what is not a name', {env: 'A B'}, 'name'],
    ['a path that climbs', {file: '../outside'}, '`..`'],
    ['a file elsewhere', {file: '/etc/passwd'}, 'outside'],
    ['a link that leaves the folder', {file: 'link-out'}, 'outside'],
    ['a folder', {file: 'deep'}, 'not a file'],
    ['a missing file', {file: 'nothing'}, 'ENOENT'],
    ['an empty file', {file: 'empty'}, 'empty'],
    ['a file that is not text', {file: 'binary'}, 'cannot be read'],
    ['a file of 65 KiB', {file: 'big'}, 'larger'],
  ])('%s', async (_reason, from, because) => {
    symlinkSync('../outside', join(folder, 'in', 'link-out'));
    write('in/empty', '\n');
    write('in/binary', Uint8Array.from([0xff, 0xfe]));
    write('in/big', 'x'.repeat(65 * 1024));
    const result = await open(from).reveal('team', REF);
    if (result.ok) throw new Error('it was reached');
    expect(result.error.message).toContain(because);
    expect(result.error.message).not.toContain('hunter2');
  });

  test('a variable that the source’s scope does not name', async () => {
    const from = {env: 'DB_PASSWORD'};
    expect((await open(from, {env: ['OTHER', 'DBX*']}).reveal('team', REF)).ok).toBe(false);
    expect((await open(from, {env: ['DB_*']}).reveal('team', REF)).ok).toBe(true);
    expect((await open(from, {env: []}).reveal('team', REF)).ok).toBe(false);
  });

  test('another source’s Secret, an unknown key, any file without a folder', async () => {
    const secrets = open({env: 'DB_PASSWORD'});
    expect((await secrets.reveal('other', REF)).ok).toBe(false);
    expect((await secrets.reveal('team', {name: 's', key: 'x'})).ok).toBe(false);
    expect((await open({file: 'plain'}, {folder: null}).reveal('team', REF)).ok).toBe(false);
  });
});

test('a file that others can read is used and warned about, without its content', async () => {
  write('in/plain', 'hunter2', 0o644);
  expect((await open({file: 'plain'}).reveal('team', REF)).ok).toBe(true);
  expect(warnings).toMatchObject([{fields: {path: 'plain'}}]);
  expect(JSON.stringify(warnings)).not.toContain('hunter2');
});

test('a hash depends on the value and on every part of its place', async () => {
  const hash = async (from: SecretDeclaration['from'], place = PLACE): Promise<string> => {
    const result = await open(from).hash('team', REF, place);
    if (!result.ok) throw new Error(result.error.message);
    return result.value;
  };
  const base = await hash({env: 'DB_PASSWORD'});
  expect(base).toMatch(/^[0-9a-f]{64}$/);
  expect(await hash({file: 'plain'})).toBe(base);
  write('in/plain', 'other');
  const others = [
    await hash({file: 'plain'}),
    await hash({env: 'DB_PASSWORD'}, {...PLACE, cluster: 'b'}),
    await hash({env: 'DB_PASSWORD'}, {...PLACE, vmid: 151}),
    await hash({env: 'DB_PASSWORD'}, {...PLACE, field: 'x'}),
  ];
  expect(new Set([base, ...others]).size).toBe(5);
  expect((await open({env: 'MISSING'}).hash('team', REF, PLACE)).ok).toBe(false);
});

test('the controller’s own configuration reaches its tokens wherever they are', async () => {
  const reach = ownReach(ENVIRONMENT, () => {});
  for (const reference of [{env: 'PVEGIT_HARNESS_TOKEN'}, {file: join(folder, 'outside')}]) {
    const value = await readReference(reference, reach);
    expect(value.ok && value.value.reveal()).toBe('hunter2');
    expect(JSON.stringify(value)).not.toContain('hunter2');
  }
  expect((await readReference({file: join(folder, 'nothing')}, reach)).ok).toBe(false);
});
