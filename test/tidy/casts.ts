// Why this exists: a cast is a promise that the compiler cannot check. Each one says beside it why
// it holds, in a comment that begins with "Safe:"; `any` says nothing and is not used.

import type {Comment, Token} from './scan.ts';
import {statementStart} from './shape.ts';
import {isCode, perFile, type Rule, scanOf} from './source-file.ts';

/** The rule that bans the type `any`. */
export const anyRule: Rule = perFile(
  'any',
  'outside data is `unknown` until a schema has seen it',
  isCode,
  (file) => {
    const {tokens} = scanOf(file);
    return tokens.flatMap((token, at) =>
      isAny(tokens, at) ? [{path: file.path, line: token.line, what: 'uses the type any'}] : [],
    );
  },
);

/** The rule that each `as` and each non-null `!` carries a reason. */
export const castRule: Rule = perFile(
  'casts',
  'each `as` and `!` carries a comment that begins "Safe:" on its line or just above',
  isCode,
  (file) => {
    const {tokens, comments} = scanOf(file);
    return tokens.flatMap((token, at) => {
      const what = castAt(tokens, at);
      if (what === null || isReasoned(comments, token.line)) return [];
      return [{path: file.path, line: token.line, what: `${what} without a "Safe:" comment`}];
    });
  },
);

const BEFORE_A_TYPE = new Set([':', '<', '|', '&', '=>', 'as', 'satisfies', 'extends']);

/** In the position of a type; biome judges precisely, this one also reads what biome skips. */
function isAny(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.kind !== 'word' || tokens[at]?.text !== 'any') return false;
  const next = [tokens[at + 1]?.text, tokens[at + 2]?.text];
  if (BEFORE_A_TYPE.has(tokens[at - 1]?.text ?? '') || next[0] === '>') return true;
  if (next[0] === '[' && next[1] === ']') return true;
  return tokens[at - 1]?.text === '=' && tokens[at - 3]?.text === 'type';
}

function castAt(tokens: readonly Token[], at: number): string | null {
  const token = tokens[at];
  if (token?.text === '!' && isNonNull(tokens, at)) return 'non-null "!"';
  if (token?.kind === 'word' && token.text === 'as' && isCast(tokens, at)) return '"as"';
  return null;
}

/** A postfix `!` touches an operand on its left; a negation never does in formatted code. */
function isNonNull(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  if (before === undefined || before.end !== tokens[at]?.start) return false;
  if (before.kind === 'word') return true;
  return [')', ']', '}'].includes(before.text);
}

function isCast(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  const next = tokens[at + 1];
  if (before === undefined || next === undefined || next.text === 'const') return false;
  if (before.text === '.' || before.text === '?.' || before.text.endsWith('${')) return false;
  if (before.kind === 'punct' && ![')', ']', '}', '>', '!'].includes(before.text)) return false;
  if ([':', ',', '=', ')', ';', '(', '.', '?', '?.'].includes(next.text)) return next.text === '(';
  return !isRenaming(tokens, at) && !isKeyMapping(tokens, at);
}

/** `import * as x`, `import {a as b}`, `export {a as b}`: names, not casts. */
function isRenaming(tokens: readonly Token[], at: number): boolean {
  return statementStart(tokens, at) !== null;
}

/** `[K in keyof T as …]` renames keys of a mapped type. */
function isKeyMapping(tokens: readonly Token[], at: number): boolean {
  for (let index = at - 1; index >= 0 && at - index < 20; index--) {
    if (tokens[index]?.text === '[') return tokens[index + 2]?.text === 'in';
    if ([';', '{', '('].includes(tokens[index]?.text ?? '')) return false;
  }
  return false;
}

function isReasoned(comments: readonly Comment[], line: number): boolean {
  return comments.some(({text, firstLine, lastLine}) => {
    const near = lastLine >= line - 2 && firstLine <= line;
    return near && /^(?:\* )?Safe: \S/m.test(text);
  });
}
