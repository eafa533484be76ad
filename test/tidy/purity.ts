// Why this exists: a pure room's code is a function from values to values. Whatever waits, reads a
// clock, draws a number or touches the process would make a plan that nobody can compute again.
import {ROOMS, roomOf} from './rooms.ts';
import type {Token} from './scan.ts';
import {isShipped, perFile, type Rule, type SourceFile, scanOf} from './source-file.ts';

/** Files of pure rooms that may name the type `Promise` and a method `fetch`, with the reason. */
const SEAMS: Readonly<Record<string, string>> = {
  'src/core/ports.ts': 'the shapes that the shell fills in; nothing in it waits',
};

const WAITS = new Set(['async', 'await', 'Promise']);
const REACHES = new Set([
  'process',
  'console',
  'globalThis',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
]);

/** The rule that keeps promises, clocks, randomness and the process out of the pure rooms. */
export const purityRule: Rule = perFile(
  'purity',
  'a plan is a pure function of values: it can be computed again, and it can do no harm',
  isPure,
  (file) => {
    const {tokens} = scanOf(file);
    return tokens.flatMap((token, at) => {
      const what = impurity(file, tokens, token, at);
      return what === null ? [] : [{path: file.path, line: token.line, what}];
    });
  },
);

function isPure(file: SourceFile): boolean {
  return isShipped(file) && ROOMS[roomOf(file.path) ?? '']?.pure === true;
}

function impurity(
  file: SourceFile,
  tokens: readonly Token[],
  token: Token,
  at: number,
): string | null {
  if (token.kind !== 'word') return null;
  const next = tokens[at + 1]?.text;
  if (isName(tokens, at)) return null;
  if (file.path in SEAMS && (next === '<' || token.text === 'fetch')) return null;
  if (WAITS.has(token.text)) return `uses ${token.text}`;
  if (token.text === 'Date') return clock(tokens, at);
  if (token.text === 'Math' && tokens[at + 2]?.text === 'random') return 'draws a random number';
  if (!REACHES.has(token.text)) return null;
  return next === '.' || next === '?.' || next === '(' || next === '['
    ? `uses ${token.text}`
    : null;
}

/** A property's name, after a dot or before a colon, reaches nothing. */
function isName(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text;
  const next = tokens[at + 1]?.text;
  if (before === '.' || before === '?.') return true;
  return next === ':' && (before === '{' || before === ',');
}

function clock(tokens: readonly Token[], at: number): string | null {
  const [dot, name] = [1, 2].map((step) => tokens[at + step]?.text);
  if (dot === '.' && name === 'now') return 'reads the clock';
  const isNew = tokens[at - 1]?.text === 'new';
  if (isNew && (dot !== '(' || name === ')')) return 'reads the clock';
  if (!isNew && dot === '(') return 'reads the clock';
  return null;
}
