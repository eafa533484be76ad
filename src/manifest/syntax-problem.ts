// Why this exists: the YAML package says what its parser expected; a person wants to know what to
// write. One answer for each sort of syntax error.
import type {YAMLParseError} from 'yaml';
import type {ManifestCode} from './codes.ts';
import type {Problem} from './problem.ts';

/** Where the text of the errors began, and where in it a quote stands that is never closed. */
export interface SyntaxPlaces {
  readonly offset: number;
  readonly openQuote: number | null;
}

/** The problem that a syntax error of the package means. */
export function syntaxProblem(error: YAMLParseError, {offset, openQuote}: SyntaxPlaces): Problem {
  const answer = answerFor(error);
  // The package points at the end of the text, where nobody finds the quote.
  const atQuote = answer.code === 'yaml-unclosed' && openQuote !== null;
  const [start, end] = atQuote ? [openQuote, openQuote + 1] : error.pos;
  return {
    ...answer,
    start: offset + start,
    end: offset + Math.max(end, start + 1),
  };
}

interface Answer {
  readonly code: ManifestCode;
  readonly detail: string;
  readonly remedy: string;
}

function answerFor(error: YAMLParseError): Answer {
  if (error.code === 'MISSING_CHAR') return missing(error.message);
  if (error.code === 'BAD_INDENT' && /flow/i.test(error.message)) return UNCLOSED_BRACKET;
  if (error.code === 'UNEXPECTED_TOKEN') return unexpected(error.message);
  return ANSWERS[error.code] ?? UNEXPECTED;
}

const UNEXPECTED: Answer = {
  code: 'yaml-unexpected',
  detail: 'What stands here does not fit what stands before it.',
  remedy: 'Check quotes, brackets and the indentation of this line and the one above.',
};

const ALIAS: Answer = {
  code: 'yaml-alias',
  detail: 'Aliases are refused: few characters could stand for gigabytes.',
  remedy: 'Write the value out, or put what several guests share into Defaults.',
};

const PROPERTIES: Answer = {
  code: 'yaml-properties',
  detail: 'Tags (!x) and anchors (&x) stand before a value, one of each at most.',
  remedy: 'Delete it; manifests need neither.',
};

const TAG: Answer = {
  code: 'yaml-tag',
  detail: 'The tag does not fit the value behind it.',
  remedy: 'Delete the tag; quote the value if it is meant as text.',
};

const ANSWERS: {readonly [code: string]: Answer} = {
  ALIAS_PROPS: ALIAS,
  BAD_ALIAS: ALIAS,
  BAD_COLLECTION_TYPE: TAG,
  TAG_RESOLVE_FAILED: TAG,
  BAD_PROP_ORDER: PROPERTIES,
  MULTIPLE_ANCHORS: PROPERTIES,
  MULTIPLE_TAGS: PROPERTIES,
  BAD_DIRECTIVE: {
    code: 'yaml-directive',
    detail: 'A line that begins with % is an instruction to the parser.',
    remedy: 'Delete the line; quote the text if it begins with %.',
  },
  BAD_DQ_ESCAPE: {
    code: 'yaml-escape',
    detail: 'In double quotes a backslash begins an escape such as \\n or \\u00e9.',
    remedy: 'Use single quotes, in which a backslash is itself, or write \\\\.',
  },
  BAD_INDENT: {
    code: 'yaml-indentation',
    detail: 'Fields of one map begin in the same column.',
    remedy: 'Indent by two spaces a level, and align this line with its neighbours.',
  },
  BAD_SCALAR_START: {
    code: 'yaml-scalar-start',
    detail: 'A text without quotes cannot begin with @, ` or %.',
    remedy: 'Put the text in quotes.',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    code: 'yaml-nested-map',
    detail: 'A map within a map begins on a line of its own, or in braces.',
    remedy: 'Put the second key on the next line, indented; quote a text that holds ": ".',
  },
  BLOCK_IN_FLOW: {
    code: 'yaml-block-in-flow',
    detail: 'Between brackets or braces only such lists and maps may stand.',
    remedy: 'Write the outer value as a block, or the inner one in brackets.',
  },
  KEY_OVER_1024_CHARS: {
    code: 'yaml-key-too-long',
    detail: 'YAML ends the search for a colon after 1024 characters.',
    remedy: 'Look for a colon or a quote that is missing above.',
  },
  MULTILINE_IMPLICIT_KEY: {
    code: 'yaml-multiline-key',
    detail: 'The lines up to the next colon were taken for one key.',
    remedy: 'Look for a colon that is missing at the end of a line, or quote the text above.',
  },
  RESOURCE_EXHAUSTION: {
    code: 'yaml-too-deep',
    detail: 'Maps and lists are nested deeper than can be read.',
    remedy: 'Look for brackets that are never closed.',
  },
  TAB_AS_INDENT: {
    code: 'yaml-tab',
    detail: 'YAML takes only spaces, since everybody sees a tab differently.',
    remedy: 'Replace the tabs by two spaces a level; most editors do so on request.',
  },
};

function missing(message: string): Answer {
  if (/quote/.test(message)) {
    return {
      code: 'yaml-unclosed',
      detail: 'The text in quotes does not end before the document does.',
      remedy: 'Close the quote; a quote inside of single quotes is written twice.',
    };
  }
  if (/map values/.test(message)) {
    return {
      code: 'yaml-missing-colon',
      detail: 'This was taken for a field, and no colon follows it.',
      remedy: 'Write the colon, or indent or quote the line if it belongs to the text above.',
    };
  }
  return UNCLOSED_BRACKET;
}

const UNCLOSED_BRACKET: Answer = {
  code: 'yaml-brackets',
  detail: 'What is opened here or above is not finished as YAML asks.',
  remedy: 'Close each { with } and each [ with ], and part the items by commas.',
};

function unexpected(message: string): Answer {
  if (/flow|\}|\]|,/.test(message)) {
    return {
      code: 'yaml-brackets',
      detail: 'A bracket, brace or comma stands where none fits.',
      remedy: 'Count the brackets; quote a text that begins with one.',
    };
  }
  return UNEXPECTED;
}
