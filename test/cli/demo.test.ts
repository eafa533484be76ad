// Why this exists: the demo is the first thing that a newcomer sees: every command of its welcome
// text must work as it is printed, and nothing may be left behind when it stops.
import {execFile} from 'node:child_process';
import {mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {PATIENCE_MS} from '../fixtures/patience.ts';
import {type Program, startProgram} from '../fixtures/program.ts';
import {needs} from '../parts.ts';

const run = promisify(execFile);
let home: string;
let demo: Program;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pvegit-newcomer-'));
  demo = startProgram(['demo', '--speed', '20'], {env: {TMPDIR: home, HOME: home}});
});
afterEach(async () => {
  demo.signal('SIGKILL');
  await demo.ended;
  // What it had started ends a moment later than itself, and may still write.
  rmSync(home, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
});

describe.runIf(needs('git', 'curl'))('the demo', () => {
  it('suggests commands that work as they are printed', {timeout: 480_000}, async () => {
    await demo.says(/Ctrl-C stops everything/);
    const [enter = '', ...parts] = commandsOf(demo.output());
    const folder = /cd (\S+)/.exec(enter)?.[1] ?? '';
    const type = (commands: string) => typeIn(folder, commands);
    expect((await typeIn('/', enter)).output).toContain('4 in sync');

    const edited = await type(parts[0] ?? '');
    expect(edited.output).toContain('qemu/150 neo4j-db');
    await until(async () => (await inProxmox(150)).includes('tags: database;graph'));

    const drifted = await type(parts[1] ?? '');
    expect(drifted.output).toContain('qemu/160 plane-server');
    await until(async () => (await inProxmox(160)).includes('tags: projects;web'));

    const [, shrink = '', approve = ''] = /^([\s\S]*\n)(.*apply .*)$/.exec(parts[2] ?? '') ?? [];
    const held = await type(shrink);
    expect(held.code).toBe(2);
    const digits = /apply --approve ([0-9a-f]{16})/.exec(held.output)?.[1] ?? '';
    const approved = await type(approve.replace('FINGERPRINT', digits));
    expect(approved).toMatchObject({code: 0});
    expect(approved.output).toContain('claude-dev-2: delete done');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves nothing behind after %s',
    async (signal) => {
      await demo.says(/qemu\/150 neo4j-db runs/);
      demo.signal(signal);
      expect(await demo.ended).toEqual({code: 0, signal: null});
      expect(readdirSync(home)).toEqual([]);
    },
  );
});

/** What is to be typed, by the paragraph that it stands in. */
function commandsOf(text: string): readonly string[] {
  const paragraphs = text.slice(text.indexOf('Try in another terminal')).split('\n\n');
  return paragraphs.slice(0, 4).map((paragraph) =>
    paragraph
      .split('\n')
      .filter((line) => line.startsWith('     '))
      .map((line) => line.trim())
      .join('\n'),
  );
}

/** Types commands into a shell of somebody who has nothing but git and curl. */
async function typeIn(
  cwd: string,
  commands: string,
): Promise<{readonly code: number; readonly output: string}> {
  const env = {PATH: process.env['PATH'] ?? '', HOME: home, NO_COLOR: '1'};
  try {
    const {stdout, stderr} = await run('sh', ['-ec', commands], {cwd, env});
    return {code: 0, output: stdout + stderr};
  } catch (error) {
    // Safe: execFile rejects with these when the shell ends with another code than 0.
    const ended = error as {
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    };
    return {code: ended.code, output: ended.stdout + ended.stderr};
  }
}

/** A guest's configuration, one `key: value` a line, as the simulated cluster shows it. */
async function inProxmox(vmid: number): Promise<string> {
  const [, header = '', page = ''] = /(-H '[^']+') \\\n\s*(https:\S+)/.exec(demo.output()) ?? [];
  const place = page.replace('/160/', `/${vmid}/`);
  const {output} = await typeIn('/', `curl -ks ${header} ${place}`);
  const {data} = JSON.parse(output);
  return Object.entries(data)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n');
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`never true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
