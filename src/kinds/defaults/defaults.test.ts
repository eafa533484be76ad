// Why this exists: Defaults reach every guest of a folder; what must differ between guests, or be
// asked for by name, must not come from there.
import {describe, expect, it} from 'vitest';
import {revisionOf} from '../../../test/builders/revision.ts';
import {readManifests} from '../../manifest/read.ts';
import {kinds} from '../index.ts';

const HEAD = 'apiVersion: pvegit/v1\nmetadata: {name: a}\n';

function read(partial: string) {
  return readManifests({
    revision: revisionOf({
      'defaults.yaml': `${HEAD}kind: Defaults\nspec: ${partial}\n`,
      'vm.yaml': `${HEAD}kind: VirtualMachine\nspec: {vmid: 150}\n`,
    }),
    kinds,
  });
}

describe('Defaults', () => {
  it.each([
    ['{VirtualMachine: {vmid: 150}}', 'defaults-identity'],
    ['{VirtualMachine: {name: a}}', 'defaults-identity'],
    ['{VirtualMachineSet: {vmidStart: 200}}', 'defaults-identity'],
    ['{VirtualMachine: {cloudInit: {ipConfig: {net0: {ip: 10.0.0.1/24}}}}}', 'defaults-address'],
    ['{VirtualMachine: {cloudInit: {ipConfig: {net0: {ip6: "fd00::1/64"}}}}}', 'defaults-address'],
    ['{VirtualMachineSet: {addresses: {net0: 10.0.0.1-10.0.0.2}}}', 'defaults-address'],
    ['{VirtualMachine: {networks: {net0: {mac: "BC:24:11:00:00:01"}}}}', 'defaults-mac'],
    [
      '{VirtualMachine: {cloudInit: {password: {secretRef: {name: a, key: b}}}}}',
      'defaults-secret',
    ],
    ['{VirtualMachine: {disks: {scsi0: {file: "a:vm-1-disk-0"}}}}', 'defaults-volume'],
    ['{VirtualMachin: {}}', 'defaults-kind'],
    ['{VirtualMachine: {memroy: 4GiB}}', 'field-unknown'],
    ['{}', 'map-too-small'],
  ])('%s are refused with %s, and no guest below is touched', (partial, code) => {
    const {desired, claimed, diagnostics} = read(partial);
    expect(diagnostics.map((one) => one.code)).toContain(code);
    expect(desired).toEqual([]);
    expect(claimed).toContain('guest/150');
  });

  it.each([
    ['{VirtualMachine: {cloudInit: {ipConfig: {net0: {ip: dhcp, ip6: auto}}}}}', 'no address'],
    ['{VirtualMachine: {cdroms: {ide2: {file: none}}}}', 'no medium'],
    ['{VirtualMachine: {}, VirtualMachineSet: {}}', 'nothing'],
  ])('%s may stand there: %s', (partial) => {
    const {desired, diagnostics} = read(partial);
    expect(diagnostics.filter(({severity}) => severity === 'error')).toEqual([]);
    expect(desired.map(({key}) => key)).toEqual(['guest/150']);
  });
});
