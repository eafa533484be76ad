// Why this exists: a repository is written by strangers and read again at every pass; what must
// hold for all of them is tried on many.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {fileOf, revisionOf} from '../../test/builders/revision.ts';
import {sha256Hex} from '../core/canonical.ts';
import type {Manifests} from '../core/kind.ts';
import {kinds} from '../kinds/index.ts';
import {ParseCache} from './parse-cache.ts';
import {readManifests} from './read.ts';

type Files = {readonly [path: string]: string | Uint8Array};

function read(files: Files, cache?: ParseCache): Manifests {
  const revision = revisionOf(files);
  return readManifests(cache === undefined ? {revision, kinds} : {revision, kinds, cache});
}

const HEAD = 'apiVersion: pvegit/v1\n';

/** Pieces of which hostile texts are put together. */
const PIECES = [
  HEAD,
  'kind: VirtualMachine\n',
  'kind: VirtualMachineSet\n',
  'kind: Defaults\n',
  'kind: AddressPlan\n',
  'kind: Secret\n',
  'metadata: {name: a}\n',
  'metadata:\n  name: b\n',
  'spec:\n',
  'spec: {vmid: 150}\n',
  '  vmid: 151\n',
  '  replicas: 2\n  vmidStart: 200\n  prefix: x\n',
  '  template: {memory: 4GiB, name: "x{number}"}\n',
  '  subnets: [{cidr: 10.0.0.0/8, dhcp: [10.0.0.1-10.0.0.9]}]\n',
  '  keys: {a: {env: A}}\n',
  '  VirtualMachine: {cpu: {cores: 2}}\n',
  '  disks: {scsi0: {storage: a, size: 1GiB}}\n',
  '---\n',
  '...\n',
  '&a ',
  '*a',
  '!!x ',
  '<<: ',
  '__proto__: ',
  '? ',
  ': ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '|\n',
  '>-\n',
  '\t',
  '\n',
  '\r',
  '  ',
  '#',
  '%YAML 1.1\n',
  '\u0000',
  '\u202e',
  '\ufeff',
  'null',
  '010',
  '.nan',
  '💾',
];

const hostileText = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({maxLength: 8})), {maxLength: 40})
  .map((pieces) => pieces.join(''));

const anyFiles = fc.dictionary(
  fc.constantFrom('a.yaml', 'b.yml', 'web/a.yaml', 'web/defaults.yaml', 'README.md', '.x/a.yaml'),
  fc.oneof(hostileText, fc.uint8Array({maxLength: 200})),
  {maxKeys: 4},
);

/** JSON that may stand where a spec does. */
const anySpec = fc.letrec<{readonly value: unknown}>((tie) => ({
  value: fc.oneof(
    {maxDepth: 4, withCrossShrink: true},
    fc.oneof(
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1,
        1.5,
        'dhcp',
        '4GiB',
        '10.0.0.1/24',
        '',
        'x'.repeat(99),
      ),
      fc.string({maxLength: 6}),
    ),
    fc.array(tie('value'), {maxLength: 3}),
    fc.dictionary(
      fc.constantFrom(
        ...['vmid', 'cpu', 'cores', 'memory', 'disks', 'scsi0', 'size', 'networks', 'net0', 'mac'],
        ...['cloudInit', 'ipConfig', 'ip', 'password', 'secretRef', 'clone', 'config', 'vga'],
        ...['replicas', 'vmidStart', 'prefix', 'template', 'addresses', 'subnets', 'cidr', 'dhcp'],
        ...['static', 'reserved', 'keys', 'env', 'file', 'VirtualMachine', 'dependsOn', 'tags'],
        ...['boot', 'order', 'unused', 'startup', 'name', 'key'],
      ),
      tie('value'),
      {maxKeys: 5},
    ),
  ),
})).value;

const KIND_NAMES = kinds.map(({name}) => name);

describe('reading', () => {
  it('never throws, whatever the bytes, and places every mistake', () => {
    fc.assert(
      fc.property(anyFiles, (files) => {
        for (const {range, frame, remedy, detail} of read(files).diagnostics) {
          expect(range?.start.line).toBeGreaterThan(0);
          expect(frame).toBeTruthy();
          expect(remedy).toBeTruthy();
          expect(detail).toBeTruthy();
        }
      }),
      {numRuns: 300},
    );
  });

  it('never throws, whatever the spec of whatever kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KIND_NAMES), anySpec, (kind, spec) => {
        const text = JSON.stringify({
          apiVersion: 'pvegit/v1',
          kind,
          metadata: {name: 'a'},
          spec,
        });
        const {complete, documents} = read({'a.yaml': text});
        expect(complete ? documents : 0).toBe(complete ? 1 : 0);
      }),
      {numRuns: 500},
    );
  });

  it('gives the same twice, with and without a cache', () => {
    fc.assert(
      fc.property(anyFiles, anyFiles, (before, files) => {
        const cache = new ParseCache();
        read(before, cache);
        const fresh = read(files);
        expect(read(files, cache)).toEqual(fresh);
        expect(read(files, cache)).toEqual(fresh);
      }),
      {numRuns: 100},
    );
  });

  it('does not mind the order in which files come', () => {
    fc.assert(
      fc.property(anyFiles, (files) => {
        const list = Object.entries(files).map(([path, content]) => fileOf(path, content));
        const there = readManifests({revision: revisionOf({}, {files: list}), kinds});
        const back = readManifests({revision: revisionOf({}, {files: list.toReversed()}), kinds});
        expect(back).toEqual(there);
      }),
      {numRuns: 100},
    );
  });

  it('is complete only without an error, and wants nothing that is claimed by a broken one', () => {
    fc.assert(
      fc.property(anyFiles, (files) => {
        const {complete, diagnostics, desired, claimed} = read(files);
        const errors = diagnostics.filter(({severity}) => severity === 'error');
        expect(complete).toBe(errors.length === 0);
        expect(desired.filter(({key}) => claimed.includes(key))).toEqual([]);
      }),
      {numRuns: 200},
    );
  });
});

describe('documents', () => {
  const VMIDS = [150, 151, 152, 153];

  /** Some good, some that meet or need each other, some broken. */
  const document = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    vmid: fc.constantFrom(...VMIDS),
    extra: fc.constantFrom(
      '',
      '  dependsOn: [a]\n',
      '  dependsOn: [b, c]\n',
      '  memory: 4GiB\n',
      '  memroy: 4GiB\n',
      '  networks: {net0: {model: virtio, bridge: vmbr1, mac: BC:24:11:00:00:01}}\n',
      '  cloudInit: {ipConfig: {net0: {ip: 10.0.0.5/24}}}\n',
      '  cpu: {cores: "\n',
    ),
  });

  const textOf = ({name, vmid, extra}: {name: string; vmid: number; extra: string}): string =>
    `${HEAD}kind: VirtualMachine\nmetadata: {name: ${name}}\nspec:\n  vmid: ${vmid}\n${extra}`;

  /** What a revision means, without where it stands. */
  function meaning({desired, diagnostics, claimed, complete, documents}: Manifests) {
    return {
      desired: desired.map(({key, name, body, dependsOn}) => ({key, name, body, dependsOn})),
      codes: diagnostics.map(({code, key}) => `${code} ${key ?? ''}`).sort(),
      claimed,
      complete,
      documents,
    };
  }

  it('mean the same in whatever order they stand, and in however many files', () => {
    fc.assert(
      fc.property(
        fc.array(document, {maxLength: 6}),
        fc.infiniteStream(fc.nat()),
        (list, order) => {
          const texts = list.map(textOf);
          const keys = texts.map(() => order.next().value ?? 0);
          const shuffled = texts.map((text, index) => ({text, key: keys[index] ?? 0}));
          shuffled.sort((a, b) => a.key - b.key);
          const together = read({'all.yaml': texts.join('---\n')});
          const mixed = read({'all.yaml': shuffled.map(({text}) => text).join('---\n')});
          const apart = read(
            Object.fromEntries(texts.map((text, index) => [`${sha256Hex(`${index}`)}.yaml`, text])),
          );
          expect(meaning(mixed)).toEqual(meaning(together));
          expect(meaning(apart)).toEqual(meaning(together));
        },
      ),
      {numRuns: 150},
    );
  });

  it('that are broken keep the VMID that stands in them claimed, wherever cut off', () => {
    const text = textOf({name: 'a', vmid: 150, extra: '  memory: 4GiB\n  tags: ["x"]\n'});
    const least = text.indexOf('150') + 4;
    fc.assert(
      fc.property(fc.integer({min: least, max: text.length}), hostileText, (at, rest) => {
        const {desired, claimed} = read({
          'a.yaml': `${text.slice(0, at)}${rest.replace(/^-|\n-|vmid/g, '')}`,
        });
        const keys = [...desired.map(({key}) => key), ...claimed];
        expect(keys).toContain('guest/150');
      }),
      {numRuns: 300},
    );
  });
});
