// Why this exists: one poison document must not hide the others of its file. YAML ends every
// document at a `---` at the beginning of a line, whatever is open, so the text is cut there first.

/** A stretch of a text that holds one document, or several parted by `...`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

const MARK = /^---(?=[ \t\r\n]|$)/gm;
const ONLY_PREFIX = /^(?:[ \t]*(?:#[^\n]*)?\r?\n|%[^\n]*\n)*[ \t]*(?:#[^\n]*)?$/;

/** The documents of a text, in order; what stands before the first `---` belongs to it. */
export function partsOf(text: string): readonly Part[] {
  const starts = Array.from(text.matchAll(MARK), (match) => match.index);
  const first = starts[0];
  if (first === undefined) return [{start: 0, end: text.length}];
  const prefix = text.slice(0, first);
  if (first > 0 && !ONLY_PREFIX.test(prefix)) starts.unshift(0);
  else starts[0] = 0;
  return starts.map((start, index) => ({start, end: starts[index + 1] ?? text.length}));
}
