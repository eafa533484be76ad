// Why this exists: a completion that offers what the program does not know, or that fails in the
// middle of a line, is worse than none.
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {MINIMAL} from '../../../test/fixtures/config.ts';
import {openDataJournal} from '../workspace.ts';

let desk: Desk;
let printed: string[];

beforeEach(() => {
  desk = openDesk({'pvegit.yaml': `data: data\n${MINIMAL}`});
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});

afterEach(() => {
  vi.restoreAllMocks();
  desk.end();
});

/** The words that a shell would offer after these. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  printed.length = 0;
  await desk.run(['complete', '--', ...words]);
  return printed.filter((line) => !line.startsWith(':')).map((line) => line.split('\t')[0] ?? '');
}

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const {code} = await desk.run(['completion', shell]);
    expect(code).toBe(0);
    expect(printed.join('\n')).toContain('pvegit complete --');
  });

  it('knows no other shell', async () => {
    const {code, err} = await desk.run(['completion', 'cmd.exe']);
    expect(code).toBe(1);
    expect(err).toContain('bash, zsh, fish');
  });

  it('offers commands and what is below them', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['plan', 'apply', 'new', 'why']));
    expect(await offered('')).not.toContain('complete');
    expect(await offered('val')).toEqual(['validate']);
    expect(await offered('new', '')).toEqual(['vm']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('offers options, those of the program too, and their choices', async () => {
    const options = await offered('plan', '--');
    expect(options).toEqual(expect.arrayContaining(['--markdown', '--json', '--config']));
    expect(await offered('run', '--log-level', '')).toEqual(['debug', 'info', 'warn', 'error']);
    expect(await offered('plan', '--cluster', '')).toEqual(['harness']);
  });

  it('offers folders and files where they are meant, and no name that needs quotes', async () => {
    desk.write('clusters/home/web.yaml', '');
    desk.write('with space.yaml', '');
    desk.write('.hidden/x', '');
    expect(await offered('validate', '')).toEqual(['clusters', 'clusters/home']);
    expect(await offered('plan', '--folder', 'clusters/h')).toEqual(['clusters/home']);
    expect(await offered('--config', 'p')).toEqual(['pvegit.yaml']);
    expect(await offered('-c', 'clusters/home/')).toEqual(['clusters/home/web.yaml']);
    expect(await offered('journal', 'restore', 'pv')).toEqual(['pvegit.yaml']);
    expect(await offered('validate', '.h')).toEqual(['.hidden']);
    expect(await offered('validate', 'nowhere/')).toEqual([]);
  });

  it('offers the guests of the journal by id and by name', async () => {
    expect(await offered('why', '')).toEqual([]);
    const journal = openDataJournal(`${desk.folder}/data`);
    journal.putRecord({
      cluster: 'harness',
      key: 'guest/150',
      kind: 'VirtualMachine',
      name: 'neo4j-db',
      source: 'infra',
      path: 'neo4j-db.yaml',
      body: {},
      wrote: [],
      witness: null,
      onDelete: 'destroy',
      replaceToken: null,
      secretHashes: {},
      commit: '0'.repeat(40),
      verifiedAt: 0,
    });
    journal.close();
    expect(await offered('why', '')).toEqual(['qemu/150', 'neo4j-db']);
    expect(await offered('suspend', 'neo')).toEqual(['neo4j-db']);
  });

  it('is silent when the configuration is broken', async () => {
    desk.write('pvegit.yaml', ': nonsense');
    const {code, err} = await desk.run(['complete', '--', 'why', '']);
    expect({code, err}).toEqual({code: 0, err: ''});
  });
});
