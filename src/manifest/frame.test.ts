// Why this exists: a frame goes straight to a terminal, and it may show a line with a secret.
import {describe, expect, it} from 'vitest';
import {frameOf, type Stretch} from '../core/frame.ts';
import {visible} from '../core/visible.ts';
import {lineStarts, positionAt} from './text-position.ts';

function frame(text: string, what: string, hidden: readonly Stretch[] = []): string {
  const lines = lineStarts(text);
  const at = text.indexOf(what);
  const [start, end] = [positionAt(lines, at), positionAt(lines, at + what.length)];
  return frameOf({text, lines, start, end, hidden});
}

describe('frameOf', () => {
  it('shows the line between its neighbours, with carets below what is meant', () => {
    expect(frame('spec:\n  cpu: {coress: 2}\n  memory: 4GiB\n  tags: []\n', 'coress')).toBe(
      ['1 | spec:', '2 |   cpu: {coress: 2}', '  |         ^^^^^^', '3 |   memory: 4GiB'].join(
        '\n',
      ),
    );
  });

  it('puts a caret behind the text when the end of it is meant', () => {
    expect(frame('a:', '')).toBe('1 | a:\n  | ^');
  });

  it('aligns numbers of different length', () => {
    const text = `${'\n'.repeat(8)}nine\nten\n`;
    expect(frame(text, 'nine').split('\n')).toEqual([' 8 |', ' 9 | nine', '   | ^^^^', '10 | ten']);
  });

  it('marks only the first line of what runs over several', () => {
    expect(frame('a:\n  b: 1\n  c: 2\n', 'b: 1\n  c: 2')).toContain('  |   ^^^^\n');
  });

  it.each([
    ['\u001b[31mred', 'colours'],
    ['\u202eevil', 'reading direction'],
    ['\u0007bell', 'bells'],
    ['\u2028line', 'line separators'],
    ['\ud800half', 'halves of characters'],
    ['a\u200bb', 'invisible characters'],
  ])('writes %j as an escape: %s', (hostile) => {
    const shown = frame(`name: ${hostile} x\n`, 'x');
    expect(shown).toContain('\\u{');
    expect(visible(shown.replaceAll('\n', ''))).toBe(shown.replaceAll('\n', ''));
    const [line = '', carets = ''] = shown.split('\n');
    expect(line[carets.indexOf('^')]).toBe('x');
  });

  it('cuts a long line around what is meant', () => {
    const shown = frame(`a: ${'x'.repeat(5000)}HERE${'y'.repeat(5000)}\n`, 'HERE');
    const [line = '', carets = ''] = shown.split('\n');
    expect(line.length).toBeLessThan(100);
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE');
    expect(line).toMatch(/…x+HEREy+…$/);
  });

  it('does not show a literal beside a name that sounds secret', () => {
    const text = 'a: 1\npassword: hunter2\nb: [\n';
    expect(frame(text, 'b')).not.toContain('hunter2');
    expect(frame(text, 'password')).toContain('password: (hidden)');
  });

  it('does not show what is known to be secret, whatever it is called', () => {
    const text = 'keys:\n  db: hunter2\n  web: {env: X}\n';
    const start = text.indexOf('hunter2');
    const shown = frame(text, 'hunter2', [{start, end: start + 'hunter2'.length}]);
    expect(shown).toContain('  db: (hidden)');
    expect(shown).not.toContain('hunter2');
  });

  it('shows a reference to a secret', () => {
    expect(frame('password: {secretRef: {name: a, key: b}}\n', 'name')).toContain('name: a');
  });
});
