// Why this exists: commands that only read or write the durable memory need the configuration and
// the journal, and no cluster.
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Config} from '../config/model.ts';
import type {Journal} from '../core/ports.ts';
import {openJournal} from '../journal/journal.ts';
import type {CommandContext} from './command-context.ts';
import {readConfigFile} from './config-file.ts';
import {withoutTheDead} from './holder.ts';
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
  mkdirSync(data, {recursive: true, mode: 0o700});
  const path = join(data, 'journal.db');
  return withoutTheDead(openJournal({path, clock: realClock, random: realRandom}));
}
