// Why this exists: some bad inputs cannot lie in a repository as they are: bytes that are no text,
// paths that no file system takes, files of a megabyte. They are made here.
import type {Revision} from '../../src/core/model.ts';
import {
  MAX_FILE_BYTES,
  MAX_FILES,
  MAX_TEXT_LENGTH,
  MAX_TOTAL_BYTES,
} from '../../src/manifest/limits.ts';
import {HOSTILE} from '../builders/hostile.ts';
import {fileOf, revisionOf} from '../builders/revision.ts';

const HEAD = 'apiVersion: pvegit/v1\nkind: Sample\nmetadata: {name: sample}\n';

function utf16(text: string, mark: readonly number[]): Uint8Array {
  const units = Array.from(text, (letter) => letter.charCodeAt(0));
  return Uint8Array.from([...mark, ...units.flatMap((unit) => [unit & 255, unit >> 8])]);
}

function bytes(...parts: readonly (string | readonly number[])[]): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...encoder.encode(part)] : [...part])),
  );
}

function one(content: string | Uint8Array): Revision {
  return revisionOf({'sample.yaml': content});
}

function spec(text: string): Revision {
  return one(`${HEAD}spec:\n${text}`);
}

/** The corpus of all media, as names; in JSON's spelling, which YAML reads. */
const HOSTILE_NAMES = [
  ...HOSTILE.map(({text}) => JSON.stringify(text)),
  '"../../etc/passwd"',
  '"-rf"',
];

/** Revisions by the name of their case. */
export const MADE: {readonly [name: string]: () => Revision} = {
  'file-not-read': () =>
    revisionOf(
      {},
      {
        skipped: [
          {path: 'guests', because: 'symlink to ../../etc'},
          {path: 'db.yaml', because: 'LFS pointer'},
          {path: 'disk.iso', because: 'too large'},
          {path: '.hidden/link', because: 'symlink'},
        ],
      },
    ),
  'file-too-large': () => one(`# ${'x'.repeat(MAX_FILE_BYTES)}\n`),
  'file-too-many': () => {
    const file = fileOf('x', '');
    const files = Array.from({length: MAX_FILES + 2}, (_, index) => ({
      ...file,
      path: `guest-${String(index).padStart(6, '0')}.yaml`,
    }));
    return revisionOf({}, {files});
  },
  'file-total-too-large': () => {
    // Comments only, so that nothing is told of the files that are still read.
    const file = fileOf('x', `#${'x'.repeat(MAX_FILE_BYTES - 1)}`);
    const count = MAX_TOTAL_BYTES / MAX_FILE_BYTES + 1;
    const files = Array.from({length: count}, (_, index) => ({
      ...file,
      path: `big-${String(index).padStart(3, '0')}.yaml`,
    }));
    return revisionOf({}, {files});
  },
  'file-lfs-pointer': () =>
    one('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'),
  'file-path': () =>
    revisionOf({
      '../outside.yaml': '',
      'a//b.yaml': '',
      'a\\b.yaml': '',
      'evil\u001b[31m.yaml': '',
      'evil\u202elmay.yaml': '',
      [`${'long/'.repeat(210)}x.yaml`]: '',
    }),
  'file-twice': () =>
    revisionOf({}, {files: [fileOf('a.yaml', '# one'), fileOf('a.yaml', '# two')]}),
  'file-extension': () =>
    revisionOf({'a.YAML': HEAD, 'b.Yml': HEAD, 'c.yaml.txt': HEAD, 'notes.md': '# no'}),
  'text-utf16': () => revisionOf({'a.yaml': utf16(HEAD, [0xff, 0xfe]), 'b.yaml': utf16(HEAD, [])}),
  'text-utf32': () => one(bytes([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])),
  'text-not-utf8': () =>
    one(bytes(HEAD, 'spec: {text: "caf', [0xe9], '"}\n---\n', HEAD, 'spec: {flag: maybe}\n')),
  'text-overlong-utf8': () => one(bytes(HEAD, 'spec: {text: "', [0xc0, 0xaf], '"}\n')),
  'text-binary': () => one(bytes([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])),
  'text-control-character': () => spec('  text: a\u001b[31mb\n'),
  'text-nul': () => spec('  text: a\u0000b\n'),
  'text-carriage-return': () => one(HEAD.replaceAll('\n', '\r')),
  'text-bidi': () => spec('  text: "\u202eadmin"\n'),
  'text-invisible': () => spec('  text: a\u200bb\n  flag: maybe\n'),
  'text-line-separator': () => spec('  text: a\u2028b\n'),
  'text-mark-twice': () => one(`\ufeff\ufeff${HEAD}spec: {}\n`),
  'text-windows': () => one(`\ufeff${HEAD}spec:\n  flag: maybe\n`.replaceAll('\n', '\r\n')),
  'yaml-too-deep': () => one(`${'['.repeat(100_000)}`),
  'yaml-too-deep-block': () => one(`${HEAD}spec:\n  list:\n    ${'- '.repeat(40)}x\n`),
  'yaml-too-deep-maps': () => one(`${HEAD}spec: ${'{a: '.repeat(40)}1${'}'.repeat(40)}\n`),
  'yaml-too-many-documents': () => one('---\n# nothing\n'.repeat(502)),
  'yaml-too-many-values': () => spec(`  list: [${'a,'.repeat(10_001)}]\n`),
  'yaml-text-too-long': () => spec(`  text: ${'x'.repeat(MAX_TEXT_LENGTH + 1)}\n`),
  'yaml-key-too-long': () => spec(`  ${'k'.repeat(300)}: 1\n  "${'q'.repeat(1100)}": 1\n`),
  'yaml-alias-bomb': () => {
    const lines = Array.from({length: 9}, (_, index) => {
      const before =
        index === 0
          ? '"lol"'
          : Array(9)
              .fill(`*a${index - 1}`)
              .join(', ');
      return `  a${index}: &a${index} [${before}]`;
    });
    return spec(`${lines.join('\n')}\n`);
  },
  'yaml-many-keys': () =>
    spec(Array.from({length: 20_000}, (_, index) => `  key${index}: 1\n`).join('')),
  'yaml-tab': () => one(`${HEAD}spec:\n\ttext: abc\n`),
  'too-many-mistakes': () => {
    const files = Array.from({length: 45}, (_, file) => {
      const lines = Array.from({length: 50}, (_, line) => `  x${line}: 1\n`).join('');
      const path = `f${String(file).padStart(2, '0')}.yaml`;
      return [path, `${HEAD.replace(': sample', `: s${file}`)}spec:\n${lines}`];
    });
    return revisionOf(Object.fromEntries(files));
  },
  'hostile-names': () =>
    revisionOf(
      Object.fromEntries(
        HOSTILE_NAMES.map((name, index) => [
          `${index}.yaml`,
          `${HEAD.replace('sample', () => name)}spec: {}\n`,
        ]),
      ),
    ),
};
