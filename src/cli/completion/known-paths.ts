// Why this exists: shells are told not to complete files by themselves, since most words are no
// files; where one is meant, what lies there is offered.
import type {Dirent} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {resolve} from 'node:path';
import type {Word} from './tree.ts';

/** What lies below the part of a path that was typed. */
export interface KnownPaths {
  readonly folders: readonly Word[];
  readonly files: readonly Word[];
}

/** A folder with more is not looked through while somebody waits for a key. */
const MOST = 200;
/** A shell that would have to quote a name is offered none. */
const PLAIN = /^[\p{L}\p{N}_.,:@%+=-]+$/u;

/** Folders and files below what `typed` ends in, and one level deeper; none where it cannot be. */
export async function knownPaths(cwd: string, typed: string): Promise<KnownPaths> {
  const value = typed.startsWith('--') ? typed.slice(typed.indexOf('=') + 1) : typed;
  const stem = value.slice(0, value.lastIndexOf('/') + 1);
  const hidden = value.slice(stem.length).startsWith('.');
  const here = await entriesOf(resolve(cwd, stem), stem, hidden);
  const inner = here.filter(({folder, path}) => folder && path.startsWith(value)).slice(0, MOST);
  const below = await Promise.all(
    inner.map(({path}) => entriesOf(resolve(cwd, path), `${path}/`, false)),
  );
  const all = [...here, ...below.flat()].slice(0, MOST);
  const words = (of: typeof all): readonly Word[] =>
    of.map(({path}) => ({value: path, description: ''}));
  return {folders: words(all.filter(({folder}) => folder)), files: words(all)};
}

interface Entry {
  readonly path: string;
  readonly folder: boolean;
}

async function entriesOf(folder: string, stem: string, hidden: boolean): Promise<readonly Entry[]> {
  const found: readonly Dirent[] = await readdir(folder, {withFileTypes: true}).catch(() => []);
  return found
    .filter(({name}) => PLAIN.test(name) && name.startsWith('.') === hidden)
    .map((entry) => ({path: `${stem}${entry.name}`, folder: entry.isDirectory()}))
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
}
