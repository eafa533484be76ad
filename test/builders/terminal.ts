// Why this exists: a test runs a command in its own process and reads what a person would have
// seen; nothing of the real terminal or environment gets in.
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {execute} from '../../src/cli/execute.ts';
import type {Io} from '../../src/cli/io.ts';
import {createStyle} from '../../src/cli/print/style.ts';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder in which commands are typed; `end` removes it. */
export interface Desk {
  readonly folder: string;
  readonly env: {[name: string]: string};
  /** Writes a file below the folder. */
  write(path: string, text: string): void;
  read(path: string): string;
  /** Runs a command line there; the signal stands for Ctrl-C. */
  run(words: readonly string[], signal?: AbortSignal, seen?: (line: string) => void): Promise<Ran>;
  end(): void;
}

/** An empty folder with these files. */
export function openDesk(files: {readonly [path: string]: string} = {}): Desk {
  const folder = mkdtempSync(join(tmpdir(), 'pvegit-desk-'));
  const env: {[name: string]: string} = {NO_COLOR: '1'};
  const desk: Desk = {
    folder,
    env,
    write: (path, text) => {
      mkdirSync(dirname(join(folder, path)), {recursive: true});
      writeFileSync(join(folder, path), text);
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    run: async (words, signal = new AbortController().signal, seen = () => undefined) => {
      const out: string[] = [];
      const err: string[] = [];
      const note = (lines: string[]) => (line: string) => {
        lines.push(line);
        seen(line);
      };
      const plain = createStyle({}, env);
      const io: Io = {
        env,
        cwd: folder,
        interactive: false,
        signal,
        out: note(out),
        err: note(err),
        style: plain,
        errStyle: plain,
      };
      const code = await execute(io, words);
      return {code, out: out.join('\n'), err: err.join('\n')};
    },
    end: () => rmSync(folder, {recursive: true, force: true}),
  };
  for (const [path, text] of Object.entries(files)) desk.write(path, text);
  return desk;
}
