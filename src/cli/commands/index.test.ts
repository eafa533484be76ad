// Why this exists: a command is only found if the group that registers it says its name.
import {Command} from 'commander';
import {expect, test} from 'vitest';
import type {CommandContext} from '../command-context.ts';
import {processIo} from '../io.ts';
import {COMMAND_GROUPS, registerCommands} from './index.ts';

const context: CommandContext = {
  io: processIo(new AbortController().signal),
  exit: () => undefined,
  options: () => ({}),
};

const namesOf = (program: Command): readonly string[] => {
  return program.commands.map((command) => command.name());
};

async function registered(...words: readonly string[]): Promise<readonly string[]> {
  const program = new Command('pvegit');
  await registerCommands(program, context, words);
  return namesOf(program);
}

const EVERY = COMMAND_GROUPS.flatMap(({names}) => names).sort();

test.each(COMMAND_GROUPS)('the group of $names registers what it names', async (group) => {
  const program = new Command('pvegit');
  const register = await group.load();
  register(program, context);
  expect([...namesOf(program)].sort()).toEqual([...group.names].sort());
});

test.each([
  {words: ['plan', '--all'], names: ['plan']},
  {words: ['--json', 'why', 'plan'], names: ['why']},
  {words: ['-c', 'run', 'status'], names: ['status']},
  {
    words: ['--config', 'a.yaml', '--controller', 'http://[::1]', 'config', 'show'],
    names: ['config'],
  },
  {words: ['--config=a.yaml', 'adopt', 'qemu/150'], names: ['adopt']},
  {words: ['--version'], names: []},
])('of $words only the command is loaded', async ({words, names}) => {
  const found = await registered(...words);
  expect(found).toEqual(expect.arrayContaining([...names]));
  expect(found.length).toBeLessThan(8);
  if (names.length === 0) expect(found).toEqual([]);
});

test.each([
  [[]],
  [['--help']],
  [['help', 'plan']],
  [['plna']],
  [['complete', '--', 'pl']],
  [['completion', 'bash']],
  [['-c', 'plan']],
])('of %j every command is loaded', async (words) => {
  expect([...(await registered(...words))].sort()).toEqual(EVERY);
});
