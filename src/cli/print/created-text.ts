// Why this exists: a guest that is created has a value for every field that its manifest names;
// one line for each part of it is read at a glance, one for each field is not.
import type {Change} from '../../core/action.ts';
import {pad, type Style, safe} from './style.ts';

/** Longer lines are read with difficulty. */
const WIDEST = 98;
const INDENT = 4;
/** Said by the heading above. */
const SAID: ReadonlySet<string> = new Set(['name', 'vmid']);

/** Lines such as `disks.scsi0    storage local-lvm, size 32GiB`, wrapped to a page's width. */
export function createdLines(changes: readonly Change[], style: Style): readonly string[] {
  const slots = new Set(changes.filter(({to}) => to === true).map(({field}) => field));
  const parts = new Map<string, string[]>();
  for (const {field, shown} of changes) {
    if (SAID.has(field)) continue;
    const part = partOf(field, slots);
    const said = parts.get(part) ?? [];
    parts.set(part, said);
    if (field === part && slots.has(field) && hasFields(field, changes)) continue;
    const name = part === '' ? field : field.slice(part.length + 1);
    said.push(safe([name, shown.to].filter((word) => word !== '').join(' ')));
  }
  const width = Math.max(...[...parts.keys()].map((part) => part.length)) + 2;
  return [...parts]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([part, said]) => partLines(part, said, width, style));
}

/** The slot that the field belongs to, else its first word; `` for a field that is one word. */
function partOf(field: string, slots: ReadonlySet<string>): string {
  const words = field.split('.');
  const slot = words.slice(0, 2).join('.');
  if (slots.has(slot) && words.length >= 2) return slot;
  return words.length === 1 ? '' : (words[0] ?? '');
}

function hasFields(slot: string, changes: readonly Change[]): boolean {
  return changes.some(({field}) => field.startsWith(`${slot}.`));
}

function partLines(
  part: string,
  said: readonly string[],
  width: number,
  style: Style,
): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const one of said) {
    const longer = line === '' ? one : `${line}, ${one}`;
    if (line !== '' && INDENT + width + longer.length >= Math.min(WIDEST, style.columns)) {
      lines.push(`${line},`);
      line = one;
    } else line = longer;
  }
  return [...lines, line].map((text, index) => {
    const head = part === '' ? '' : pad(index === 0 ? part : '', width);
    return `${' '.repeat(INDENT)}${style.dim(head)}${text}`;
  });
}
