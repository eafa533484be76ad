// Why this exists: what a change does to a running guest decides over restarts; the classes of the
// key table and recording 10 say what is right.
import {describe, expect, it} from 'vitest';
import type {QemuGuest} from '../state.ts';
import {emptyGuest} from './guest-file.ts';
import {judge} from './hotplug.ts';
import table from './keys.generated.json' with {type: 'json'};
import {keyFacts} from './keys.ts';

const full = 'network,disk,cpu,memory,usb,cloudinit';

function runningGuest(config: Readonly<Record<string, string>>, answers = true): QemuGuest {
  const guest = emptyGuest(100, 'pve1');
  guest.config = new Map(Object.entries(config));
  guest.runtime = {
    pid: 1,
    startedAtMs: 0,
    qmpStatus: 'running',
    agentAnswers: answers,
    guestAnswers: answers,
    machine: 'pc-i440fx-10.0+pve0',
  };
  return guest;
}

const config = {
  cores: '4',
  vcpus: '2',
  numa: '1',
  memory: '2048',
  ostype: 'l26',
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
  scsi0: 'st:vm-100-disk-0,size=1G',
  ide2: 'st:iso/a.iso,media=cdrom,size=4M',
};

describe('keys that are no device', () => {
  const plain = Object.entries(table)
    .filter(
      ([key]) => !/N$|^(efidisk0|tpmstate0|hotplug|memory|vcpus|balloon|agent|cdrom)$/.test(key),
    )
    .map(([key, {hotplug}]) => ({key, hotplug}));

  it.each(plain)('$key is $hotplug on a running guest', ({key, hotplug}) => {
    const {kind} = judge(runningGuest(config), {key, value: '1'});
    const applies = hotplug === 'immediate' || hotplug === 'class:usb';
    expect(kind).toBe(applies ? 'apply' : 'wait');
  });

  it('of a class wait unless the hotplug option has its word', () => {
    for (const [key, value] of [
      ['vcpus', '3'],
      ['memory', '3072'],
    ] as const) {
      expect(judge(runningGuest(config), {key, value}).kind).toBe('wait');
      expect(judge(runningGuest({...config, hotplug: full}), {key, value}).kind).toBe('apply');
    }
    expect(judge(runningGuest({...config, hotplug: '0'}), {key: 'tablet', value: '0'}).kind).toBe(
      'wait',
    );
  });

  it.each([
    ['balloon', '256', 'apply', 'both on'],
    ['balloon', '0', 'wait', 'the device would vanish'],
    ['agent', '1,fstrim_cloned_disks=1', 'apply', 'only fstrim differs'],
    ['agent', '0', 'wait', 'enabled differs'],
    ['hotplug', 'network', 'apply', 'neither has cpu or memory'],
    ['hotplug', 'network,cpu', 'wait', 'the new one has cpu'],
  ] as const)('%s=%s: %s, because %s', (key, value, kind, _because) => {
    expect(judge(runningGuest({...config, agent: '1'}), {key, value}).kind).toBe(kind);
  });

  it('vcpus above cores times sockets are refused with the text of QEMU', () => {
    const guest = runningGuest({...config, hotplug: full});
    expect(judge(guest, {key: 'vcpus', value: '99'})).toMatchObject({
      kind: 'error',
      text: "you can't add more vcpus than maxcpus",
    });
  });

  it('memory needs NUMA to be plugged', () => {
    const guest = runningGuest({...config, numa: '0', hotplug: full});
    expect(judge(guest, {key: 'memory', value: '3072'}).kind).toBe('error');
  });
});

describe('devices', () => {
  const cases = [
    ['net0', 'virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5', 'apply', 'apply'],
    ['net0', 'e1000=BC:24:11:00:00:01,bridge=vmbr0', 'apply', 'wait'],
    ['net0', undefined, 'apply', 'wait'],
    ['net1', 'virtio=BC:24:11:00:00:09,bridge=vmbr0', 'apply', 'wait'],
    ['scsi0', 'st:vm-100-disk-0,iops=100,size=1G', 'apply', 'apply'],
    ['scsi0', 'st:vm-100-disk-0,backup=0,size=1G', 'apply', 'apply'],
    ['scsi0', 'st:vm-100-disk-0,cache=writeback,size=1G', 'wait', 'wait'],
    ['scsi0', 'st:vm-100-disk-7,size=1G', 'apply', 'wait'],
    ['scsi0', undefined, 'apply', 'wait'],
    ['scsi1', 'st:vm-100-disk-1,size=1G', 'apply', 'wait'],
    ['ide2', 'none,media=cdrom', 'apply', 'apply'],
    ['ide2', 'st:vm-100-disk-5,size=1G', 'error', 'error'],
    ['ide2', undefined, 'wait', 'wait'],
    ['sata0', 'st:vm-100-disk-1,size=1G', 'wait', 'wait'],
    ['efidisk0', 'st:vm-100-disk-1,size=528K', 'wait', 'wait'],
    ['usb0', 'spice', 'apply', 'wait'],
    ['serial1', 'socket', 'wait', 'wait'],
  ] as const;

  it.each(cases)('%s=%s: %s with all classes, %s with none', (key, value, all, none) => {
    expect(judge(runningGuest({...config, hotplug: full}), {key, value}).kind).toBe(all);
    expect(judge(runningGuest({...config, hotplug: '0'}), {key, value}).kind).toBe(none);
  });

  it('cannot be pulled while the guest does not answer, which takes some seconds', () => {
    expect(judge(runningGuest(config, false), {key: 'net0', value: undefined})).toEqual({
      kind: 'error',
      ms: 6_000,
      text: "error on hot-unplugging device 'net0'",
    });
  });
});

describe('the key table', () => {
  it.each([
    ['scsi30', 'class:disk'],
    ['net31', 'class:network'],
    ['numa', 'pending'],
    ['numa7', 'pending'],
    ['efidisk0', 'pending'],
  ] as const)('knows %s as %s', (key, hotplug) => {
    expect(keyFacts(key)?.hotplug).toBe(hotplug);
  });

  it.each(['scsi31', 'net32', 'nosuch', 'netN', 'scsi'])('does not know %s', (key) => {
    expect(keyFacts(key)).toBeUndefined();
  });
});
