// Why this exists: the tidy test judges what lies in the checkout, tracked or not yet, without
// asking git, which refuses folders of another owner.
import {readdirSync, readFileSync} from 'node:fs';
import {join, posix} from 'node:path';
import type {SourceFile} from './source-file.ts';

/** What tools make; none of it is written by a person or committed. */
const MADE = new Set(['node_modules', '.git', 'dist', 'coverage', '.pvegit']);

/** All text files of the repository at `top`, with paths relative to it. */
export function readRepository(top: string): readonly SourceFile[] {
  return filesBelow(top, '').flatMap((path) => {
    const text = readFileSync(join(top, path), 'utf8');
    return text.includes('\0') ? [] : [{path, text}];
  });
}

function filesBelow(top: string, folder: string): readonly string[] {
  return readdirSync(join(top, folder), {withFileTypes: true}).flatMap((entry) => {
    if (MADE.has(entry.name)) return [];
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(top, path);
    return entry.isFile() ? [path] : [];
  });
}
