// Why this exists: ssh is the one way to a repository that no server of ours can stand in for, so a
// source is followed through OpenSSH's own, with keys and known hosts as a configuration gives
// them.
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {createSource, type GitSettings} from '../../src/source/create-source.ts';
import {createRepository, type Repository} from '../fixtures/repository.ts';
import {needs} from '../parts.ts';
import {type Sshd, startSshd} from './sshd.ts';

describe.runIf(needs('git', 'ssh', 'sshd'))('a repository over ssh', () => {
  let folder = '';
  let repository: Repository;
  let sshd: Sshd;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ssh-'));
    mkdirSync(join(folder, 'sshd'));
    repository = createRepository(join(folder, 'infra'));
    sshd = await startSshd(join(folder, 'sshd'));
  });

  afterAll(async () => {
    await sshd?.close();
    rmSync(folder, {recursive: true, force: true});
  });

  async function fetchWith(ssh: GitSettings['ssh']) {
    const settings: GitSettings = {
      kind: 'git',
      url: `${sshd.url}${repository.folder}`,
      branch: 'main',
      path: 'clusters/harness',
      engine: 'auto',
      username: 'git',
      caFile: null,
      ssh,
      allowedSigners: null,
      timeoutMs: 30_000,
    };
    const source = createSource('infra', settings, {
      dataFolder: mkdtempSync(join(folder, 'data-')),
      environment: process.env,
      token: async () => ({ok: true, value: null}),
    });
    try {
      return await source.fetch(null);
    } finally {
      await source.close();
    }
  }

  it('is followed with the key and the known hosts of the configuration', async () => {
    const {identityFile, knownHostsFile} = sshd;
    const commit = repository.commit({'clusters/harness/vm.yaml': 'kind: VirtualMachine\n'});
    const revision = await fetchWith({identityFile, knownHostsFile});
    expect(revision).toMatchObject({ok: true, value: {commit, files: [{path: 'vm.yaml'}]}});
  });

  it('is not read from a host whose key is another than the known one', async () => {
    const {identityFile, wrongHostsFile} = sshd;
    const answer = await fetchWith({identityFile, knownHostsFile: wrongHostsFile});
    expect(answer).toMatchObject({ok: false, error: {kind: 'unauthorised'}});
  });

  it('is not read with a key that the host does not know', async () => {
    const {strangerFile, knownHostsFile} = sshd;
    const answer = await fetchWith({identityFile: strangerFile, knownHostsFile});
    expect(answer).toMatchObject({ok: false, error: {kind: 'unauthorised'}});
  });
});
