// Why this exists: proves the promises of the one door to processes with real ones.
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, test} from 'vitest';
import {scrubbedEnvironment} from './environment.ts';
import {type ProgramRequest, runProgram} from './run-program.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'programs-'));
});
afterEach(() => rm(folder, {recursive: true, force: true}));

function script(text: string, more: Partial<ProgramRequest> = {}): ProgramRequest {
  return {
    file: 'sh',
    args: ['-c', text],
    cwd: folder,
    env: scrubbedEnvironment(process.env),
    timeoutMs: 20_000,
    maxBytes: 10_000,
    ...more,
  };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** True until the process (or the zombie of it that nobody reaps here) does no more work. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) [ZX] /.test(stat);
}

async function untilGone(pid: number): Promise<boolean> {
  for (let turn = 0; turn < 2000; turn += 1) {
    if (!(await isAlive(pid))) return true;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
}

test('an exit code is a value, with both outputs', async () => {
  const result = await runProgram(script('printf out; printf bad >&2; exit 3'));
  expect(result).toMatchObject({ok: true, value: {exitCode: 3, stderr: 'bad'}});
  if (result.ok) expect(text(result.value.stdout)).toBe('out');
});

test('arguments reach the program as they are, without a shell', async () => {
  const args = ['%s|', '$HOME', '; touch x', 'a b', "'"];
  const result = await runProgram(script('', {file: 'printf', args}));
  if (!result.ok) throw new Error(result.error.message);
  expect(text(result.value.stdout)).toBe("$HOME|; touch x|a b|'|");
});

test('a program sees only the environment it was given', async () => {
  const from = {PATH: process.env['PATH'], PVEGIT_TOKEN: 'hidden', SSH_AUTH_SOCK: '/sock'};
  const env = scrubbedEnvironment(from, ['SSH_AUTH_SOCK']);
  const result = await runProgram(script('env', {env}));
  if (!result.ok) throw new Error(result.error.message);
  const names = text(result.value.stdout)
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names).toContain('SSH_AUTH_SOCK');
  expect(names).not.toContain('PVEGIT_TOKEN');
});

test('input is handed over', async () => {
  const result = await runProgram(script('cat', {input: 'hello'}));
  if (!result.ok) throw new Error(result.error.message);
  expect(text(result.value.stdout)).toBe('hello');
});

test('a deadline ends the program and what it started', async () => {
  const request = script('sleep 600 & echo $! > child; echo ready; wait', {timeoutMs: 300});
  const result = await runProgram(request);
  expect(result).toMatchObject({ok: false, error: {kind: 'timeout'}});
  const child = Number(await readFile(join(folder, 'child'), 'utf8'));
  expect(await untilGone(child)).toBe(true);
});

test('a program that ignores SIGTERM is killed', async () => {
  const request = script("trap '' TERM; echo $$ > me; while :; do sleep 1; done", {timeoutMs: 200});
  expect(await runProgram(request)).toMatchObject({ok: false, error: {kind: 'timeout'}});
  const me = Number(await readFile(join(folder, 'me'), 'utf8'));
  expect(await untilGone(me)).toBe(true);
});

test('cancelling ends it, and an aborted signal starts nothing', async () => {
  const controller = new AbortController();
  const running = runProgram(script('sleep 600', {signal: controller.signal}));
  controller.abort();
  expect(await running).toMatchObject({ok: false, error: {kind: 'cancelled'}});
  const again = await runProgram(script('touch made', {signal: controller.signal}));
  expect(again).toMatchObject({ok: false, error: {kind: 'cancelled'}});
  await expect(readFile(join(folder, 'made'))).rejects.toThrow('ENOENT');
});

test('a program that writes without end is stopped', async () => {
  const result = await runProgram(script('yes', {maxBytes: 5000}));
  expect(result).toMatchObject({ok: false, error: {kind: 'too-much-output'}});
});

test('no failure repeats an argument', async () => {
  const secret = 'hunter2';
  const args = [secret];
  const failures = [
    await runProgram(script('', {file: 'no-such-program', args})),
    await runProgram(script('', {args: ['-c', 'kill -9 $$', secret]})),
    await runProgram(script('', {args: ['-c', 'yes', secret]})),
    await runProgram(script('', {args: ['-c', 'sleep 9', secret], timeoutMs: 50})),
    await runProgram(script('', {file: folder, args})),
  ];
  const kinds = failures.map((failure) => (failure.ok ? 'ok' : failure.error.kind));
  expect(kinds).toEqual(['missing', 'killed', 'too-much-output', 'timeout', 'not-started']);
  expect(JSON.stringify(failures)).not.toContain(secret);
});
