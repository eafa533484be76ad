// Why this exists: a field that is lost on the way from a document to what is kept of it would be a
// wish that nobody hears, such as disks that should outlive their guest.
import {describe, expect, it} from 'vitest';
import type {Desired} from '../core/model.ts';
import {light, withDependencies} from './light.ts';

const at = {
  file: 'a.yaml',
  start: {line: 1, column: 1, offset: 0},
  end: {line: 9, column: 1, offset: 99},
};

/** Every field that there is, with a value of its own: a new one must be added here to compile. */
const WHOLE: Required<Desired> = {
  key: 'VirtualMachine/harness/150',
  kind: 'VirtualMachine',
  name: 'db',
  source: 'main',
  body: {memory: '4 GiB', 'disks.scsi0.size': 32},
  creation: {clone: {from: 9000}},
  directives: {mode: 'observe', onDelete: 'retain', adopt: 'w', replace: 'again'},
  labels: {team: 'data'},
  dependsOn: ['VirtualMachine/harness/100'],
  retain: {to: 'VirtualMachine/harness/151', fields: ['disks.scsi1']},
  protection: true,
  claims: [{space: 'vmid', value: '150', exclusive: true, path: 'vmid'}],
  range: at,
  ranges: {memory: at},
};

describe('what is kept of a document', () => {
  const kept = light(WHOLE, {again: () => [WHOLE], index: 0}, new Map());

  it('says all that the document said', () => {
    expect({...kept}).toStrictEqual(WHOLE);
  });

  it('says it with other dependencies too', () => {
    const dependsOn = ['VirtualMachine/harness/101'];
    expect({...withDependencies(kept, dependsOn)}).toStrictEqual({...WHOLE, dependsOn});
  });
});
