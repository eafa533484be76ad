// Why this exists: what the program writes into a repository is read by people and read again by
// the program: it must look right and mean the same.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {JsonObject} from '../core/json.ts';
import {manifestsText, manifestText} from './write.ts';
import {parseText} from './yaml-text.ts';

const VALUE = {
  apiVersion: 'pvegit/v1',
  kind: 'VirtualMachine',
  metadata: {name: 'web', annotations: {'pvegit/adopt': '1234'}},
  spec: {
    vmid: 150,
    cpu: {cores: 2, type: 'host'},
    description: 'First line\nSecond "line"',
    disks: {scsi0: {storage: 'local-lvm', size: '32GiB'}, scsi1: {}},
    tags: ['a', 'b'],
    cloudInit: {ipConfig: {net0: {ip: 'dhcp'}}},
  },
};

function write(value: JsonObject, more: Partial<Parameters<typeof manifestText>[0]> = {}): string {
  return manifestText({value, schema: null, head: [], comments: {}, ...more});
}

describe('a written manifest', () => {
  it('looks as a person would write it', () => {
    const text = write(VALUE, {
      schema: '../schemas/VirtualMachine.json',
      head: ['Imported.'],
      comments: {'spec.disks.scsi1': ['Nothing is said of it.'], 'spec.cpu': ['Two.']},
    });
    expect(text).toBe(`# yaml-language-server: $schema=../schemas/VirtualMachine.json
# Imported.
apiVersion: pvegit/v1
kind: VirtualMachine
metadata:
  name: web
  annotations: {pvegit/adopt: "1234"}
spec:
  vmid: 150
  # Two.
  cpu: {cores: 2, type: host}
  description: |-
    First line
    Second "line"
  disks:
    scsi0: {storage: local-lvm, size: 32GiB}
    # Nothing is said of it.
    scsi1: {}
  tags: [a, b]
  cloudInit:
    ipConfig:
      net0: {ip: dhcp}
`);
  });

  it('puts several into one file', () => {
    const one = {value: {a: 1}, schema: null, head: [], comments: {}};
    expect(manifestsText([one, one])).toBe('a: 1\n---\na: 1\n');
  });

  it('means the same when it is read again, whatever the texts', () => {
    const texts = fc.string({unit: 'grapheme', maxLength: 40}).map((text) => text.toWellFormed());
    fc.assert(
      fc.property(texts, texts, fc.array(texts, {maxLength: 3}), (one, two, list) => {
        const value = {
          metadata: {name: one},
          spec: {description: two, tags: list, cpu: {type: two}},
        };
        const {documents} = parseText(write(value, {head: [one]}));
        expect(documents[0]?.value).toEqual(value);
        expect(documents[0]?.problems).toEqual([]);
      }),
    );
  });

  it.each(['\u202eabc', '\u200b', 'a\u2028b', 'line\r\nend', '\u0085'])(
    'shows a character that a review would not: %j',
    (hostile) => {
      const text = write({spec: {description: hostile}});
      expect(text).not.toContain(hostile);
      expect(parseText(text).documents[0]?.value).toEqual({spec: {description: hostile}});
    },
  );
});
