// Why this exists: an exit code is a promise: output that was lost is told by it, a reader that had
// enough is no failure, and a log that cannot be written does not stop what it tells of.
import {spawn} from 'node:child_process';
import {existsSync, openSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../bin/pvegit.mjs', import.meta.url));
const LOG = new URL('../../src/status/log.ts', import.meta.url).href;
/** A file of Linux on which every write says that the disk is full. */
const FULL = '/dev/full';

describe.skipIf(!existsSync(FULL))('on a full disk', () => {
  it('lost output is a failure, and is said where it can be', async () => {
    const end = await run([PROGRAM, 'completion', 'bash'], ['ignore', openSync(FULL, 'w'), 'pipe']);
    expect(end.code).toBe(1);
    expect(end.errors).toContain('the output could not be written');
  });

  it('a log that is lost stops nothing', async () => {
    const script = `import {createLog} from '${LOG}';
      const log = createLog({level: 'info'});
      log.info('one');
      setTimeout(() => { log.info('two'); process.exit(7); }, 50);`;
    const args = ['--input-type=module', '-e', script];
    expect((await run(args, ['ignore', 'ignore', openSync(FULL, 'w')])).code).toBe(7);
  });
});

it('a reader that closes early is no failure', async () => {
  const child = spawn(process.execPath, [PROGRAM, '--help'], {stdio: ['ignore', 'pipe', 'pipe']});
  child.stdout.destroy();
  const ended = Promise.withResolvers<number | null>();
  child.once('exit', ended.resolve);
  expect(await ended.promise).toBe(0);
});

async function run(
  args: readonly string[],
  stdio: readonly ('ignore' | 'pipe' | number)[],
): Promise<{readonly code: number | null; readonly errors: string}> {
  const child = spawn(process.execPath, [...args], {stdio: [...stdio]});
  let errors = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const ended = Promise.withResolvers<number | null>();
  child.once('close', ended.resolve);
  return {code: await ended.promise, errors};
}
