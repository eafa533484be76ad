// Why this exists: what can be completed is what the program knows: its own table of commands, and
// the resources that the journal holds. Nothing is listed twice.
import {type Command as Completing, RootCommand} from '@bomb.sh/tab';
import type {Argument, Command, Option} from 'commander';

/** A word with what it means. */
export interface Word {
  readonly value: string;
  readonly description: string;
}

/** Words that only the journal and the configuration know. */
export interface KnownWords {
  readonly resources: readonly Word[];
  readonly clusters: readonly Word[];
  /** Where a folder or a file is meant. */
  readonly folders: readonly Word[];
  readonly files: readonly Word[];
}

/** The commands of the program, ready to complete; `parse` prints what fits. */
export function completionTree(program: Command, known: KnownWords): RootCommand {
  const root = new RootCommand();
  const shared = program.options;
  addOptions(root, shared, known);
  for (const {path, command} of commandsOf(program)) {
    const completing = root.command(path, command.description());
    addOptions(completing, [...command.options, ...shared], known);
    for (const argument of command.registeredArguments) addArgument(completing, argument, known);
  }
  return root;
}

interface Named {
  readonly path: string;
  readonly command: Command;
}

function commandsOf(parent: Command, prefix = ''): readonly Named[] {
  return parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => prefix === '' || command.name() !== 'help')
    .flatMap((command) => {
      const path = `${prefix}${command.name()}`;
      return [{path, command}, ...commandsOf(command, `${path} `)];
    });
}

function addOptions(to: Completing, options: readonly Option[], known: KnownWords): void {
  for (const option of options) {
    const name = option.long?.replace(/^--/, '');
    if (name === undefined || option.hidden) continue;
    const short = option.short?.replace(/^-/, '');
    if (!option.required && !option.optional) {
      to.option(name, option.description, short);
      continue;
    }
    const words = option.argChoices?.map(plainWord) ?? optionWords(name, known);
    to.option(name, option.description, handler(words), short);
  }
}

function optionWords(name: string, known: KnownWords): readonly Word[] {
  const {resources, clusters, folders, files} = known;
  const words = {cluster: clusters, only: resources, folder: folders, config: files};
  return Object.entries(words).find(([option]) => option === name)?.[1] ?? [];
}

/** Words for an argument of this name; null where anything may be meant. */
function argumentWords(name: string, known: KnownWords): readonly Word[] | null {
  const {resources, folders, files} = known;
  const words = {resource: resources, folder: folders, file: files};
  return Object.entries(words).find(([argument]) => argument === name)?.[1] ?? null;
}

function addArgument(to: Completing, argument: Argument, known: KnownWords): void {
  const choices = argument.argChoices?.map(plainWord);
  const words = choices ?? argumentWords(argument.name(), known);
  if (words === null) to.argument(argument.name(), undefined, argument.variadic);
  else to.argument(argument.name(), handler(words), argument.variadic);
}

function handler(words: readonly Word[]) {
  return (complete: (value: string, description: string) => void): void => {
    for (const {value, description} of words) complete(value, description);
  };
}

function plainWord(value: string): Word {
  return {value, description: ''};
}
