// Why this exists: every house rule stands on the scanner; a string taken for code, or code taken
// for a string, would make all of them lie.
import {describe, expect, it} from 'vitest';
import {scan} from './scan.ts';
import {functionsOf, importsOf} from './shape.ts';

function texts(source: string): readonly string[] {
  return scan(source).tokens.map(({text}) => text);
}

describe('the scanner tells code from what only looks like it', () => {
  it.each([
    {reason: 'a comment in a string', source: "a('// b')", tokens: ['a', '(', "'// b'", ')']},
    {
      reason: 'a quote in a string',
      source: String.raw`a('\'b')`,
      tokens: ['a', '(', String.raw`'\'b'`, ')'],
    },
    {reason: 'a string in a comment', source: "a; // it's\nb", tokens: ['a', ';', 'b']},
    {reason: 'a block comment', source: 'a /* b\nc */ d', tokens: ['a', 'd']},
    {reason: 'a regular expression', source: 'a = /[/"]/g;', tokens: ['a', '=', '/[/"]/g', ';']},
    {reason: 'a division', source: 'a / b / c', tokens: ['a', '/', 'b', '/', 'c']},
    {reason: 'a division of a call', source: '(a) / 2', tokens: ['(', 'a', ')', '/', '2']},
    {reason: 'a returned pattern', source: "return /'/", tokens: ['return', "/'/"]},
    {reason: 'a template', source: '`a ${b} c`', tokens: ['`a ${', 'b', '} c`']},
    {
      reason: 'an object in a template',
      source: '`${{a: `x${1}`}}` + b',
      tokens: ['`${', '{', 'a', ':', '`x${', '1', '}`', '}', '}`', '+', 'b'],
    },
    {reason: 'an escaped backtick', source: '`\\`${a}`', tokens: ['`\\`${', 'a', '}`']},
    {reason: 'private names', source: 'this.#a', tokens: ['this', '.', '#a']},
    {reason: 'a first line for the system', source: '#!/bin/x\na', tokens: ['a']},
  ])('$reason', ({source, tokens}) => {
    expect(texts(source)).toEqual(tokens);
  });

  it('counts lines through comments, strings and templates', () => {
    const last = scan('/* 1\n2 */\n`3\n4`;\n"5";\nlast').tokens.at(-1);
    expect(last).toMatchObject({text: 'last', line: 6});
  });

  it('joins adjoining line comments, and only those', () => {
    const {comments} = scan('// a\n// b\n\n// c\n/* d */\n');
    expect(comments.map(({text}) => text)).toEqual(['a\nb', 'c', 'd']);
  });

  it('ends with the file when a string does not', () => {
    expect(texts("a = 'b")).toEqual(['a', '=', "'b"]);
  });
});

describe('imports', () => {
  it('are found in every form, with their lines', () => {
    const source = [
      "import a, {type B, c as d} from './a.ts';",
      "import './b.ts';",
      "export * from './c.ts';",
      "const e = await import('./d.ts');",
      "import json from './e.json' with {type: 'json'};",
    ].join('\n');
    const found = importsOf(scan(source).tokens).map(({specifier, line}) => [line, specifier]);
    expect(found).toEqual([
      [1, './a.ts'],
      [2, './b.ts'],
      [3, './c.ts'],
      [4, './d.ts'],
      [5, './e.json'],
    ]);
  });

  it('are not found where a word only looks like one', () => {
    const source = "const from = 'a'; f(from, 'b'); // import 'c'\nconst s = \"from 'd'\";";
    expect(importsOf(scan(source).tokens)).toEqual([]);
  });
});

describe('functions', () => {
  it.each([
    {source: 'function a() {\n}\n', found: ['a 1-2']},
    {source: 'export async function a<T>(b: {c: T}): Promise<{d: T}> {\n\n}\n', found: ['a 1-3']},
    {source: 'const a = (b: number): number => {\n};\n', found: ['a 1-2']},
    {source: 'class A {\n  b(): void {\n  }\n  get c(): 1 {\n  }\n}\n', found: ['b 2-3', 'c 4-5']},
    {source: 'if (a) {\n}\nfor (;;) {\n}\nwhile (a(b)) {\n}\n', found: []},
    {source: 'const a = b ? c(d) : {e: 1};\nconst f = {g: 1};\n', found: []},
    {source: 'type A = {b(): void; c: () => void};\n', found: []},
    {source: 'const a = (b) => c;\n', found: []},
  ])('$source', ({source, found}) => {
    const shapes = functionsOf(scan(source).tokens);
    const text = shapes.map(({name, firstLine, lastLine}) => `${name} ${firstLine}-${lastLine}`);
    expect(text).toEqual(found);
  });
});
