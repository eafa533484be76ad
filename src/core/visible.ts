// Why this exists: a repository is written by strangers. What a message shows of it can neither
// move the cursor, colour the terminal, reverse the line nor hide a character.

/** Controls, format and bidi characters, line and paragraph separators, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

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
