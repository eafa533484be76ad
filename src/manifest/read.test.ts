// Why this exists: what a revision means, and that no mistake hides another, is the base of every
// promise about deleting.
import {describe, expect, it} from 'vitest';
import {FAKE_GUEST} from '../../test/builders/fake-kind.ts';
import {revisionOf} from '../../test/builders/revision.ts';
import {isObject, type JsonObject} from '../core/json.ts';
import type {RecordKind} from '../core/kind.ts';
import {ParseCache} from './parse-cache.ts';
import {readManifests} from './read.ts';

const DEFAULTS: RecordKind = {
  role: 'record',
  name: 'Defaults',
  schema: {type: 'object'},
  partials: (document) => {
    const spec = document.value['spec'];
    const partials: {[kind: string]: JsonObject} = {};
    // Safe: a test's own YAML.
    for (const [kind, partial] of Object.entries(isObject(spec) ? spec : {})) {
      partials[kind] = partial as JsonObject;
    }
    return {partials, diagnostics: []};
  },
};

const KINDS = [FAKE_GUEST, DEFAULTS];

function guest(vmid: number, name: string, more = ''): string {
  const head = `apiVersion: pvegit/v1\nkind: Guest\nmetadata: {name: ${name}}\nspec:\n`;
  return `${head}  vmid: ${vmid}\n${more}`;
}

function defaults(spec: string): string {
  return `apiVersion: pvegit/v1\nkind: Defaults\nmetadata: {name: d}\nspec:\n${spec}`;
}

function read(files: {readonly [path: string]: string | Uint8Array}) {
  return readManifests({revision: revisionOf(files), kinds: KINDS});
}

function told(files: {readonly [path: string]: string | Uint8Array}): readonly string[] {
  return read(files).diagnostics.map(
    ({code, range}) => `${range?.file}:${range?.start.line}:${range?.start.column} ${code}`,
  );
}

describe('reading a revision', () => {
  it('gives each guest with its fields and where each was written', () => {
    const found = read({'web/db.yaml': guest(150, 'db', '  memory: 4GiB\n')});
    expect(found.diagnostics).toEqual([]);
    expect(found.complete).toBe(true);
    expect(found.documents).toBe(1);
    const [db] = found.desired;
    expect(db?.body).toEqual({vmid: 150, memory: '4GiB'});
    expect(db?.ranges['memory']).toMatchObject({
      file: 'web/db.yaml',
      start: {line: 6, column: 11},
    });
  });

  it('keeps the good documents of a file with a poison one, before and after it', () => {
    const text = [guest(150, 'a'), 'kind: [Guest\nspec: "\n', guest(152, 'c')].join('---\n');
    const found = read({'all.yaml': text});
    expect(found.desired.map(({key}) => key)).toEqual(['guest/150', 'guest/152']);
    expect(found.complete).toBe(false);
  });

  it('keeps claiming what a document with a syntax error named', () => {
    const found = read({'a.yaml': `${guest(150, 'a')}  memory: "4GiB\n`});
    expect(found.desired).toEqual([]);
    expect(found.claimed).toContain('guest/150');
  });

  it('keeps claiming what a document with a wrong field named', () => {
    const found = read({'a.yaml': guest(150, 'a', '  memroy: 4GiB\n')});
    expect(found.claimed).toContain('guest/150');
    expect(found.diagnostics[0]).toMatchObject({
      code: 'field-unknown',
      suggestion: 'memory',
      range: {start: {line: 6, column: 3}},
    });
  });

  it.each(['hasOwnProperty', 'isPrototypeOf'])('takes an annotation of any name: %s', (key) => {
    const metadata = `metadata: {name: a, annotations: {${key}: x}}`;
    const text = guest(150, 'a').replace('metadata: {name: a}', metadata);
    const {diagnostics, desired} = read({'a.yaml': text});
    expect([diagnostics, desired.map((one) => one.key)]).toEqual([[], ['guest/150']]);
  });

  it.each(['toString', 'valueOf'])('refuses a map that has no text, and goes on: %s', (key) => {
    const map = `{${key}: 1}`;
    const rest = `metadata: {name: a}\nspec: {vmid: ${map}}\n`;
    const {diagnostics, desired} = read({
      'bad.yaml': `apiVersion: pvegit/v1\nkind: ${map}\n${rest}`,
      'good.yaml': guest(151, 'good'),
    });
    expect(diagnostics.map(({code}) => code)).toContain('yaml-refused-key');
    expect(desired.map(({key: one}) => one)).toEqual(['guest/151']);
  });

  it('tells all mistakes of all files at once, by file and line', () => {
    expect(
      told({
        'b.yaml': guest(150, 'b', '  power: runing\n  cpu: {cores: 0}\n'),
        'a.yaml': guest(50, 'a'),
      }),
    ).toEqual([
      'a.yaml:5:9 field-too-small',
      'b.yaml:6:10 field-choice',
      'b.yaml:7:16 field-too-small',
    ]);
  });

  it.each(['a.YAML', 'a.Yml', 'a.yaml.txt'])('is not complete beside %s', (path) => {
    expect(read({[path]: guest(150, 'a')}).complete).toBe(false);
  });

  it('ignores hidden files, READMEs and the manifests of other programs', () => {
    const found = read({
      '.github/workflows/ci.yaml': 'on: [push',
      'README.md': '# hello: [',
      'compose.yaml': 'services: {db: {image: neo4j}}\n',
      'k8s.yaml': 'apiVersion: v1\nkind: ConfigMap\n',
      'playbook.yml': '- hosts: all\n',
    });
    expect(found.diagnostics.map(({severity, code}) => `${severity} ${code}`)).toEqual([
      'info not-a-manifest',
      'info not-a-manifest',
      'info not-a-manifest',
    ]);
    expect(found.complete).toBe(true);
    expect(found.documents).toBe(0);
  });

  it.each([
    [
      'apiVersion: pvegti/v1\nkind: Guest\nmetadata: {name: a}\nspec: {vmid: 150}\n',
      'its group is misspelt',
    ],
    ['kind: Guest\nmetadata: {name: a}\nspec: {vmid: 150}\n', 'its apiVersion is gone'],
    [
      'apiVersion: pvegit/v1\nkind: Gust\nmetadata: {name: a}\nspec: {vmid: 150}\n',
      'its kind is misspelt',
    ],
    ['- apiVersion: pvegit/v1\n  kind: Guest\n', 'it became a list'],
  ])('takes %j for a broken manifest, not a foreign one: %s', (text) => {
    expect(read({'a.yaml': text}).complete).toBe(false);
  });

  it('is not complete when an entry that may hold manifests was not read', () => {
    const skipped = [{path: 'guests', because: 'symlink'}];
    const found = readManifests({revision: revisionOf({}, {skipped}), kinds: KINDS});
    expect(found.complete).toBe(false);
    expect(found.diagnostics[0]).toMatchObject({code: 'file-not-read', range: {file: 'guests'}});
  });

  it('does not mind an entry that was not read and cannot hold manifests', () => {
    const skipped = [{path: 'disk.iso', because: 'LFS pointer'}];
    const found = readManifests({revision: revisionOf({}, {skipped}), kinds: KINDS});
    expect(found.complete).toBe(true);
  });
});

describe('Defaults', () => {
  it('hold for their folder and below; nearer wins, the document over all', () => {
    const found = read({
      'defaults.yaml': defaults(
        '  Guest: {memory: 1GiB, cpu: {cores: 1, type: host}, tags: [a]}\n',
      ),
      'web/defaults.yaml': defaults('  Guest:\n    memory: 2GiB\n    tags: [b, c]\n'),
      'web/db.yaml': guest(150, 'db', '  cpu: {cores: 4}\n'),
      'other.yaml': guest(160, 'other'),
    });
    const [db, other] = found.desired;
    expect(db?.body).toEqual({
      vmid: 150,
      memory: '2GiB',
      'cpu.cores': 4,
      'cpu.type': 'host',
      tags: ['b', 'c'],
    });
    expect(other?.body).toMatchObject({memory: '1GiB', 'cpu.cores': 1, tags: ['a']});
    expect(db?.ranges['memory']).toMatchObject({file: 'web/defaults.yaml', start: {line: 6}});
    expect(db?.ranges['cpu.type']?.file).toBe('defaults.yaml');
    expect(db?.ranges['cpu.cores']?.file).toBe('web/db.yaml');
  });

  it('with a mistake say it once, and leave every guest below untouched', () => {
    const found = read({
      'web/defaults.yaml': defaults('  Guest: {memroy: 1GiB}\n'),
      'web/a.yaml': guest(150, 'a'),
      'web/b.yaml': guest(151, 'b'),
      'c.yaml': guest(152, 'c'),
    });
    expect(found.diagnostics.map(({code}) => code)).toEqual([
      'defaults-unusable',
      'defaults-unusable',
      'field-unknown',
    ]);
    expect(found.desired.map(({key}) => key)).toEqual(['guest/152']);
    expect(found.claimed).toEqual(expect.arrayContaining(['guest/150', 'guest/151']));
  });

  it('that cannot be read at all leave the guests below untouched too', () => {
    const found = read({
      'web/defaults.yaml': new Uint8Array([0xff, 0xfe, 0x61, 0x00]),
      'web/a.yaml': guest(150, 'a'),
    });
    expect(found.desired).toEqual([]);
    expect(found.claimed).toContain('guest/150');
  });
});

describe('the cache', () => {
  it('parses only the changed blob again', () => {
    const cache = new ParseCache();
    const files = {'a.yaml': guest(150, 'a'), 'b.yaml': guest(151, 'b')};
    readManifests({revision: revisionOf(files), kinds: KINDS, cache});
    expect(cache).toMatchObject({parsed: 2, reused: 0});
    const next = {...files, 'b.yaml': guest(152, 'b')};
    const found = readManifests({revision: revisionOf(next), kinds: KINDS, cache});
    expect(cache).toMatchObject({parsed: 3, reused: 1});
    expect(found).toEqual(readManifests({revision: revisionOf(next), kinds: KINDS}));
  });

  it('places a moved file under its new path without parsing it again', () => {
    const cache = new ParseCache();
    readManifests({revision: revisionOf({'a.yaml': guest(150, 'a')}), kinds: KINDS, cache});
    const moved = revisionOf({'web/a.yaml': guest(150, 'a')});
    const [one] = readManifests({revision: moved, kinds: KINDS, cache}).desired;
    expect(cache.parsed).toBe(1);
    expect(one?.range.file).toBe('web/a.yaml');
  });

  it('understands a guest anew when the Defaults above it change, break or are repaired', () => {
    const cache = new ParseCache();
    const at = (spec: string | null, path = 'web/a.yaml') => {
      const files = {
        [path]: guest(150, 'a'),
        ...(spec === null ? {} : {'web/defaults.yaml': defaults(spec)}),
      };
      const found = readManifests({revision: revisionOf(files), kinds: KINDS, cache});
      expect(found).toEqual(readManifests({revision: revisionOf(files), kinds: KINDS}));
      return found.desired[0]?.body['memory'];
    };
    const seen = [
      at('  Guest: {memory: 1GiB}\n'),
      at('  Guest: {memory: 2GiB}\n'),
      at('  Guest: {memroy: 2GiB}\n'),
      at('  Guest: {memory: 2GiB}\n'),
      at('  Guest: {memory: 2GiB}\n', 'b.yaml'),
      at(null),
    ];
    expect(seen).toEqual(['1GiB', '2GiB', undefined, '2GiB', undefined, undefined]);
  });

  it('does not carry over what other kinds or another source made of a text', () => {
    const cache = new ParseCache();
    const revision = revisionOf({'a.yaml': guest(150, 'a')});
    readManifests({revision, kinds: KINDS, cache});
    const other = readManifests({revision: {...revision, source: 'other'}, kinds: KINDS, cache});
    expect(other.desired[0]?.source).toBe('other');
    const without = readManifests({revision, kinds: [DEFAULTS], cache});
    expect(without.diagnostics.map(({code}) => code)).toEqual(['kind-unknown']);
  });

  it('keeps the places of fields without keeping a range for each', () => {
    const files = {'a.yaml': guest(150, 'a', '  memory: 4GiB\n')};
    const [one] = read(files).desired;
    const descriptor = one && Object.getOwnPropertyDescriptor(one, 'ranges');
    expect(descriptor?.value).toBeUndefined();
    expect(one?.ranges['memory']?.start).toEqual({line: 6, column: 11, offset: 82});
  });
});
