// Why this exists: suites about sources need a real ssh server that nobody here wrote: OpenSSH's,
// on loopback, with keys of its own, for as long as a test runs.
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {freePort} from '../fixtures/free-port.ts';
import {findProgram} from '../parts.ts';

/** A running server; files are absolute paths. */
export type Sshd = {
  /** `ssh://user@127.0.0.1:port`, without a path. */
  readonly url: string;
  /** The private key that may enter. */
  readonly identityFile: string;
  /** A private key that may not. */
  readonly strangerFile: string;
  /** Knows the server. */
  readonly knownHostsFile: string;
  /** Knows another server at the same address. */
  readonly wrongHostsFile: string;
  readonly close: () => Promise<void>;
};

const KEYS = ['host', 'other-host', 'friend', 'stranger'] as const;

/** Starts OpenSSH's server in `folder`, which must exist and be empty. */
export async function startSshd(folder: string): Promise<Sshd> {
  for (const name of KEYS) makeKey(join(folder, name));
  const port = await freePort();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, {mode: 0o600});
    return join(folder, name);
  };
  const publicKey = (name: (typeof KEYS)[number]): string =>
    readFileSync(join(folder, `${name}.pub`), 'utf8');
  const config = file('sshd_config', configuration(folder, port));
  file('authorized_keys', publicKey('friend'));
  const close = await run(config, port);
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    identityFile: join(folder, 'friend'),
    strangerFile: join(folder, 'stranger'),
    knownHostsFile: file('known_hosts', `[127.0.0.1]:${port} ${publicKey('host')}`),
    wrongHostsFile: file('wrong_hosts', `[127.0.0.1]:${port} ${publicKey('other-host')}`),
    close,
  };
}

function configuration(folder: string, port: number): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'sshd.pid')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    // The test's folder lies below one that everybody can write.
    'StrictModes no',
    'UsePAM no',
    '',
  ].join('\n');
}

function makeKey(path: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
}

async function run(config: string, port: number): Promise<() => Promise<void>> {
  // OpenSSH insists on its folder for separated privileges when it runs as the administrator.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', {recursive: true, mode: 0o755});
  const program = findProgram('sshd') ?? 'sshd';
  const child = spawn(program, ['-D', '-e', '-f', config], {stdio: ['ignore', 'ignore', 'pipe']});
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const failed = ended.then(() => Promise.reject(new Error(`sshd ended: ${said}`)));
  failed.catch(() => undefined);
  await Promise.race([untilListening(port, ended), failed]);
  return async () => {
    child.kill();
    await ended;
  };
}

/** Resolves when the port takes a connection; each refusal is followed by another try. */
function untilListening(port: number, ended: Promise<void>): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  return new Promise((resolve) => {
    const attempt = (): void => {
      if (over) return;
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', () => setImmediate(attempt));
    };
    attempt();
  });
}
