// Why this exists: the house rules are judged on tokens, never on text, so that a word inside a
// string or a comment cannot break a rule or hide from one. TypeScript 7 has no JavaScript API.

/** One token of TypeScript source. `line` counts from 1; `start` and `end` are text offsets. */
export type Token = {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'punct';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
};

/** One comment without its delimiters, trimmed; adjoining `//` lines count as one comment. */
export type Comment = {
  readonly text: string;
  readonly firstLine: number;
  readonly lastLine: number;
};

/** What a file consists of, with strings, templates, patterns and comments told apart. */
export type Scan = {readonly tokens: readonly Token[]; readonly comments: readonly Comment[]};

const MANY = [
  '...',
  '=>',
  '===',
  '!==',
  '==',
  '!=',
  '?.',
  '??',
  '&&',
  '||',
  '<=',
  '>=',
  '++',
  '--',
];
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const SPACE = /[^\S\n]+/y;
/** Words after which a slash begins a regular expression; after other words it divides. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'else',
  'do',
  'yield',
]);

/** Splits source into tokens and comments. Never throws: an unclosed string ends with the file. */
export function scan(text: string): Scan {
  const scanner = new Scanner(text);
  while (!scanner.done()) scanner.step();
  return {tokens: scanner.tokens, comments: joinLines(scanner.comments)};
}

type RawComment = Comment & {readonly block: boolean};

class Scanner {
  readonly tokens: Token[] = [];
  readonly comments: RawComment[] = [];
  readonly #text: string;
  /** Depth of braces inside each template expression that is open. */
  readonly #templates: number[] = [];
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('#!')) this.#at = endOfLine(text, 0);
  }

  done(): boolean {
    return this.#at >= this.#text.length;
  }

  step(): void {
    const here = this.#text[this.#at] ?? '';
    const two = this.#text.slice(this.#at, this.#at + 2);
    if (here === '\n') return this.#skip(this.#at + 1);
    if (/\s/.test(here)) return this.#skip(this.#match(SPACE) ?? this.#at + 1);
    if (two === '//') return this.#comment(endOfLine(this.#text, this.#at), false);
    if (two === '/*') return this.#comment(after(this.#text, '*/', this.#at + 2), true);
    if (here === "'" || here === '"')
      return this.#token('string', endOfString(this.#text, this.#at));
    if (here === '`') return this.#template();
    if (here === '}' && this.#templates.at(-1) === 0) return this.#resumeTemplate();
    if (here === '/' && this.#regexMayStart()) {
      return this.#token('regex', endOfRegex(this.#text, this.#at));
    }
    this.#plain(here);
  }

  #plain(here: string): void {
    const word = this.#match(WORD);
    if (word !== null) return this.#token('word', word);
    const number = this.#match(NUMBER);
    if (number !== null) return this.#token('number', number);
    this.#countBraces(here);
    const many = MANY.find((punct) => this.#text.startsWith(punct, this.#at));
    this.#token('punct', this.#at + (many?.length ?? 1));
  }

  #countBraces(here: string): void {
    const depth = this.#templates.at(-1);
    if (depth === undefined) return;
    if (here === '{') this.#templates[this.#templates.length - 1] = depth + 1;
    if (here === '}') this.#templates[this.#templates.length - 1] = depth - 1;
  }

  #template(): void {
    const end = endOfTemplate(this.#text, this.#at + 1);
    this.#token('template', end);
    if (this.#text[end - 1] === '{') this.#templates.push(0);
  }

  #resumeTemplate(): void {
    this.#templates.pop();
    this.#template();
  }

  #regexMayStart(): boolean {
    const last = this.tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === 'word') return BEFORE_REGEX.has(last.text);
    return last.kind === 'punct' && ![')', ']', '}', '++', '--'].includes(last.text);
  }

  #match(pattern: RegExp): number | null {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text) ? pattern.lastIndex : null;
  }

  #token(kind: Token['kind'], end: number): void {
    const [start, line] = [this.#at, this.#line];
    this.#skip(end);
    this.tokens.push({kind, text: this.#text.slice(start, this.#at), start, end: this.#at, line});
  }

  #comment(end: number, block: boolean): void {
    const [start, firstLine] = [this.#at, this.#line];
    this.#skip(end);
    const text = this.#text
      .slice(start, this.#at)
      .replace(/^\/[/*]+|\*\/$/g, '')
      .trim();
    this.comments.push({text, firstLine, lastLine: this.#line, block});
  }

  #skip(end: number): void {
    const stop = Math.min(end, this.#text.length);
    for (; this.#at < stop; this.#at++) if (this.#text[this.#at] === '\n') this.#line++;
  }
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function after(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? text.length : at + what.length;
}

function endOfString(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** The offset behind the closing backtick, or behind the `${` that opens an expression. */
function endOfTemplate(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
  }
  return text.length;
}

function endOfRegex(text: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return endOfFlags(text, at + 1);
  }
  return from + 1;
}

function endOfFlags(text: string, from: number): number {
  let at = from;
  while (/[a-z]/.test(text[at] ?? '')) at++;
  return at;
}

function joinLines(comments: readonly RawComment[]): readonly Comment[] {
  const joined: RawComment[] = [];
  for (const comment of comments) {
    const last = joined.at(-1);
    const adjoins = last !== undefined && !last.block && !comment.block;
    if (!adjoins || comment.firstLine !== last.lastLine + 1) joined.push(comment);
    else {
      const text = `${last.text}\n${comment.text}`;
      joined[joined.length - 1] = {...last, text, lastLine: comment.lastLine};
    }
  }
  return joined;
}
