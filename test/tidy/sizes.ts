// Why this exists: what does not fit on a page is not understood. Sizes are limits, not aims; the
// aims are 120 lines for a file and 25 for a function.
import {functionsOf} from './shape.ts';
import {isCode, perFile, type Rule, type SourceFile, scanOf} from './source-file.ts';

const FILE_LINES = 400;
const FUNCTION_LINES = 70;
const COLUMNS = 100;
/** In tests a key, a digest or an address may stand unbroken, however long it is. */
const UNBROKEN = /\S{60,}/;
/** A pattern or an address that has a line of its own cannot be broken anywhere. */
const ALONE = /^\s*\S+$/;

/** The rule that holds files to 400 lines. */
export const fileLengthRule: Rule = perFile(
  'file length',
  `a file has at most ${FILE_LINES} lines`,
  isCode,
  (file) => {
    const lines = file.text.trimEnd().split('\n').length;
    if (lines <= FILE_LINES) return [];
    return [{path: file.path, line: FILE_LINES, what: `has ${lines} lines`}];
  },
);

/** The rule that holds functions to 70 lines; the callback of a `describe` is a chapter. */
export const functionLengthRule: Rule = perFile(
  'function length',
  `a function has at most ${FUNCTION_LINES} lines`,
  isCode,
  (file) => {
    const lines = file.text.split('\n');
    return functionsOf(scanOf(file).tokens).flatMap(({name, firstLine, lastLine}) => {
      const length = lastLine - firstLine + 1;
      const isChapter = isTest(file) && /^\s*describe\b/.test(lines[firstLine - 1] ?? '');
      if (length <= FUNCTION_LINES || isChapter) return [];
      return [{path: file.path, line: firstLine, what: `${name} has ${length} lines`}];
    });
  },
);

/** The rule that holds lines to 100 columns. */
export const lineLengthRule: Rule = perFile(
  'line length',
  `a line has at most ${COLUMNS} columns`,
  isCode,
  (file) =>
    file.text.split('\n').flatMap((text, index) => {
      const columns = [...text].length;
      const unbroken = ALONE.test(text) || (isTest(file) && UNBROKEN.test(text));
      if (columns <= COLUMNS || unbroken) return [];
      return [{path: file.path, line: index + 1, what: `has ${columns} columns`}];
    }),
);

function isTest(file: SourceFile): boolean {
  return file.path.startsWith('test/') || file.path.endsWith('.test.ts');
}
