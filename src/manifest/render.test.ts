// Why this exists: whoever asks where a value comes from must be led to the very line.
import {describe, expect, it} from 'vitest';
import {FAKE_GUEST} from '../../test/builders/fake-kind.ts';
import {revisionOf} from '../../test/builders/revision.ts';
import {defaults} from '../kinds/defaults/index.ts';
import {readManifests} from './read.ts';
import {renderDesired} from './render.ts';

describe('renderDesired', () => {
  it('shows for each field the file and line it came from', () => {
    const revision = revisionOf({
      'defaults.yaml':
        'apiVersion: pvegit/v1\nkind: Defaults\nmetadata: {name: d}\n' +
        'spec:\n  Guest:\n    power: running\n',
      'b.yaml': 'apiVersion: pvegit/v1\nkind: Guest\nmetadata: {name: b}\nspec: {vmid: 200}\n',
      'a.yaml':
        '# db\n---\napiVersion: pvegit/v1\nkind: Guest\nmetadata: {name: a}\nspec:\n  vmid: 150\n',
    });
    const manifests = readManifests({revision, kinds: [FAKE_GUEST, defaults]});
    expect(manifests.diagnostics).toEqual([]);
    const rendered = renderDesired(manifests);
    expect(rendered.map(({key, file, line}) => `${key} ${file}:${line}`)).toEqual([
      'guest/150 a.yaml:3',
      'guest/200 b.yaml:1',
    ]);
    expect(rendered[0]?.fields).toEqual([
      {
        path: 'power',
        value: 'running',
        from: {file: 'defaults.yaml', line: 6, column: 12},
        inherited: true,
      },
      {path: 'vmid', value: 150, from: {file: 'a.yaml', line: 7, column: 9}, inherited: false},
    ]);
  });
});
