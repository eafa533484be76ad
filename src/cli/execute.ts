// Why this exists: one command line from its words to its exit code, and the one place where a
// failure is explained; tests run commands through it as the process does.
import {JournalError} from '../core/ports.ts';
import {CommandError, EXIT, type Io} from './io.ts';
import {buildProgram} from './program.ts';

/** Runs a command line (without node and script); prints failures; gives the exit code. */
export async function execute(io: Io, words: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  try {
    const setCode = (exit: number): void => {
      code = exit;
    };
    const program = await buildProgram(io, setCode, words);
    await program.parseAsync([...words], {from: 'user'});
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
