// Why this exists: a lost answer is looked for under the name that Proxmox gives the task; a wrong
// name would find nothing and repeat the call.
import {expect, it} from 'vitest';
import type {Operation} from '../core/action.ts';
import {sampleStep} from './samples.ts';
import {sourceOfClone, taskTypeOf} from './task-types.ts';

const TYPES: readonly (readonly [Operation, string | null, string | null])[] = [
  ['create', 'qmcreate', 'vzcreate'],
  ['clone', 'qmclone', 'vzclone'],
  ['config', 'qmconfig', 'qmconfig'],
  ['allocate', 'qmconfig', 'qmconfig'],
  ['resize', 'resize', 'resize'],
  ['start', 'qmstart', 'vzstart'],
  ['stop', 'qmstop', 'vzstop'],
  ['shutdown', 'qmshutdown', 'vzshutdown'],
  ['reboot', 'qmreboot', 'vzreboot'],
  ['reset', 'qmreset', 'qmreset'],
  ['destroy', 'qmdestroy', 'vzdestroy'],
  ['snapshot', 'qmsnapshot', 'vzsnapshot'],
  ['delete-snapshot', 'qmdelsnapshot', 'vzdelsnapshot'],
  ['rollback', 'qmrollback', 'vzrollback'],
  ['migrate', 'qmigrate', 'vzmigrate'],
  ['move-disk', 'qmmove', 'move_volume'],
  ['template', 'qmtemplate', 'vztemplate'],
  ['cloud-init', null, null],
  ['pool', null, null],
];

it.each(TYPES)('%s is the task %s of a machine and %s of a container', (operation, qemu, lxc) => {
  const call = (guest: string) => ({
    method: 'POST' as const,
    path: `/nodes/pve1/${guest}/150/x`,
    params: {},
  });
  const step = (guest: string) => sampleStep({kind: 'task', operation, call: call(guest)});
  expect([taskTypeOf(step('qemu')), taskTypeOf(step('lxc'))]).toEqual([qemu, lxc]);
  expect(taskTypeOf(sampleStep({kind: 'call', operation}))).toBeNull();
});

it('a clone is listed under its source', () => {
  const call = {method: 'POST', path: '/nodes/pve1/qemu/100/clone', params: {newid: 150}} as const;
  expect(sourceOfClone(sampleStep({operation: 'clone', call}))).toBe(100);
  expect(sourceOfClone(sampleStep({operation: 'clone'}))).toBeNull();
  expect(sourceOfClone(sampleStep({}))).toBeNull();
});
