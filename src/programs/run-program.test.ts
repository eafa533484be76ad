// Why this exists: proves the promises of the one door to processes with real ones.
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {scrubbedEnvironment} from './environment.ts';
import {type ProgramRequest, runProgram} from './run-program.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'programs-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, {recursive: true, force: true});
});

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

/** Ends once it does no more work; a test that waits in vain is ended by its own time-out. */
async function gone(pid: number): Promise<void> {
  while (await isAlive(pid)) await delay(5);
}

/** The number that a script wrote into a file, once it has. */
async function written(name: string): Promise<number> {
  for (;;) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await delay(5);
  }
}

/** Deadlines pass by hand from now on, so that no slow machine comes too late for one. */
function holdTimers(): void {
  vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']});
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
  holdTimers();
  const running = runProgram(script('sleep 600 & echo $! > child; wait', {timeoutMs: 300}));
  const child = await written('child');
  vi.advanceTimersByTime(299);
  expect(await isAlive(child)).toBe(true);
  vi.advanceTimersByTime(1);
  expect(await running).toMatchObject({ok: false, error: {kind: 'timeout'}});
  await gone(child);
});

test('a program that ignores SIGTERM is killed', async () => {
  holdTimers();
  const request = script("trap '' TERM; echo $$ > me; while :; do sleep 1; done", {timeoutMs: 200});
  const running = runProgram(request);
  const me = await written('me');
  vi.advanceTimersByTime(200);
  expect(await isAlive(me)).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect(await running).toMatchObject({ok: false, error: {kind: 'timeout'}});
  await gone(me);
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
    await runProgram(script('', {file: 'no-such-program', args, env: {PATH: folder}})),
    await runProgram(script('', {args: ['-c', 'kill -9 $$', secret]})),
    await runProgram(script('', {args: ['-c', 'yes', secret]})),
    await runProgram(script('', {args: ['-c', 'sleep 9', secret], timeoutMs: 50})),
    await runProgram(script('', {file: folder, args})),
  ];
  const kinds = failures.map((failure) => (failure.ok ? 'ok' : failure.error.kind));
  expect(kinds).toEqual(['missing', 'killed', 'too-much-output', 'timeout', 'not-started']);
  expect(JSON.stringify(failures)).not.toContain(secret);
});
