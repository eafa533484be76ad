// Why this exists: a repository is written by strangers. What a message shows of it can neither
// move the cursor, colour the terminal, reverse the line nor hide a character.

/** Controls, format and bidi characters, line and paragraph separators, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Controls that no value of a manifest may hold: a terminal or a log acts on them. */
export const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** Characters that turn a line round, which no value of a manifest may hold either. */
export const BIDI = /[\u202a-\u202e\u2066-\u2069]/;

/** Longest text that a message quotes; the frame shows the rest. */
const LONGEST_QUOTE = 60;

/** The text with every character that is not plainly visible written as an escape. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => {
    if (character === '\t') return '\\t';
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

/** A value as a message quotes it: visible, in quotes when it is text, and not too long. */
export function quoted(value: unknown): string {
  if (typeof value === 'string') return `"${shortened(visible(value))}"`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  return String(value);
}

/** As `quoted`, without the quotes, for names that stand by themselves. */
export function bare(text: string): string {
  return shortened(visible(text));
}

function shortened(text: string): string {
  const letters = Array.from(text);
  return letters.length <= LONGEST_QUOTE ? text : `${letters.slice(0, LONGEST_QUOTE).join('')}…`;
}
