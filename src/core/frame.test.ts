// Why this exists: proves that a frame shows where a mistake is, and nothing that must stay hidden.
import {expect, test} from 'vitest';
import {frameOf} from './frame.ts';
import type {Position} from './model.ts';

function frame(text: string, from: number, to: number): string {
  const lines = [0, ...Array.from(text.matchAll(/\n/g), ({index}) => index + 1)];
  const place = (offset: number): Position => {
    const line = lines.findLastIndex((start) => start <= offset) + 1;
    return {line, column: offset - (lines[line - 1] ?? 0) + 1, offset};
  };
  return frameOf({text, lines, start: place(from), end: place(to)});
}

test('the marked line stands between its neighbours, with carets below the place', () => {
  expect(frame('a: 1\nbad: 2\nc: 3\nd: 4\n', 10, 11)).toBe(
    ['1 | a: 1', '2 | bad: 2', '  |      ^', '3 | c: 3'].join('\n'),
  );
});

test.each([
  'token: hunter2',
  '  listenToken: "hunter2"',
  'api-key: hunter2',
  'x_password : hunter2',
])('a literal secret is not shown: %s', (line) => {
  const shown = frame(`a: 1\n${line}\n`, 5, 6);
  expect(shown).toContain('(hidden)');
  expect(shown).not.toContain('hunter2');
});

test('a reference to a secret is shown', () => {
  expect(frame('token: {env: NAME}\n', 0, 5)).toContain('{env: NAME}');
});

test('what could move the cursor or hide is written as an escape', () => {
  expect(frame('a: \u001b[2J\u202ex\n', 0, 1)).toContain('a: \\u{1b}[2J\\u{202e}x');
});

test('a long line is cut around the mark', () => {
  const text = `${'x'.repeat(500)}HERE${'y'.repeat(500)}\n`;
  const [line = '', carets = ''] = frame(text, 500, 504).split('\n');
  expect(line.length).toBeLessThan(100);
  expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE');
});
