// Why this exists: commands print, read the environment and end through this value, so that tests
// can run them in process and read what a person would have seen.
import {createStyle, type Style} from './print/style.ts';

/** The terminal as a command sees it. */
export interface Io {
  readonly env: {readonly [name: string]: string | undefined};
  readonly cwd: string;
  /** True when stdout is a terminal: progress lines may be redrawn. */
  readonly interactive: boolean;
  /** Aborted by SIGINT, SIGTERM or a terminal that closes. */
  readonly signal: AbortSignal;
  /** Writes a line to stdout. */
  out(line: string): void;
  /** Writes a line to stderr. */
  err(line: string): void;
  readonly style: Style;
  readonly errStyle: Style;
}

/** Exit codes of every command; plan and apply add their own meaning (config.md, issue 2). */
export const EXIT = {ok: 0, error: 1, changes: 2, held: 3} as const;

/** The real terminal. */
export function processIo(signal: AbortSignal): Io {
  const {env, stdout, stderr} = process;
  return {
    env,
    cwd: process.cwd(),
    interactive: stdout.isTTY === true && !env['CI'],
    signal,
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    style: createStyle(stdout, env),
    errStyle: createStyle(stderr, env),
  };
}

/** Prints a value as the one JSON document of a `--json` run. */
export function outJson(io: Io, value: unknown): void {
  io.out(JSON.stringify(value, null, 2));
}

/** A failure that ends a command: what, why, and what to do; printed by main. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
