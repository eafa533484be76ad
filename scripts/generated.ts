// Why this exists: what all generators share: the value that registers one, and the few ways in
// which a text is made from another.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

/**
 * A generated file. `path` is relative to the top of the repository; `render` gets the present
 * text (empty if there is none), so that a generator may own one part of a file, and returns the
 * whole new text. `needs` is a folder beside the repository without which it cannot be rendered.
 */
export type Generated = {
  readonly path: string;
  readonly needs?: string;
  readonly render: (present: string) => string;
};

/** The top of the repository, as an absolute path with a slash at its end. */
export const TOP: string = fileURLToPath(new URL('..', import.meta.url));

/** The text between `<!-- generated: name -->` and `<!-- end -->` is replaced, the rest stays. */
export function replaceBlock(present: string, name: string, block: string): string {
  const open = `<!-- generated: ${name} -->`;
  const start = present.indexOf(open);
  const end = present.indexOf('<!-- end -->', start);
  if (start < 0 || end < 0) throw new Error(`no block "${name}": expected ${open} … <!-- end -->`);
  return `${present.slice(0, start + open.length)}\n${block.trim()}\n${present.slice(end)}`;
}

/** Canonical text of a generated JSON file: two spaces and one line end. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The text of a file of the repository; empty if there is none. */
export function presentText(path: string): string {
  const file = join(TOP, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Whether the folder that a generator reads from is there. */
export function canRender({needs}: Generated): boolean {
  return needs === undefined || existsSync(join(TOP, needs));
}
