// Why this exists: a shell that completes commands, options and the names of guests spares looking
// them up.
import {script} from '@bomb.sh/tab';
import {Argument, type Command} from 'commander';
import type {CommandContext} from '../command-context.ts';
import {knownPaths} from '../completion/known-paths.ts';
import {knownWords} from '../completion/known-words.ts';
import {completionTree} from '../completion/tree.ts';

const HELP = `
For bash the package bash-completion is needed, as most distributions have it.

Examples:
  source <(pvegit completion bash)                        # this shell, bash
  pvegit completion bash > ~/.local/share/bash-completion/completions/pvegit
  pvegit completion zsh > "\${fpath[1]}/_pvegit"
  pvegit completion fish > ~/.config/fish/completions/pvegit.fish
`;

/** completion, and the hidden `complete` that the shells' scripts call. */
export function registerCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print a script that lets a shell complete commands, options and guests')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', HELP)
    .action((shell: string) => script(shell, 'pvegit', 'pvegit'));
  program
    .command('complete', {hidden: true})
    .argument('[words...]')
    .action(async (words: string[]) => {
      const names = await knownWords(context);
      const paths = await knownPaths(context.io.cwd, words.at(-1) ?? '');
      completionTree(program, {...names, ...paths}).parse(words);
    });
}
