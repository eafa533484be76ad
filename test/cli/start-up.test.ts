// Why this exists: whoever asks for the version waits for what is loaded. That is counted here, not
// timed, so that it is the same on every machine.
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';

const TOP = new URL('../../', import.meta.url);
const PROGRAM = fileURLToPath(new URL('bin/pvegit.mjs', TOP));

/** Told to Node before the program: prints each file that is loaded, at the end, to stderr. */
const COUNTER = `
import {registerHooks} from 'node:module';
const loaded = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
process.on('exit', () => process.stderr.write(JSON.stringify(loaded)));
`;

/** The files of this repository and of its packages that a command line loads. */
async function loadedBy(...words: readonly string[]): Promise<readonly string[]> {
  const hook = `data:text/javascript,${encodeURIComponent(COUNTER)}`;
  const args = ['--import', hook, PROGRAM, ...words];
  const {stderr} = await promisify(execFile)(process.execPath, args, {maxBuffer: 2 ** 24});
  // Safe: the counter writes a list of texts, and these command lines write nothing else there.
  const urls = JSON.parse(stderr) as readonly string[];
  return urls.flatMap((url) => /\/((?:node_modules|src)\/.*)$/.exec(url)?.[1] ?? []);
}

/** Packages and rooms among files. */
function partsOf(files: readonly string[]): ReadonlySet<string> {
  const part = /^(?:node_modules\/((?:@[^/]+\/)?[^/]+)|(src\/[^/]+)\/)/;
  return new Set(files.flatMap((file) => (part.exec(file) ?? []).slice(1).filter(Boolean)));
}

/** Told to Node before the program: prints at the end what was settled when the process began. */
const BEGAN = `process.on('exit', () => {
  const nursery = process.execArgv.find((flag) => flag.startsWith('--max-semi'));
  process.stderr.write([process.env.MALLOC_ARENA_MAX, nursery].join(' '));
});`;

describe.runIf(process.platform === 'linux')('what is settled when a process begins', () => {
  it.each([
    {
      words: ['run', '--help'],
      given: undefined,
      began: '1 --max-semi-space-size=4',
      reason: 'a controller stays for weeks',
    },
    {words: ['run', '--help'], given: '7', began: '7 ', reason: 'somebody chose otherwise'},
    {words: ['plan', '--help'], given: undefined, began: ' ', reason: 'it ends at once'},
  ])('of $words is "$began": $reason', async ({words, given, began}) => {
    const {MALLOC_ARENA_MAX: _, ...rest} = process.env;
    const env = given === undefined ? rest : {...rest, MALLOC_ARENA_MAX: given};
    const args = ['--import', `data:text/javascript,${encodeURIComponent(BEGAN)}`, PROGRAM];
    const {stderr} = await promisify(execFile)(process.execPath, [...args, ...words], {env});
    expect(stderr).toBe(began);
  });
});

describe('starting the program', () => {
  it('for its version loads hardly anything', async () => {
    const files = await loadedBy('--version');
    expect([...partsOf(files)].sort()).toEqual(['commander', 'src/cli', 'src/core']);
    expect(files.length).toBeLessThan(30);
  });

  it.each([
    {words: ['validate', '--help'], spared: ['undici', 'fastify', 'src/simulator']},
    {words: ['config', 'show', '--help'], spared: ['undici', 'fastify', 'src/simulator']},
    {words: ['run', '--help'], spared: ['isomorphic-git', 'src/simulator']},
    {words: ['simulate', '--help'], spared: ['undici', 'fastify', 'src/reconcile', 'src/source']},
  ])('for $words does not load what another command needs', async ({words, spared}) => {
    const parts = partsOf(await loadedBy(...words));
    expect(spared.filter((part) => parts.has(part))).toEqual([]);
    expect(parts).toContain('src/cli');
  });
});
