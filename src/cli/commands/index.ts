// Why this exists: the list of commands, in the order in which help shows them.
import type {Command} from 'commander';
import type {CommandContext} from '../command-context.ts';
import {registerApply} from './apply.ts';
import {registerCompletion} from './completion.ts';
import {registerConfig} from './config.ts';
import {registerDemo} from './demo.ts';
import {registerDoctor} from './doctor.ts';
import {registerImport} from './import.ts';
import {registerInit} from './init.ts';
import {registerJournal} from './journal.ts';
import {registerNew} from './new.ts';
import {registerPeople} from './people.ts';
import {registerPlan} from './plan.ts';
import {registerRender} from './render.ts';
import {registerRun} from './run.ts';
import {registerSimulate} from './simulate.ts';
import {registerStatus, registerWhy} from './status.ts';
import {registerValidate} from './validate.ts';

/** Registers every command. */
export function registerCommands(program: Command, context: CommandContext): void {
  registerDemo(program, context);
  registerSimulate(program, context);
  registerInit(program, context);
  registerNew(program, context);
  registerDoctor(program, context);
  registerImport(program, context);
  registerValidate(program, context);
  registerRender(program, context);
  registerPlan(program, context);
  registerApply(program, context);
  registerRun(program, context);
  registerStatus(program, context);
  registerWhy(program, context);
  registerPeople(program, context);
  registerJournal(program, context);
  registerConfig(program, context);
  registerCompletion(program, context);
}
