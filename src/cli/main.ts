// Why this exists: where the process begins and ends: signals, the exit code, and the one place
// where a failure of ours is printed.

import {JournalError} from '../core/ports.ts';
import {CommandError, EXIT, type Io, processIo} from './io.ts';
import {buildProgram} from './program.ts';

const abort = new AbortController();
let asked = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    asked += 1;
    abort.abort();
    // A second Ctrl-C means it: tasks are Proxmox's, and open intents are resumed at the next
    // start.
    if (asked > 1) process.exit(EXIT.error);
  });
}
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as `head` that closes early is no failure.
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
});

const io = processIo(abort.signal);
process.exitCode = await run(io, process.argv);

async function run(io: Io, argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    const program = buildProgram(io, (exit) => {
      code = exit;
    });
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    return explain(io, error);
  }
}

function explain(io: Io, error: unknown): number {
  if (isCommanderError(error)) return error.exitCode;
  const {errStyle} = io;
  if (error instanceof CommandError || error instanceof JournalError) {
    io.err(`${errStyle.bad('error:')} ${error.message}`);
    if (error.remedy !== '') io.err(`  ${errStyle.dim(error.remedy)}`);
    return EXIT.error;
  }
  io.err(`${errStyle.bad('error:')} ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof Error && io.env['DEBUG']?.includes('pvegit')) io.err(error.stack ?? '');
  return EXIT.error;
}

function isCommanderError(error: unknown): error is {readonly exitCode: number} {
  return error instanceof Error && error.name === 'CommanderError' && 'exitCode' in error;
}
