// Why this exists: what the rules need to know of a file's shape, its imports, its functions and
// its casts, read from the tokens.
import type {Token} from './scan.ts';

/** A module that a file names, the line where it does, and whether only for its types. */
export type Import = {
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
};

/** All modules that are imported or re-exported, also by `import('…')`. */
export function importsOf(tokens: readonly Token[]): readonly Import[] {
  return tokens.flatMap((token, at) => {
    const before = tokens[at - 1];
    if (token.kind !== 'string' || before === undefined) return [];
    const called =
      before.text === '(' && ['import', 'require'].includes(tokens[at - 2]?.text ?? '');
    const named = before.kind === 'word' && ['from', 'import'].includes(before.text);
    const start = named ? statementStart(tokens, at) : null;
    if (!called && start === null) return [];
    const typeOnly = start !== null && isTypeOnly(tokens, start);
    return [{specifier: token.text.slice(1, -1), line: token.line, typeOnly}];
  });
}

/** `import type …`, but not the import of a thing that is called `type`. */
function isTypeOnly(tokens: readonly Token[], start: number): boolean {
  const next = tokens[start + 2]?.text ?? '';
  return tokens[start + 1]?.text === 'type' && !['from', ','].includes(next);
}

/** The index of the `import` or `export` whose clause the token belongs to, if any. */
export function statementStart(tokens: readonly Token[], at: number): number | null {
  for (let index = at - 1; index >= 0; index--) {
    const token = tokens[index];
    if (token?.kind === 'word' && (token.text === 'import' || token.text === 'export'))
      return index;
    const belongs = token?.kind === 'word' || ['{', '}', ',', '*'].includes(token?.text ?? '');
    if (!belongs) return null;
  }
  return null;
}

/** A function with a block body: its first and last line, and its name if it has one. */
export type FunctionShape = {
  readonly name: string;
  readonly firstLine: number;
  readonly lastLine: number;
};

const NOT_METHODS = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'return', 'await']);

/** Every function, method and arrow function with a block body, nested ones too. */
export function functionsOf(tokens: readonly Token[]): readonly FunctionShape[] {
  const pairs = matchPairs(tokens);
  const shape = (name: string, start: number, body: number): FunctionShape => ({
    name,
    firstLine: tokens[start]?.line ?? 1,
    lastLine: tokens[pairs.get(body) ?? tokens.length - 1]?.line ?? 1,
  });
  return tokens.flatMap((token, at) => {
    if (token.kind !== 'punct') return [];
    if (token.text === '=>' && tokens[at + 1]?.text === '{') {
      const start = arrowStart(tokens, pairs, at);
      return [shape(tokens[start - 2]?.text ?? '', start, at + 1)];
    }
    if (token.text !== '(') return [];
    const name = nameBefore(tokens, at);
    const body = name === null ? null : bodyAfter(tokens, pairs, at);
    return name === null || body === null ? [] : [shape(name, at, body)];
  });
}

/** The index of the parenthesis that opens the parameters of the arrow function at `arrow`. */
function arrowStart(
  tokens: readonly Token[],
  pairs: ReadonlyMap<number, number>,
  arrow: number,
): number {
  for (let at = arrow - 1; at >= 0; at--) {
    const ends = tokens[at]?.text === ')' && (at === arrow - 1 || tokens[at + 1]?.text === ':');
    if (ends) return pairs.get(at) ?? arrow;
  }
  return arrow;
}

function nameBefore(tokens: readonly Token[], at: number): string | null {
  const before = tokens[at - 1];
  if (before?.kind === 'word') return NOT_METHODS.has(before.text) ? null : before.text;
  if (before?.text === '>') return genericName(tokens, at - 1);
  return null;
}

function genericName(tokens: readonly Token[], close: number): string | null {
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    if (tokens[at]?.text === '>') depth++;
    if (tokens[at]?.text === '<') depth--;
    if (depth > 0) continue;
    const name = tokens[at - 1];
    return name?.kind === 'word' ? name.text : null;
  }
  return null;
}

/** The index of the brace that opens the body of the function whose parameters open at `open`. */
function bodyAfter(
  tokens: readonly Token[],
  pairs: ReadonlyMap<number, number>,
  open: number,
): number | null {
  const close = pairs.get(open);
  if (close === undefined) return null;
  if (tokens[close + 1]?.text === '{') return close + 1;
  return tokens[close + 1]?.text === ':' ? bodyAfterType(tokens, pairs, close + 2) : null;
}

const BEFORE_TYPE = new Set([':', '|', '&', '=>', '<', ',', 'is', 'extends', '?']);

function bodyAfterType(
  tokens: readonly Token[],
  pairs: ReadonlyMap<number, number>,
  from: number,
): number | null {
  let angles = 0;
  for (let at = from; at < tokens.length; at++) {
    const text = tokens[at]?.text ?? '';
    if (text === '<') angles++;
    if (text === '>') angles--;
    if (text === '{' && angles === 0 && !BEFORE_TYPE.has(tokens[at - 1]?.text ?? '')) return at;
    if (['(', '[', '{'].includes(text)) at = pairs.get(at) ?? tokens.length;
    else if ([';', ')', '}', ']', '='].includes(text)) return null;
    else if (text === ',' && angles === 0) return null;
  }
  return null;
}

/** For each bracket's index, the index of the one that belongs to it. */
function matchPairs(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  tokens.forEach((token, at) => {
    if (token.kind !== 'punct') return;
    if (['(', '[', '{'].includes(token.text)) open.push(at);
    if (![')', ']', '}'].includes(token.text)) return;
    const start = open.pop();
    if (start !== undefined) pairs.set(start, at).set(at, start);
  });
  return pairs;
}
