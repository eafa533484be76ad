// Why this exists: the list of commands, in the order in which help shows them. A command's module
// imports half of the program, so only that of the command that was typed is loaded.
import type {Command} from 'commander';
import type {CommandContext} from '../command-context.ts';

type Register = (program: Command, context: CommandContext) => void;

/** Commands that one module registers. */
export interface CommandGroup {
  readonly names: readonly string[];
  readonly load: () => Promise<Register>;
}

/** They speak of all others. */
const COMPLETION: readonly string[] = ['completion', 'complete'];

/** Every command by its module. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  {names: ['demo'], load: async () => (await import('./demo.ts')).registerDemo},
  {names: ['simulate'], load: async () => (await import('./simulate.ts')).registerSimulate},
  {names: ['init'], load: async () => (await import('./init.ts')).registerInit},
  {names: ['new'], load: async () => (await import('./new.ts')).registerNew},
  {names: ['doctor'], load: async () => (await import('./doctor.ts')).registerDoctor},
  {names: ['import'], load: async () => (await import('./import.ts')).registerImport},
  {names: ['validate'], load: async () => (await import('./validate.ts')).registerValidate},
  {names: ['render'], load: async () => (await import('./render.ts')).registerRender},
  {names: ['plan'], load: async () => (await import('./plan.ts')).registerPlan},
  {names: ['apply'], load: async () => (await import('./apply.ts')).registerApply},
  {names: ['run'], load: async () => (await import('./run.ts')).registerRun},
  {names: ['status'], load: async () => (await import('./status.ts')).registerStatus},
  {names: ['why'], load: async () => (await import('./status.ts')).registerWhy},
  {
    names: ['suspend', 'resume', 'adopt', 'release', 'retry', 'resolve', 'source'],
    load: async () => (await import('./people.ts')).registerPeople,
  },
  {names: ['journal', 'audit'], load: async () => (await import('./journal.ts')).registerJournal},
  {names: ['config'], load: async () => (await import('./config.ts')).registerConfig},
  {
    names: COMPLETION,
    load: async () => (await import('./completion.ts')).registerCompletion,
  },
];

/** Registers the command that these words begin with; all of them where they begin with none. */
export async function registerCommands(
  program: Command,
  context: CommandContext,
  words: readonly string[],
): Promise<void> {
  for (const {load} of groupsFor(words)) {
    const register = await load();
    register(program, context);
  }
}

/** Options of the program that are followed by a word of their own. */
const WITH_VALUE = ['-c', '--config', '--controller'];

function groupsFor(words: readonly string[]): readonly CommandGroup[] {
  const command = commandOf(words);
  const own = COMMAND_GROUPS.filter(({names}) => names.includes(command ?? ''));
  if (own.length > 0 && !own.some(({names}) => names === COMPLETION)) return own;
  const asksVersion = command === null && words.some((word) => VERSION.includes(word));
  return asksVersion ? [] : COMMAND_GROUPS;
}

const VERSION = ['-V', '--version'];

/** The first word that is neither an option nor an option's value. */
function commandOf(words: readonly string[]): string | null {
  const at = words.findIndex((word, index) => {
    return !word.startsWith('-') && !WITH_VALUE.includes(words[index - 1] ?? '');
  });
  return words[at] ?? null;
}
