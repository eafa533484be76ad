// Why this exists: the facts of the API decide which privileges are asked for and which calls are
// said to break; both must follow the schema of the release that is meant.
import {describe, expect, it} from 'vitest';
import type {ApiCall} from '../../core/model.ts';
import {checkCall} from './check-call.ts';
import {apiReleaseOf, findMethod} from './methods.ts';
import {schemaNeeds} from './needs.ts';

const CONFIG = '/nodes/pve1/qemu/150/config';

function put(params: ApiCall['params'], path = CONFIG): ApiCall {
  return {method: 'PUT', path, params};
}

describe('a method of the API', () => {
  it('is found by its path, with what stands in it', () => {
    const found = findMethod('8.4', 'DELETE', '/nodes/pve1/qemu/150/snapshot/before%20it');
    expect(found?.name).toBe('DELETE /nodes/{node}/qemu/{vmid}/snapshot/{snapname}');
    expect(found?.path).toEqual({node: 'pve1', vmid: '150', snapname: 'before it'});
    expect(findMethod('8.4', 'GET', '/nowhere')).toBeNull();
    expect(findMethod('8.4', 'GET', '/nodes/%s/qemu')?.path).toEqual({node: '%s'});
  });

  it.each([
    ['8.3.5', '8.4'],
    ['8.4', '8.4'],
    ['9.2', '9.1'],
    ['7.4', null],
    ['', null],
  ])('of release %s is that of %s', (release, known) => {
    expect(apiReleaseOf(release)).toBe(known);
  });
});

describe('the privileges of a call', () => {
  it('are all that are asked for', () => {
    expect(schemaNeeds('8.4', {method: 'GET', path: '/cluster/status', params: {}})).toEqual([
      {anyOf: [{path: '/', privilege: 'Sys.Audit'}]},
    ]);
    expect(schemaNeeds('8.4', {method: 'GET', path: '/version', params: {}})).toEqual([]);
  });

  it('may be any of several', () => {
    const [need, ...others] = schemaNeeds('9.1', put({cores: 2}));
    expect(others).toEqual([]);
    expect(need?.anyOf).toContainEqual({path: '/vms/150', privilege: 'VM.Config.CPU'});
    expect(need?.anyOf).toHaveLength(8);
  });

  it.each([
    [{newid: 160}, [{path: '/vms/160', privilege: 'VM.Allocate'}]],
    [
      {newid: 160, pool: 'web'},
      [
        {path: '/vms/160', privilege: 'VM.Allocate'},
        {path: '/pool/web', privilege: 'VM.Allocate'},
      ],
    ],
  ])('of a clone may be on its pool: %j', (params, allocate) => {
    const call: ApiCall = {method: 'POST', path: '/nodes/pve1/qemu/100/clone', params};
    expect(schemaNeeds('8.4', call)).toEqual([
      {anyOf: [{path: '/vms/100', privilege: 'VM.Clone'}]},
      {anyOf: allocate},
    ]);
  });
});

describe('the form of a call', () => {
  it.each<[string, ApiCall['params']]>([
    ['plain values', {cores: 2, memory: '4096', onboot: 1}],
    ['property strings', {net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1'}],
    ['a volume', {scsi0: 'local-lvm:vm-150-disk-0,discard=on,size=32G'}],
    ['references', {cipassword: {secretRef: {name: 'a', key: 'b'}}, digest: {from: 'digest'}}],
    ['keys to delete', {delete: 'net1,cpulimit,unused3'}],
  ])('is good with %s', (_, params) => {
    expect(checkCall('8.4', put(params))).toEqual([]);
    expect(checkCall('9.1', put(params))).toEqual([]);
  });

  it.each<[string, ApiCall['params'], string]>([
    ['frobnicate', {frobnicate: 1}, 'is not known to Proxmox VE 8.4'],
    ['allow-ksm', {'allow-ksm': 0}, 'is not known to Proxmox VE 8.4'],
    ['cores', {cores: 0}, 'is 0; at least 1'],
    ['cores', {cores: 'two'}, 'is "two", not a whole number'],
    ['onboot', {onboot: 'maybe'}, 'is "maybe", not 0 or 1'],
    ['cpulimit', {cpulimit: 200}, 'is 200; at most 128'],
    ['ostype', {ostype: 'beos'}, 'is "beos"; accepted are'],
    ['net0', {net0: 'virtio,bridge=vmbr0,tag=5000'}, 'tag is 5000; at most 4094'],
    ['net0', {net0: 'virtio,colour=blue'}, 'has colour, which is not known'],
    ['description', {description: 'x'.repeat(8193)}, 'has 8193 characters'],
    ['delete', {delete: 'cores,frobnicate'}, 'names frobnicate'],
  ])('is bad where %s is %j', (param, params, because) => {
    expect(checkCall('8.4', put(params))).toEqual([
      {param, because: expect.stringContaining(because)},
    ]);
  });

  it('is good where a text has any length up to the most', () => {
    const call = put({scsi0: 'local-lvm:vm-150-disk-0,vendor=QEMU,product=0 9'});
    expect(checkCall('8.4', call)).toEqual([]);
  });

  it('differs by release', () => {
    expect(checkCall('9.1', put({'allow-ksm': 0}))).toEqual([]);
  });

  it('is bad where something is missing, or the call is not there at all', () => {
    const clone: ApiCall = {method: 'POST', path: '/nodes/pve1/qemu/100/clone', params: {}};
    expect(checkCall('8.4', clone)).toEqual([{param: 'newid', because: 'is missing'}]);
    expect(checkCall('9.1', put({}, '/nodes/pve1/qemu/150/frobnicate'))[0]?.param).toBeNull();
  });
});
