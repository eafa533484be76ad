// Why this exists: the README's steps for a cluster of one's own are a promise to whoever follows
// them: they are taken out of it and executed as they stand, in an empty folder, by real processes.
import {type ChildProcess, spawn} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {realClock, realRandom} from '../../src/cli/world/clock.ts';
import type {Pve} from '../../src/core/ports.ts';
import {createPve} from '../../src/pve/client.ts';
import {createExchange} from '../../src/pve/exchange.ts';
import {needs} from '../parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/pvegit.mjs', import.meta.url));
const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/** What `pvegit simulate --listen --json` prints. */
interface Simulated {
  readonly url: string;
  readonly sha256: string;
  readonly token: string;
}

const home = mkdtempSync(join(tmpdir(), 'pvegit-own-'));
const folder = join(home, 'infra');
const environment: {[name: string]: string} = {
  HOME: home,
  NO_COLOR: '1',
  PVEGIT_LISTEN: '127.0.0.1:0',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Reader',
  GIT_AUTHOR_EMAIL: 'reader@example.invalid',
  GIT_COMMITTER_NAME: 'Reader',
  GIT_COMMITTER_EMAIL: 'reader@example.invalid',
};
let simulator: ChildProcess;
let simulated: Simulated;
let pve: Pve;

beforeAll(async () => {
  mkdirSync(folder);
  mkdirSync(join(home, 'bin'));
  const shim = join(home, 'bin/pvegit');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(shim, 0o755);
  environment['PATH'] = `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`;
  const words = ['--json', 'simulate', '--scene', 'neve', '--listen'];
  simulator = spawn(process.execPath, [PROGRAM, ...words], {env: environment});
  simulated = JSON.parse(await until(simulator, /\n\}/));
  const trust = {kind: 'pins', sha256: [simulated.sha256]} as const;
  pve = createPve({
    cluster: 'neve',
    endpoints: [{url: simulated.url, exchange: createExchange({url: simulated.url, trust})}],
    token: simulated.token,
    concurrency: {readsPerNode: 1},
    clock: realClock,
    random: realRandom,
  });
});

afterAll(async () => {
  await pve?.close();
  simulator?.kill('SIGTERM');
  rmSync(home, {recursive: true, force: true});
});

/** Collects what a process prints, on both streams, until a pattern is in it. */
function until(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (piece: Buffer) => {
        text += piece.toString();
        if (pattern.test(text)) resolve(text);
      });
    }
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}

/** The blocks of commands of the section, as somebody with this cluster would type them. */
function blocks(): readonly string[] {
  const [, section = ''] = readFileSync(README, 'utf8').split('\n## A cluster of your own\n');
  const [mine = ''] = section.split('\n## ');
  return [...mine.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].map(([, block = '']) =>
    block
      .replaceAll(/^ {3}/gm, '')
      .replaceAll('https://192.0.2.10:8006', simulated.url)
      .replaceAll(/pvegit@pve!controller=[0-9-]+/g, simulated.token),
  );
}

/** Runs a block, line by line of bash; each command must end as the README says. */
async function follow(block: string): Promise<string> {
  const checked = block
    .split('\n')
    .map((line) => {
      const expected = /# .*ends with (\d)/.exec(line)?.[1];
      return expected === undefined ? line : `(${line}\n) || test $? -eq ${expected}`;
    })
    .join('\n');
  // What a block exports, the next one still has, as in one terminal.
  const script = `set -e\n${checked}\nenv -0 > ${join(home, 'env')}\n`;
  const child = spawn('bash', ['-c', script], {cwd: folder, env: environment});
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  expect(code, text).toBe(0);
  for (const pair of readFileSync(join(home, 'env'), 'utf8').split('\0')) {
    const [name = '', ...value] = pair.split('=');
    if (name.startsWith('PVEGIT_')) environment[name] = value.join('=');
  }
  return text;
}

/** The configuration of guest 9100 as the cluster has it. */
async function cipher(): Promise<unknown> {
  const answer = await pve.read('/nodes/neve/qemu/9100/config');
  return answer.ok ? answer.value : null;
}

describe.runIf(needs('git'))('the README’s cluster of your own', {timeout: 480_000}, () => {
  it('begins a repository that trusts nothing by itself', async () => {
    const text = await follow(blocks()[0] ?? '');
    expect(text).toContain(simulated.sha256);
    expect(text).toContain('openssl x509 -noout -fingerprint');
  });

  it('checks the connection', async () => {
    const text = await follow(blocks()[1] ?? '');
    expect(text).toContain('Nothing is in the way');
  });

  it('describes a guest that is there, and plans its adoption', async () => {
    const text = await follow(blocks()[2] ?? '');
    expect(text).toContain('no mistakes in clusters/home');
    expect(text).toContain('1 to adopt');
  });

  it('adopts it by its marker alone', async () => {
    const before = await cipher();
    const text = await follow(blocks()[3] ?? '');
    expect(text).toContain('1 of 1 actions done.');
    expect(text).toContain('Nothing to do: 1 in sync.');
    const marker = '<!-- pvegit/v1 installation=home cluster=home vmid=9100 -->';
    expect(await cipher()).toEqual({
      ...(before as object), // Safe: the configuration of a guest that is there.
      description: marker,
      digest: expect.any(String),
    });
  });

  it('follows from then on', async () => {
    const [last = '', run = ''] = (blocks()[4] ?? '').split(/^(?=pvegit run)/m);
    expect(run).toContain('pvegit run');
    expect(await follow(last)).toContain('1 to update');
    const controller = spawn(process.execPath, [PROGRAM, 'run'], {cwd: folder, env: environment});
    try {
      await until(controller, /action done/);
      expect(await cipher()).toMatchObject({tags: 'public'});
      const ended = new Promise((resolve) => controller.on('exit', resolve));
      controller.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      controller.kill('SIGKILL');
    }
  });

  it('has no step that is not executed here', () => {
    expect(blocks()).toHaveLength(5);
  });
});
