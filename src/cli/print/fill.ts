// Why this exists: on a terminal a long line breaks between words and goes on below its beginning;
// what is read by a program, or copied, stays one line.

/** Words with the colour that they have. */
export interface Piece {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

/**
 * One paragraph as lines of at most `columns`, each after the first below `indent` spaces. Text
 * that begins with `pvegit ` is a command, which is never broken.
 */
export function fill(
  pieces: readonly Piece[],
  {indent, columns}: {readonly indent: number; readonly columns: number},
): readonly string[] {
  const lines: Word[][] = [[]];
  let length = 0;
  for (const word of wordsOf(pieces)) {
    const line = lines.at(-1) ?? [];
    const gap = line.length === 0 ? 0 : word.gap.length;
    if (line.length > 0 && length + gap + word.length > columns) {
      lines.push([{...word, gap: ''}]);
      length = indent + word.length;
    } else {
      line.push(line.length === 0 ? {...word, gap: lines.length === 1 ? word.gap : ''} : word);
      length += word.gap.length + word.length;
    }
  }
  return lines.map((line, at) => `${at === 0 ? '' : ' '.repeat(indent)}${painted(line)}`);
}

interface Word {
  /** The spaces before it. */
  readonly gap: string;
  readonly text: string;
  readonly length: number;
  readonly paint: (text: string) => string;
}

const plain = (text: string): string => text;

/** The words of all pieces; spaces at the end of a piece stand before the next word. */
function wordsOf(pieces: readonly Piece[]): readonly Word[] {
  const words: Word[] = [];
  let before = '';
  for (const {text, paint = plain} of pieces) {
    const inner = text.trimStart();
    const isCommand = inner.startsWith('pvegit ');
    const found = isCommand
      ? [[text.slice(0, text.length - inner.length), inner.trimEnd()] as const]
      : [...text.matchAll(/(\s*)(\S+)/g)].map(([, gap = '', word = '']) => [gap, word] as const);
    for (const [gap, word] of found) {
      words.push({gap: before + gap, text: word, length: width(word), paint});
      before = '';
    }
    before += found.length === 0 ? text : text.slice(text.trimEnd().length);
  }
  return words;
}

/** How many columns a text takes, near enough for names and sentences. */
export function width(text: string): number {
  return Array.from(text).length;
}

/** Neighbours of one colour are coloured once. */
function painted(line: readonly Word[]): string {
  let text = '';
  let run = '';
  let paint = plain;
  for (const word of line) {
    if (word.paint !== paint) {
      text += run === '' ? '' : paint(run);
      run = '';
      text += word.gap;
      paint = word.paint;
      run = word.text;
    } else run += word.gap + word.text;
  }
  return text + (run === '' ? '' : paint(run));
}
