// Why this exists: which configuration file is meant, and its mistakes shown as a person needs
// them.
import {readFile} from 'node:fs/promises';
import {isAbsolute, resolve} from 'node:path';
import {loadConfig} from '../config/load-config.ts';
import type {Config, Loaded} from '../config/model.ts';
import type {CommandContext} from './command-context.ts';
import {CommandError} from './io.ts';
import {diagnosticsText} from './print/diagnostics-text.ts';

/** A configuration and the file that it came from (absolute). */
export interface ConfigFile {
  readonly config: Config;
  readonly settings: Loaded['settings'];
  readonly file: string;
}

const DEFAULT_FILES = ['pvegit.yaml', '/etc/pvegit/pvegit.yaml'] as const;

/** Reads and checks the configuration; its mistakes are printed and end the command. */
export async function readConfigFile(context: CommandContext): Promise<ConfigFile> {
  const {io} = context;
  const {file, text} = await findText(context);
  const loaded = loadConfig({text, file, environment: io.env});
  if (loaded.diagnostics.length > 0) io.err(diagnosticsText(loaded.diagnostics, io.errStyle));
  if (loaded.config === null) {
    throw new CommandError(`the configuration ${file} has mistakes`, 'Nothing was done.');
  }
  return {config: loaded.config, settings: loaded.settings, file};
}

/** The configuration's text, from --config, PVEGIT_CONFIG, ./pvegit.yaml or /etc/pvegit. */
export async function findText(
  context: CommandContext,
): Promise<{readonly file: string; readonly text: string}> {
  const {io} = context;
  const named = context.options().config ?? io.env['PVEGIT_CONFIG'];
  const tried = (named === undefined ? DEFAULT_FILES : [named]).map((name) =>
    isAbsolute(name) ? name : resolve(io.cwd, name),
  );
  for (const file of tried) {
    try {
      return {file, text: await readFile(file, 'utf8')};
    } catch (error) {
      if (!isMissing(error) || named !== undefined) {
        const because = error instanceof Error ? error.message : String(error);
        throw new CommandError(`the configuration cannot be read: ${because}`, HINT);
      }
    }
  }
  throw new CommandError(`there is no configuration: ${tried.join(', ')}`, HINT);
}

const HINT = 'Name one with --config FILE, or write one with: pvegit init';

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
