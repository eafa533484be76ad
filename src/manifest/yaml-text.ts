// Why this exists: text into plain values with the place of each, within bounds, so that nothing
// that somebody writes can make parsing slow, deep, or different from what the reviewer saw.
import {Composer, type CST, type Document, Lexer, Parser, type YAMLParseError} from 'yaml';
import type {Json} from '../core/json.ts';
import type {BrokenBytes} from './decode.ts';
import {
  MAX_DEPTH,
  MAX_DIAGNOSTICS_PER_DOCUMENT,
  MAX_DOCUMENTS_PER_FILE,
  MAX_SYNTAX_ERRORS,
} from './limits.ts';
import type {Problem} from './problem.ts';
import {type SyntaxPlaces, syntaxProblem} from './syntax-problem.ts';
import {textProblems} from './text-problems.ts';
import {type Part, partsOf} from './yaml-parts.ts';
import {readValue} from './yaml-value.ts';

/** One document of a text as plain data. */
export interface ParsedDocument {
  /** Undefined when it could not be read at all. */
  readonly value: Json | undefined;
  /** Offsets of the key and of the value of every value, in the order of `walk` (places.ts). */
  readonly places: Int32Array;
  readonly start: number;
  readonly end: number;
  readonly problems: readonly Problem[];
}

/** A text as documents; problems that belong to none of them stand apart. */
export interface ParsedText {
  readonly text: string;
  readonly documents: readonly ParsedDocument[];
  readonly problems: readonly Problem[];
}

/** Parses a decoded text. Never throws, whatever the text; empty documents are left out. */
export function parseText(text: string, broken: BrokenBytes | null = null): ParsedText {
  const parts = partsOf(text);
  const beyond = parts[MAX_DOCUMENTS_PER_FILE];
  const documents = parts
    .slice(0, MAX_DOCUMENTS_PER_FILE)
    .flatMap((part) => parsePart(text, part, textProblems(text, part, broken)));
  if (beyond === undefined) return {text, documents, problems: []};
  const problem: Problem = {
    code: 'yaml-too-many-documents',
    detail: `There are ${parts.length} documents; the limit is ${MAX_DOCUMENTS_PER_FILE}.`,
    remedy: 'Split the file; those from here on were not read.',
    start: beyond.start,
    end: beyond.start + 3,
  };
  return {text, documents, problems: [problem]};
}

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  strict: true,
  // The package's own check takes quadratic time; yaml-value.ts does it with a set.
  uniqueKeys: false,
  logLevel: 'silent',
  prettyErrors: false,
} as const;

function parsePart(
  text: string,
  part: Part,
  characters: readonly Problem[],
): readonly ParsedDocument[] {
  const source = text.slice(part.start, part.end);
  const tokens = tokensOf(source);
  if (tokens.kind === 'too-deep') {
    const detail = `There are more than ${MAX_DEPTH} levels here; no manifest needs that many.`;
    const remedy = 'Look for brackets that are never closed.';
    const start = part.start + tokens.offset;
    const problem: Problem = {code: 'yaml-too-deep', detail, remedy, start, end: start + 1};
    return [unreadable(part, [...characters, problem])];
  }
  const before = [...characters, ...directiveProblems(text, part)];
  const composed = [...new Composer(OPTIONS).compose(tokens.tokens, false, source.length)];
  const context = {text, part, before, openQuote: tokens.openQuote};
  const documents = composed.flatMap((document) => documentOf(document, context));
  return documents.length === 0 && before.length > 0 ? [unreadable(part, before)] : documents;
}

function unreadable(part: Part, problems: readonly Problem[]): ParsedDocument {
  return {value: undefined, places: new Int32Array(0), start: part.start, end: part.end, problems};
}

type Tokens =
  | {
      readonly kind: 'tokens';
      readonly tokens: readonly CST.Token[];
      /** Where a quote stands that is never closed. */
      readonly openQuote: number | null;
    }
  | {readonly kind: 'too-deep'; readonly offset: number};

/** Composing recurses, so the depth is known before: the parser's own stack tells it. */
function tokensOf(source: string): Tokens {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let openQuote: number | null = null;
  for (const lexeme of new Lexer().lex(source)) {
    if (isOpenQuote(lexeme)) openQuote ??= parser.offset;
    for (const token of parser.next(lexeme)) tokens.push(token);
    // Two more than the collections: the document, and the scalar that is being built.
    if (parser.stack.length > MAX_DEPTH + 2) return {kind: 'too-deep', offset: parser.offset};
  }
  for (const token of parser.end()) tokens.push(token);
  return {kind: 'tokens', tokens, openQuote};
}

function isOpenQuote(lexeme: string): boolean {
  const [quote] = lexeme;
  if (quote !== '"' && quote !== "'") return false;
  return lexeme.length === 1 || !lexeme.endsWith(quote);
}

/** `%YAML 1.1` would turn `no` into false and `010` into 8: what a reviewer sees must be meant. */
function directiveProblems(text: string, part: Part): readonly Problem[] {
  const source = text.slice(part.start, part.end);
  const found = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*(%[^\r\n]*)/.exec(source);
  const line = found?.[1];
  if (found === null || line === undefined || /^%YAML 1\.2\s*$/.test(line)) return [];
  const start = part.start + found[0].length - line.length;
  const problem: Problem = {
    code: 'yaml-directive',
    detail: 'It would change what the values below mean.',
    remedy: 'Delete the line; pvegit reads YAML 1.2 and no tags.',
    start,
    end: start + line.length,
  };
  return [problem];
}

function documentOf(
  document: Document.Parsed,
  {text, part, before, openQuote}: PartContext,
): readonly ParsedDocument[] {
  const syntax = syntaxProblems(document.errors, {offset: part.start, openQuote});
  if (syntax.length > 0) {
    // Where lines end elsewhere, or Git's marks stand between them, the syntax only follows.
    const follows = before.some(({code}) => BREAKS_LINES.has(code));
    return [unreadable(part, follows ? before : [...before, ...syntax])];
  }
  const {value, places, problems} = readValue(document.contents, text, part.start);
  if (value === null && problems.length === 0 && before.length === 0) return [];
  const [start] = places.length > 0 ? [places[2] ?? part.start] : [part.start];
  const kept = [...before, ...problems].slice(0, MAX_DIAGNOSTICS_PER_DOCUMENT);
  return [{value, places, start, end: part.end, problems: kept}];
}

const BREAKS_LINES: ReadonlySet<string> = new Set(['text-control-character', 'text-conflict']);

interface PartContext {
  readonly text: string;
  readonly part: Part;
  readonly before: readonly Problem[];
  readonly openQuote: number | null;
}

/** The first few: the rest follows from them. One for each place. */
function syntaxProblems(
  errors: readonly YAMLParseError[],
  places: SyntaxPlaces,
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const error of errors) {
    const problem = syntaxProblem(error, places);
    const known = problems.some(({start}) => start === problem.start);
    if (!known) problems.push(problem);
    // What follows an open quote was read as part of the text in it.
    if (problem.code === 'yaml-unclosed') return [problem];
    if (problems.length === MAX_SYNTAX_ERRORS) break;
  }
  return problems;
}
