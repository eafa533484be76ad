// Why this exists: people complete the names of their guests. Asking must be silent, fast, and
// leave nothing behind, whatever is wrong with the configuration or the journal.
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {loadConfig} from '../../config/load-config.ts';
import type {CommandContext} from '../command-context.ts';
import {findText} from '../config-file.ts';
import {safe} from '../print/style.ts';
import {openDataJournal} from '../workspace.ts';
import type {KnownWords, Word} from './tree.ts';

/** What configuration and journal know. */
export type KnownNames = Pick<KnownWords, 'resources' | 'clusters'>;

const NOTHING: KnownNames = {resources: [], clusters: []};

/** Resource and cluster names; none where they cannot be had. */
export async function knownWords(context: CommandContext): Promise<KnownNames> {
  try {
    const {file, text} = await findText(context);
    const {config} = loadConfig({text, file, environment: context.io.env});
    if (config === null) return NOTHING;
    const names = Object.keys(config.clusters);
    const clusters = names.map((value) => ({value, description: 'cluster'}));
    if (!existsSync(join(config.data, 'journal.db'))) return {resources: [], clusters};
    const journal = openDataJournal(config.data);
    try {
      const resources = names.flatMap((cluster) =>
        journal.records(cluster).flatMap(({key, name, kind}) => wordsOf(key, name, kind)),
      );
      return {resources, clusters};
    } finally {
      journal.close();
    }
  } catch {
    // Nobody can read a message while completing; the next command says what is wrong.
    return NOTHING;
  }
}

function wordsOf(key: string, name: string, kind: string): readonly Word[] {
  const id = key.replace(/^guest\//, kind === 'Container' ? 'lxc/' : 'qemu/');
  return [
    {value: safe(id), description: safe(name)},
    {value: safe(name), description: safe(id)},
  ];
}
