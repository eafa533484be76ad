// Why this exists: the examples are the first manifests that anybody copies; they must be without a
// mistake, mean what use-cases say, and be completed by an editor.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {describe, expect, it} from 'vitest';
import {kinds} from '../src/kinds/index.ts';
import {diagnosticText} from '../src/manifest/print.ts';
import {readManifests} from '../src/manifest/read.ts';
import {renderDesired} from '../src/manifest/render.ts';
import {revisionOf} from './builders/revision.ts';

const CLUSTERS = fileURLToPath(new URL('../example-repo/clusters', import.meta.url));

function filesOf(cluster: string): {readonly [path: string]: string} {
  const names = readdirSync(join(CLUSTERS, cluster)).sort();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(CLUSTERS, cluster, name), 'utf8')]),
  );
}

function read(files: {readonly [path: string]: string}) {
  return readManifests({revision: revisionOf(files), kinds});
}

const clusters = readdirSync(CLUSTERS);

describe.each(clusters)('example cluster %s', (cluster) => {
  const files = filesOf(cluster);

  it('has no mistake', () => {
    expect(read(files).diagnostics.map(diagnosticText)).toEqual([]);
  });

  it.each(Object.keys(files))('%s names the schema of its kind', (name) => {
    const text = files[name] ?? '';
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? [];
    const [, kind = ''] = /^kind: (\w+)$/m.exec(text) ?? [];
    expect(path).toBe(`../../../schemas/${kind}.json`);
    expect(existsSync(join(dirname(join(CLUSTERS, cluster, name)), path))).toBe(true);
  });
});

describe('the harness', () => {
  const manifests = read(filesOf('harness'));

  it('is two services and two development machines', () => {
    const found = manifests.desired.map(({key, name}) => `${key} ${name}`);
    expect(found).toEqual([
      'guest/150 neo4j-db',
      'guest/160 plane-server',
      'guest/200 claude-dev-1',
      'guest/201 claude-dev-2',
    ]);
  });

  it.each([
    ['guest/150', {'cpu.cores': 2, memory: 4 * 2 ** 30}],
    ['guest/160', {'cpu.cores': 4, memory: 8 * 2 ** 30}],
    ['guest/201', {'cpu.cores': 4, memory: 8 * 2 ** 30, 'cloudInit.ipConfig.net0.ip': 'dhcp'}],
  ])('%s is as large as the use case says', (key, fields) => {
    expect(manifests.desired.find((one) => one.key === key)?.body).toMatchObject(fields);
  });

  it('gets its password from the environment', () => {
    expect(manifests.secrets.map(({from}) => Object.keys(from))).toEqual([['env']]);
  });

  it('shows for every field of every guest the line that it came from', () => {
    const fields = renderDesired(manifests).flatMap((one) => one.fields);
    expect(fields.filter(({from}) => from === null)).toEqual([]);
    expect(fields.filter(({from}) => from?.file === 'defaults.yaml').length).toBeGreaterThan(20);
  });

  it('refuses an address that another guest has, in both manifests', () => {
    const files = filesOf('harness');
    const plane = (files['plane-server.yaml'] ?? '').replace('10.0.70.70', '10.0.70.50');
    const told = read({...files, 'plane-server.yaml': plane}).diagnostics;
    expect(told.map(({code, range}) => `${range?.file} ${code}`)).toEqual([
      'neo4j-db.yaml duplicate-address',
      'plane-server.yaml duplicate-address',
    ]);
  });
});

describe('the public host', () => {
  it('is observed only: nothing in Git may touch it', () => {
    const {desired} = read(filesOf('neve'));
    expect(desired.map(({key}) => key).sort()).toEqual([
      'guest/1200',
      'guest/1201',
      'guest/9000',
      'guest/9100',
    ]);
    expect([...new Set(desired.map(({directives}) => directives.mode))]).toEqual(['observe']);
  });

  it('refuses a clone that keeps the template’s placeholder address', () => {
    const files = filesOf('neve');
    const clone = (files['cipher.yaml'] ?? '').replace('10.10.10.90', '10.10.10.99');
    const codes = read({...files, 'cipher.yaml': clone}).diagnostics.map(({code}) => code);
    expect(codes).toContain('address-reserved');
  });
});
