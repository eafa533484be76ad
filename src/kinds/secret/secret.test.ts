// Why this exists: whoever can push a manifest must not be able to read the controller.
import {describe, expect, it} from 'vitest';
import {revisionOf} from '../../../test/builders/revision.ts';
import {readManifests} from '../../manifest/read.ts';
import {kinds} from '../index.ts';

function read(keys: string) {
  const head = 'apiVersion: pvegit/v1\nkind: Secret\nmetadata: {name: s}\n';
  const text = `${head}spec: {keys: {${keys}}}\n`;
  return readManifests({revision: revisionOf({'s.yaml': text}), kinds});
}

describe('a Secret', () => {
  it('says where each key comes from, and in which line', () => {
    const {secrets, diagnostics} = read('a: {env: DB}, b: {file: db/password}');
    expect(diagnostics).toEqual([]);
    expect(secrets).toMatchObject([
      {name: 's', key: 'a', from: {env: 'DB'}, range: {file: 's.yaml', start: {line: 4}}},
      {name: 's', key: 'b', from: {file: 'db/password'}},
    ]);
  });

  it.each([
    ['a: {env: PVEGIT_TOKEN}', 'secret-env-own'],
    ['a: {env: LD_PRELOAD}', 'secret-env-own'],
    ['a: {env: SSH_AUTH_SOCK}', 'secret-env-own'],
    ['a: {env: HOME}', 'secret-env-own'],
    ['a: {file: ../x}', 'secret-file-parent'],
    ['a: {file: x/../../y}', 'secret-file-parent'],
    ['a: {file: /proc/self/environ}', 'secret-file-kernel'],
    ['a: {file: /dev/fd/3}', 'secret-file-kernel'],
    ['a: {env: A, file: b}', 'field-forms'],
    ['a: {env: "A B"}', 'field-pattern'],
    ['a: hunter2', 'secret-literal'],
    ['a: {text: hunter2}', 'secret-literal'],
    ['a: 12345', 'secret-literal'],
    ['a: [hunter2]', 'secret-literal'],
    ['"a b": {env: A}', 'field-name'],
    ['', 'map-too-small'],
  ])('with {%s} is refused: %s', (keys, code) => {
    const {secrets, diagnostics} = read(keys);
    expect(diagnostics.map((one) => one.code)).toContain(code);
    expect(secrets).toEqual([]);
    expect(JSON.stringify(diagnostics)).not.toMatch(/hunter2|12345/);
  });

  it.each(['PVEGIT_SECRET_DB', 'HOMEPAGE', 'DB'])('may name the variable %s', (name) => {
    expect(read(`a: {env: ${name}}`).diagnostics).toEqual([]);
  });
});
