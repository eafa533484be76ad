// Why this exists: a mistake is understood when its line is seen. The frame is made once, here, and
// holds nothing that could harm the terminal that shows it or tell a secret.
import type {Position} from './model.ts';
import {visible} from './visible.ts';

/** Columns of a line that are shown; with number and margin it fits 100. */
const WIDTH = 88;

/** Lines before the marked one that are shown. With the marked line and one after it: three. */
const BEFORE = 1;

/** Keys whose literal value is not shown, should somebody have written one there. */
const SECRET_WORD = 'password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key';
const SECRET_LINE = new RegExp(
  `^(.*?(?:${SECRET_WORD})[\\w-]*["']?\\s*:\\s*)(?![{[|>&*!#]|$)\\S.*$`,
  'i',
);

/** What is shown in place of a secret; of one length, since the length tells something too. */
const HIDDEN = '(hidden)';

/** A stretch of the text by offsets in UTF-16 units. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** What a frame is made of; `hidden` are the places of values that must not be shown. */
export interface FrameRequest {
  readonly text: string;
  readonly lines: readonly number[];
  readonly start: Position;
  readonly end: Position;
  readonly hidden?: readonly Stretch[];
}

/** The marked line with carets below, between its neighbours; at most three lines of the text. */
export function frameOf(request: FrameRequest): string {
  const {lines, start} = request;
  const first = Math.max(1, start.line - BEFORE);
  const last = Math.min(lines.length, start.line + 1);
  const margin = String(last).length;
  const shown: string[] = [];
  for (let line = first; line <= last; line += 1) {
    const {text, carets} = shownLine(request, line);
    if (line > start.line && text.trim() === '') continue;
    shown.push(`${String(line).padStart(margin)} | ${text}`.trimEnd());
    if (line === start.line) shown.push(`${' '.repeat(margin)} | ${carets}`);
  }
  return shown.join('\n');
}

interface ShownLine {
  readonly text: string;
  readonly carets: string;
}

function shownLine(request: FrameRequest, line: number): ShownLine {
  const {text, lines, start, end} = request;
  const from = lines[line - 1] ?? 0;
  const to = lines[line] ?? text.length + 1;
  const raw = text.slice(from, to - 1).replace(/\r$/, '');
  const marked = start.line === line;
  const focus = marked ? start.column - 1 : 0;
  const stop = end.line === line ? end.column - 1 : raw.trimEnd().length;
  // A line of a megabyte costs no more than what is shown of it.
  const cut = Math.max(0, focus - WIDTH);
  const piece = hide(request, raw.slice(cut, focus + 2 * WIDTH), from + cut);
  return windowed(piece, focus - cut, Math.max(stop - cut, focus - cut + 1), cut > 0);
}

/** Secrets replaced, by known place or by the look of the line. */
function hide(request: FrameRequest, raw: string, from: number): string {
  let text = raw;
  for (const {start, end} of [...(request.hidden ?? [])].sort((a, b) => b.start - a.start)) {
    const low = Math.max(0, start - from);
    const high = Math.min(raw.length, end - from);
    if (low < high) text = text.slice(0, low) + HIDDEN + text.slice(high);
  }
  if (text !== raw) return text;
  const found = SECRET_LINE.exec(raw);
  return found?.[1] === undefined ? raw : `${found[1]}${HIDDEN}`;
}

/** Escapes, cuts to the width around the mark, and puts the carets where it is then. */
function windowed(raw: string, focus: number, stop: number, cutBefore: boolean): ShownLine {
  const before = visible(raw.slice(0, focus));
  const inside = visible(raw.slice(focus, stop));
  const after = visible(raw.slice(stop));
  const drop = Math.max(0, before.length + Math.min(inside.length, 20) - WIDTH + 20);
  const head = drop > 0 || cutBefore ? `…${before.slice(drop + 1)}` : before;
  const room = Math.max(1, WIDTH - head.length);
  const mark = inside.slice(0, room);
  const rest = after.slice(0, Math.max(0, room - mark.length));
  const tail = inside.length > mark.length || after.length > rest.length ? '…' : '';
  return {
    text: `${head}${mark}${rest}${tail}`,
    carets: `${' '.repeat(head.length)}${'^'.repeat(Math.max(1, mark.length))}`,
  };
}
