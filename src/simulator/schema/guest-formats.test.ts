// Why this exists: a parameter of a guest that the recordings do not show is refused with the text
// of Proxmox's own check all the same (PVE/JSONSchema.pm, QemuServer.pm, CPUConfig.pm, PCI.pm).
import {describe, expect, it} from 'vitest';
import type {Version} from '../state.ts';
import {findMethod} from './api.ts';
import {mapProblem} from './guest-formats.ts';
import {validate} from './validate.ts';

/** The complaint about one parameter of a config write; undefined when there is none. */
function complaint(name: string, value: string, version: Version = '8.4'): string | undefined {
  const found = findMethod(version, 'PUT', '/nodes/pve1/qemu/100/config');
  if (found === undefined) return expect.unreachable('the endpoint is there');
  return validate(version, found.method, {node: 'pve1', vmid: '100', [name]: value})[name];
}

/** The complaint about a sub-key. */
const inside = (text: string): string => `invalid format - format error\n${text}\n`;
const unknown =
  'property is not defined in schema and the schema does not allow additional properties';
const subset = 'VM-specific CPU flags must be a subset of';
const noModel = "is not defined (missing 'custom-' prefix?)";
const flags = 'pcid, spec-ctrl, ibpb, ssbd, virt-ssbd, amd-ssbd, amd-no-ssb, pdpe1gb, md-clear, ';

describe('a parameter of a guest', () => {
  it.each([
    ['hotplug', 'disk,gpu', "invalid format - invalid hotplug feature 'gpu'\n"],
    ['startup', '0', 'invalid format - unable to parse startup options\n'],
    ['affinity', '3-1', 'invalid format - unable to parse cpuset option\n'],
    ['bootdisk', 'scsi99', "invalid format - invalid boot disk 'scsi99'\n"],
    [
      'boot',
      'order=efidisk0',
      inside("boot.order: invalid format - invalid boot device 'efidisk0'\n"),
    ],
    ['boot', 'xyz', inside('boot.legacy: value does not match the regex pattern')],
    ['cpu', 'flags=+aes', 'invalid format - CPU is missing cputype\n'],
    ['cpu', 'custom-mine', "invalid format - Custom cputype 'mine' not found\n"],
    ['cpu', 'EPYC-Turin', `invalid format - Built-in cputype 'EPYC-Turin' ${noModel}\n`],
    ['cpu', 'host,flags=+avx', `invalid format - ${subset}: ${flags}hv-tlbflush, hv-evmcs, aes\n`],
    [
      'cpu',
      'host,phys-bits=99',
      inside(
        "cpu.phys-bits: invalid format - value must be an integer between 8 and 64 or 'host'\n",
      ),
    ],
    ['hostpci0', 'zz', inside('hostpci0.host: value does not match the regex pattern')],
    ['smbios1', 'uuid=1', inside('smbios1.uuid: value does not match the regex pattern')],
    ['nameserver', '!', 'invalid format - value does not look like a valid address: !\n'],
    ['numa0', 'memory=512', inside('numa0.cpus: property is missing and it is not optional')],
    ['rng0', 'max_bytes=1', inside('rng0.source: property is missing and it is not optional')],
    ['cdrom', 'local:iso/a.iso,tag=1', inside(`cdrom.tag: ${unknown}`)],
  ])('%s=%s is refused', (name, value, text) => {
    expect(complaint(name, value)).toBe(text);
  });

  it.each([
    ['hotplug', ''],
    ['hotplug', '1'],
    ['affinity', '0-3,7'],
    ['boot', 'order=scsi0;net0;usb1;hostpci2'],
    ['boot', 'cdn'],
    ['cpu', 'x86-64-v2-AES,flags=+aes;-pcid,phys-bits=host'],
    ['hostpci0', '0000:01:00.0;0000:02:00,pcie=1,vendor-id=0x1234'],
    ['scsi1', 'local:100/x.raw,size=4GiB'],
    ['cpulimit', '1e1'],
    ['smbios1', `uuid=${'0f4f5c1e-8d3a-4b62-bb6d-8f1a2c3d4e5f'},serial=YWJj,base64=1`],
  ])('%s=%s is accepted', (name, value) => {
    expect(complaint(name, value)).toBeUndefined();
  });

  it('may name a CPU that only the newer version knows', () => {
    expect(complaint('cpu', 'EPYC-Turin,flags=+nested-virt', '9.1')).toBeUndefined();
  });

  it('is told of its pattern before its length', () => {
    const [name, value] = ['vmgenid', 'x'.repeat(600)];
    expect(complaint(name, value)).toBe('value does not match the regex pattern');
  });
});

describe('a backup', () => {
  it('is refused for rules beyond single values', () => {
    const found = findMethod('8.4', 'POST', '/nodes/pve1/vzdump');
    const params = {node: 'pve1', fleecing: 'enabled=1', performance: 'max-workers=0'};
    expect(found && validate('8.4', found.method, params)).toEqual({
      fleecing: "invalid format - 'storage' parameter is required when 'enabled' is set\n",
      performance: inside('performance.max-workers: value must have a minimum value of 1'),
    });
  });
});

describe('a storage map', () => {
  it.each([
    ['a:b,a:c', "duplicate mapping for source 'a'\n"],
    ['x,y', 'default target ID can only be provided once\n'],
    ['1,a:b', 'identity mapping cannot be combined with other mappings\n'],
    ['a:b,c', undefined],
    ['1', undefined],
  ])('%s', (value, problem) => {
    expect(mapProblem(value)).toBe(problem);
  });
});
