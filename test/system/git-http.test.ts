// Why this exists: other suites take the bridge to git's own HTTP server for a real one, so git
// itself says first that it is.
import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {needs} from '../parts.ts';
import {type GitHttpServer, serveGit} from './git-http.ts';

const run = promisify(execFile);
const WHO = ['-c', 'user.name=dmg', '-c', 'user.email=dmg@harness.example'];
const ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};

let folder = '';
let server: GitHttpServer | null = null;

async function git(where: string, ...args: readonly string[]): Promise<string> {
  const {stdout} = await run('git', [...WHO, ...args], {cwd: join(folder, where), env: ENV});
  return stdout;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'git-http-'));
  await git('.', 'init', '-q', '--bare', '-b', 'main', 'infra.git');
});

afterEach(async () => {
  await server?.close();
  rmSync(folder, {recursive: true});
});

describe.runIf(needs('git'))('the Git server of the system suites', () => {
  it('takes a push and gives it back to a clone', async () => {
    server = await serveGit({root: folder});
    await git('.', 'clone', '-q', `${server.url}/infra.git`, 'first');
    writeFileSync(join(folder, 'first/vm.yaml'), 'kind: VirtualMachine\n');
    await git('first', 'add', '.');
    await git('first', 'commit', '-q', '-m', 'A machine');
    await git('first', 'push', '-q', 'origin', 'HEAD:main');
    await git('.', 'clone', '-q', `${server.url}/infra.git`, 'second');
    const text = readFileSync(join(folder, 'second/vm.yaml'), 'utf8');
    expect(text).toBe('kind: VirtualMachine\n');
    expect(server.requests.join('\n')).toContain('POST /infra.git/git-receive-pack');
  });

  it('lets nobody in without the password', async () => {
    server = await serveGit({root: folder, basicAuth: {user: 'reader', password: 's3cret'}});
    const {host} = new URL(server.url);
    await expect(git('.', 'ls-remote', `${server.url}/infra.git`)).rejects.toThrow();
    const wrong = `http://reader:wrong@${host}/infra.git`;
    await expect(git('.', 'ls-remote', wrong)).rejects.toThrow();
    const right = `http://reader:s3cret@${host}/infra.git`;
    await expect(git('.', 'ls-remote', right)).resolves.toBe('');
  });

  it('says that a repository is not there', async () => {
    server = await serveGit({root: folder});
    const answer = await fetch(`${server.url}/none.git/info/refs?service=git-upload-pack`);
    expect(answer.status).toBe(404);
  });
});
