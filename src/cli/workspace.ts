// Why this exists: commands that only read or write the durable memory need the configuration and
// the journal, and no cluster.
import {existsSync, mkdirSync, statSync} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Config} from '../config/model.ts';
import type {Journal} from '../core/ports.ts';
import {openJournal} from '../journal/journal.ts';
import type {CommandContext} from './command-context.ts';
import {readConfigFile} from './config-file.ts';
import {withoutTheDead} from './holder.ts';
import {CommandError} from './io.ts';
import {realClock, realRandom} from './world/clock.ts';

/** A configuration with its journal. */
export interface Workspace {
  readonly config: Config;
  readonly file: string;
  readonly clusters: readonly string[];
  readonly journal: Journal;
  close(): void;
}

/** Reads the configuration and opens its journal. */
export async function openWorkspace(context: CommandContext): Promise<Workspace> {
  const {config, file} = await readConfigFile(context);
  const journal = openDataJournal(config.data);
  return {
    config,
    file,
    clusters: Object.keys(config.clusters),
    journal,
    close: () => journal.close(),
  };
}

/** Opens (or creates) the journal of a data folder, which only its owner may enter. */
export function openDataJournal(data: string): Journal {
  makeFolder(data);
  const path = join(data, 'journal.db');
  return withoutTheDead(openJournal({path, clock: realClock, random: realRandom}));
}

/**
 * A folder with those above it. Node's own `recursive` never ends where a parent that is there
 * says that it is not, as below /proc (seen with 24.21).
 */
function makeFolder(path: string): void {
  if (existsSync(path) && statSync(path).isDirectory()) return;
  const parent = dirname(path);
  if (!existsSync(parent)) makeFolder(parent);
  try {
    mkdirSync(path, {mode: 0o700});
  } catch (error) {
    if (existsSync(path) && statSync(path).isDirectory()) return;
    throw new CommandError(
      `the data folder ${path} cannot be made: ${error instanceof Error ? error.message : error}`,
      'Make it for the user that runs pvegit, or name another: data in the configuration.',
    );
  }
}
