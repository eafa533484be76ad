// Why this exists: a terminal that is closed in the middle of a command must end it as Ctrl-C does:
// what is under way is noted, nothing new is begun.
import {afterEach, expect, it} from 'vitest';
import {type Program, startProgram} from '../fixtures/program.ts';

let program: Program | null = null;
afterEach(async () => {
  program?.signal('SIGKILL');
  await program?.ended;
});

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a command ends cleanly after %s',
  async (signal) => {
    program = startProgram(['simulate', '--listen']);
    await program.says(/https:\/\/127\.0\.0\.1:\d+/);
    program.signal(signal);
    expect(await program.ended).toEqual({code: 0, signal: null});
  },
);
