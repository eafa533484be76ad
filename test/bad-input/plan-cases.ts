// Why this exists: some mistakes only the plan can see, with the records and the cluster beside the
// text; each of its codes is shown by the smallest plan that holds it.
import type {Diagnostic} from '../../src/core/model.ts';
import {makePlan} from '../../src/plan/make-plan.ts';
import {inputOf, manifestsOf, planOf, recorded, wanted} from '../../src/plan/samples.ts';
import {lab, planNow, settle, wish} from '../kinds/lab.ts';

const PASSWORD = {secretRef: {name: 'harness', key: 'password'}};

/** What is told of each, by its name, which is the code that it shows. */
export const PLAN_CASES: {readonly [name: string]: () => readonly Diagnostic[]} = {
  'plan-claimed-twice': () => {
    const away = manifestsOf([wanted({source: 'away'})], {source: 'away'});
    const manifests = [manifestsOf([wanted()]), away];
    return makePlan(inputOf({manifests, live: {'guest/150': {}}})).diagnostics;
  },
  'plan-kind-changed': () => planOf(wanted(), recorded({kind: 'Container'}), {}).diagnostics,
  'plan-unknown-kind': () => {
    const records = [recorded({key: 'guest/160', kind: 'Router'})];
    const desired = [wanted({kind: 'Bridge'})];
    return makePlan(inputOf({desired, records, live: {}})).diagnostics;
  },
  'plan-dependency-cycle': () => {
    const desired = [
      wanted({dependsOn: ['guest/151']}),
      wanted({key: 'guest/151', name: 'plane', dependsOn: ['guest/150']}),
    ];
    return makePlan(inputOf({desired, live: {}})).diagnostics;
  },
  'plan-field-released': () => {
    const adopted = recorded({body: {cores: 2}, wrote: []});
    return planOf(wanted(), adopted, {body: {cores: 2}}).diagnostics;
  },
  'plan-secret-unread': () => {
    const body = {password: PASSWORD};
    const record = recorded({body, secretHashes: {password: 'h1'}});
    return planOf(wanted({body}), record, {unreadable: ['password']}).diagnostics;
  },
  'vm-release': () => {
    const world = lab();
    const net0 = {model: 'virtio', bridge: 'vmbr0', 'host-tunnel': true};
    const spec = {vmid: 150, node: 'pve1', clone: {vmid: 100}, networks: {net0}};
    world.desired = [wish({...spec, config: {'allow-ksm': false}})];
    return planNow(world).diagnostics;
  },
  'vm-disk-left-behind': () => {
    const world = lab();
    const disk = {storage: 'local-lvm', size: '4GiB'};
    const spec = {vmid: 150, node: 'pve1', clone: {vmid: 100}};
    world.desired = [wish({...spec, disks: {scsi1: disk}})];
    settle(world);
    world.desired = [wish({...spec, disks: {virtio1: disk}})];
    return planNow(world).diagnostics;
  },
};
