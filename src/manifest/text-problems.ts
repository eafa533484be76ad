// Why this exists: characters that a review does not show, and bytes that are no characters, are
// found in the document that holds them, so that the others of its file stay readable.
import {type BrokenBytes, CONVERT} from './decode.ts';
import type {Problem} from './problem.ts';
import type {Part} from './yaml-parts.ts';

/** What is wrong with the characters of one part of a text: the first of each sort. */
export function textProblems(
  text: string,
  part: Part,
  broken: BrokenBytes | null,
): readonly Problem[] {
  const source = text.slice(part.start, part.end);
  const problems = broken === null ? [] : brokenBytes(source, part, broken);
  return [...problems, ...conflictMarks(source, part), ...unwantedCharacters(source, part)];
}

/** Git's marks of a merge that nobody finished; `=======` alone may underline a heading. */
function conflictMarks(source: string, part: Part): readonly Problem[] {
  const found = /^(?:<{7}|>{7}|\|{7}) .*$/m.exec(source);
  if (found === null) return [];
  const start = part.start + found.index;
  const detail = 'Git put it there, because two branches changed the same lines.';
  const remedy = 'Choose what shall stand, and delete the lines with <<<<<<<, ======= and >>>>>>>.';
  return [{code: 'text-conflict', detail, remedy, start, end: start + found[0].length}];
}

function brokenBytes(source: string, part: Part, broken: BrokenBytes): readonly Problem[] {
  const at = source.indexOf('\ufffd');
  if (at === -1) return [];
  const start = part.start + at;
  const hex = broken.byte.toString(16).padStart(2, '0');
  const detail =
    start === broken.offset
      ? `The byte 0x${hex} does not begin or continue a character here.`
      : 'A byte here does not begin or continue a character.';
  return [{code: 'text-not-utf8', detail, remedy: CONVERT, start, end: start + 1}];
}

interface Unwanted {
  readonly code: Problem['code'];
  readonly pattern: RegExp;
  readonly detail: string;
  readonly severity?: 'warning';
}

const UNWANTED: readonly Unwanted[] = [
  {
    code: 'text-control-character',
    // All controls but tab and line feed; a carriage return only before a line feed.
    pattern: /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|\r(?!\n)/,
    detail: 'It cannot be seen in a review and can change what a terminal shows.',
  },
  {
    code: 'text-bidi',
    pattern: /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
    detail: 'The line reads differently from what it says, which hides changes in a review.',
  },
  {
    code: 'text-line-separator',
    pattern: /[\x85\u2028\u2029]/,
    detail: 'Some programs end the line here and others do not.',
  },
  {
    code: 'text-invisible',
    pattern: /[\u00ad\u200b\u2060\ufeff]/,
    detail: 'Two texts that look alike are then not the same.',
    severity: 'warning',
  },
];

function unwantedCharacters(source: string, part: Part): readonly Problem[] {
  return UNWANTED.flatMap(({code, pattern, detail, severity}) => {
    const found = pattern.exec(source);
    if (found === null) return [];
    const hex = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const start = part.start + found.index;
    const problem: Problem = {
      code,
      detail: `It is U+${hex}. ${detail}`,
      remedy: `Delete the character U+${hex}; in a quoted text it can be escaped.`,
      start,
      end: start + 1,
    };
    return [severity === undefined ? problem : {...problem, severity}];
  });
}
