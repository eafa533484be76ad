// Why this exists: proves that lines break where a person expects it and commands never do.
import {describe, expect, it} from 'vitest';
import {fill} from './fill.ts';

const loud = (text: string): string => `<${text}>`;

describe('a paragraph', () => {
  it('breaks between words and goes on below its indent', () => {
    const lines = fill([{text: '  one two three four'}], {indent: 4, columns: 11});
    expect(lines).toEqual(['  one two', '    three', '    four']);
  });

  it('keeps the spaces between its pieces where it does not break', () => {
    const pieces = [{text: '  a'}, {text: '   b', paint: loud}];
    expect(fill(pieces, {indent: 2, columns: 80})).toEqual(['  a   <b>']);
    const padded = [{text: '  memory   '}, {text: '4GiB →'}];
    expect(fill(padded, {indent: 4, columns: 80})).toEqual(['  memory   4GiB →']);
  });

  it('colours neighbours once, and again on the next line', () => {
    const pieces = [{text: 'x'}, {text: ' one two three', paint: loud}];
    expect(fill(pieces, {indent: 2, columns: 9})).toEqual(['x <one two>', '  <three>']);
  });

  it('never breaks a command, and a word that is too long stands alone', () => {
    const command = 'pvegit apply --approve 33b6941164238aa2';
    expect(fill([{text: '→'}, {text: ` ${command}`}], {indent: 2, columns: 20})).toEqual([
      '→',
      `  ${command}`,
    ]);
    expect(fill([{text: 'a verylongword b'}], {indent: 0, columns: 6})).toEqual([
      'a',
      'verylongword',
      'b',
    ]);
  });

  it('is one line where nobody looks at a terminal', () => {
    const text = 'word '.repeat(100).trim();
    expect(fill([{text}], {indent: 2, columns: Infinity})).toEqual([text]);
  });
});
