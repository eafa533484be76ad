// Why this exists: over https the certificate is the proof of whom the token is given to; both
// engines are held to it with a server whose certificate no system knows.
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, test} from 'vitest';
import {type GitHttp, serveGit} from '../../test/fixtures/git-http.ts';
import {createRepository} from '../../test/fixtures/repository.ts';
import {makeCertificate} from '../simulator/certificate.ts';
import {createSource} from './create-source.ts';

let folder = '';
let commit = '';
let server: GitHttp;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'https-'));
  commit = createRepository(join(folder, 'served', 'infra')).commit({a: '1'});
  const certificate = makeCertificate(Date.now());
  writeFileSync(join(folder, 'ca.pem'), certificate.certificatePem);
  writeFileSync(join(folder, 'other.pem'), makeCertificate(Date.now()).certificatePem);
  server = await serveGit(join(folder, 'served'), 'hunter2', certificate);
});
afterEach(async () => {
  await server.close();
  rmSync(folder, {recursive: true, force: true});
});

describe.each(['builtin', 'program'] as const)('%s', (engine) => {
  function fetchWith(ca: string | null) {
    const settings = {
      kind: 'git',
      url: `${server.url}/infra`,
      branch: 'main',
      path: '',
      engine,
      username: 'git',
      caFile: ca === null ? null : join(folder, ca),
      ssh: null,
      allowedSigners: null,
      timeoutMs: 20_000,
    } as const;
    return createSource('infra', settings, {
      dataFolder: join(folder, 'data'),
      environment: process.env,
      token: async () => ({ok: true, value: 'hunter2'}),
    }).fetch(null);
  }

  test('a server with a certificate of the configured authority is followed', async () => {
    expect(await fetchWith('ca.pem')).toMatchObject({ok: true, value: {commit}});
  });

  test.each([
    ['no authority is configured', null],
    ['another authority is configured', 'other.pem'],
  ])('when %s, the server sees no request', async (_reason, ca) => {
    const failed = await fetchWith(ca);
    expect(failed).toMatchObject({ok: false, error: {kind: 'unreachable'}});
    expect(failed.ok ? '' : failed.error.message).toContain('certificate');
    expect(server.seen).toEqual([]);
  });

  test('a file of authorities that is not there is told, and nothing is sent', async () => {
    expect((await fetchWith('missing.pem')).ok).toBe(false);
    expect(server.seen).toEqual([]);
  });
});
