// Why this exists: the command line as one table of commands, so that help, completion and the
// tests see the same.
import {Command} from 'commander';
import type {GlobalOptions} from './command-context.ts';
import {registerCommands} from './commands/index.ts';
import type {Io} from './io.ts';
import {version} from './version.ts';

/**
 * Builds the program for a command line, or with every command for an empty one; `exit` receives
 * the code that a command ends with.
 */
export async function buildProgram(
  io: Io,
  exit: (code: number) => void,
  words: readonly string[] = [],
): Promise<Command> {
  const program = new Command('pvegit')
    .description('A GitOps reconciler for Proxmox VE: commit and push, and guests follow.')
    .version(version())
    .option('-c, --config <file>', 'configuration file (default: ./pvegit.yaml)')
    .option('--json', 'print one JSON document instead of text')
    .option('--controller <url>', "ask this controller's API (status, why)")
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    .showHelpAfterError('Run with --help for usage and examples.')
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', EXAMPLES);
  const context = {io, exit, options: () => program.opts<GlobalOptions>()};
  await registerCommands(program, context, words);
  return program;
}

const EXAMPLES = `
Examples:
  pvegit demo                        a simulated cluster, a repository, a controller: try it
  pvegit init                        write pvegit.yaml and a first manifest here
  pvegit plan                        what would happen, and why
  pvegit apply                       do what the gate allows, once
  pvegit run                         follow the repository
  pvegit why qemu/150                why a guest is not as Git says

Exit codes: 0 all is well or done, 1 something is wrong or failed, 2 plan shows changes, 3 something
is held or not as Git says (apply, why). With --json stdout is one document, stderr has the rest.
`;
