// Why this exists: a code without a case is a message that nobody has ever read. The tables are
// found by their place, `codes.ts` of a room or a kind, so that none can be forgotten.
import {globSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {CodeTable} from '../../src/core/diagnostic.ts';

const TOP = fileURLToPath(new URL('../..', import.meta.url));

/** The codes of one table, by the path of its file. */
export interface FoundTable {
  readonly path: string;
  readonly codes: CodeTable;
}

/** All tables of manifest, kinds, plan, config and source. */
export async function codeTables(): Promise<readonly FoundTable[]> {
  const paths = ['manifest', 'kinds/*', 'plan', 'config', 'source'].flatMap((room) =>
    globSync(`src/${room}/codes.ts`, {cwd: TOP}),
  );
  const tables = paths.sort().map(async (path) => {
    const module: {readonly [name: string]: unknown} = await import(join(TOP, path));
    const found = Object.values(module).filter(isTable);
    return found.map((codes) => ({path, codes}));
  });
  return (await Promise.all(tables)).flat();
}

function isTable(value: unknown): value is CodeTable {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((summary) => typeof summary === 'string')
  );
}
