// Why this exists: help is the manual that people have at hand; every command has one that says
// what it does, and a mistyped command line says what was meant and ends with 1.
import type {Command} from 'commander';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {buildProgram} from '../../src/cli/program.ts';
import {type Desk, openDesk} from '../builders/terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = openDesk();
});
afterEach(() => desk.end());

/** The words of every command that does something, such as `source accept`. */
function commandsOf(command: Command, words: readonly string[] = []): readonly string[] {
  if (command.commands.length === 0) return [words.join(' ')];
  return command.commands.flatMap((one) => commandsOf(one, [...words, one.name()]));
}

const silent = {
  env: {},
  cwd: '/',
  interactive: false,
  signal: new AbortController().signal,
  out: () => undefined,
  err: () => undefined,
};
const plain = (text: string): string => text;
const style = {
  colours: false,
  columns: Infinity,
  bold: plain,
  dim: plain,
  good: plain,
  warn: plain,
  bad: plain,
  accent: plain,
};
const PROGRAM = await buildProgram({...silent, style, errStyle: style}, () => undefined);
const COMMANDS = commandsOf(PROGRAM).filter((words) => !words.startsWith('complet'));

describe('help', () => {
  it('lists every command with what it does', async () => {
    const {code, out} = await desk.run(['--help']);
    expect(code).toBe(0);
    for (const command of PROGRAM.commands) {
      if (command.name().startsWith('complet')) continue;
      expect(out).toContain(`  ${command.name()}`);
      expect(command.description()).not.toBe('');
    }
    expect(out).toContain('Examples:');
    expect(COMMANDS.length).toBeGreaterThan(18);
  });

  it.each(COMMANDS)('of %s has its usage, what it does and an example', async (words) => {
    const {code, out} = await desk.run([...words.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: pvegit ${words}`);
    expect(out).toMatch(/Examples?:\n {2}(\S+=\S+ )?(pvegit|.*\| pvegit) /);
  });

  it.each(COMMANDS)('of %s has no line that a terminal of 100 columns breaks', async (words) => {
    const {out} = await desk.run([...words.split(' '), '--help']);
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });
});

describe('a mistyped command line', () => {
  it.each([
    [['aply'], "unknown command 'aply'"],
    [['aply'], '(Did you mean apply?)'],
    [['plan', '--markdwon'], '(Did you mean --markdown?)'],
    [['plan', 'more'], 'too many arguments'],
    [['why'], "missing required argument 'resource'"],
    [['suspend', 'qemu/150'], "required option '--reason <text>' not specified"],
    [['run', '--log-level', 'loud'], 'Allowed choices are debug, info, warn, error'],
    [['source', 'accept', 'harness'], "missing required argument 'commit'"],
    [['simulate'], 'say where: pvegit simulate --listen [PORT]'],
    [['simulate', '--listen', 'x'], '--listen needs a number above 0, not "x"'],
    [['simulate', '--listen', '--release', '7'], 'there is no simulated release "7"'],
    [['demo', '--speed', 'fast'], '--speed needs a number above 0, not "fast"'],
    [['demo', '--port', 'any'], '--port needs a port number, not "any"'],
    [['plan'], 'there is no configuration: '],
    [['--config', 'nowhere.yaml', 'plan'], 'the configuration cannot be read'],
  ] as const)('%j ends with 1 and says: %s', async (words, said) => {
    const {code, err} = await desk.run(words);
    expect(code).toBe(1);
    expect(err).toContain(said);
  });
});
