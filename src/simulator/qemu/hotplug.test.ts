// Why this exists: what a change does to a running guest decides over restarts; the classes of the
// key table and recording 10 say what is right.
import {describe, expect, it} from 'vitest';
import {buildCluster} from '../build.ts';
import type {QemuGuest} from '../state.ts';
import {emptyGuest} from './guest-file.ts';
import {judge} from './hotplug.ts';
import table from './keys.generated.json' with {type: 'json'};
import {keyFacts} from './keys.ts';

const where = {cluster: buildCluster({}), node: 'pve1'};
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
    const {kind} = judge(where, runningGuest(config), {key, value: '1'});
    const applies = hotplug === 'immediate' || hotplug === 'class:usb';
    expect(kind).toBe(applies ? 'apply' : 'wait');
  });

  it('of a class wait unless the hotplug option has its word', () => {
    for (const [key, value] of [
      ['vcpus', '3'],
      ['memory', '3072'],
    ] as const) {
      expect(judge(where, runningGuest(config), {key, value}).kind).toBe('wait');
      expect(judge(where, runningGuest({...config, hotplug: full}), {key, value}).kind).toBe(
        'apply',
      );
    }
    expect(
      judge(where, runningGuest({...config, hotplug: '0'}), {key: 'tablet', value: '0'}).kind,
    ).toBe('wait');
  });

  it.each([
    ['balloon', '256', 'apply', 'both on'],
    ['balloon', '0', 'wait', 'the device would vanish'],
    ['agent', '1,fstrim_cloned_disks=1', 'apply', 'only fstrim differs'],
    ['agent', '0', 'wait', 'enabled differs'],
    ['hotplug', 'network', 'apply', 'neither has cpu or memory'],
    ['hotplug', 'network,cpu', 'wait', 'the new one has cpu'],
  ] as const)('%s=%s: %s, because %s', (key, value, kind, _because) => {
    expect(judge(where, runningGuest({...config, agent: '1'}), {key, value}).kind).toBe(kind);
  });

  it('vcpus above cores times sockets are refused with the text of QEMU', () => {
    const guest = runningGuest({...config, hotplug: full});
    expect(judge(where, guest, {key: 'vcpus', value: '99'})).toMatchObject({
      kind: 'error',
      text: "you can't add more vcpus than maxcpus",
    });
  });

  it.each([
    ['1000', "memory can't be lower than 1024 MB"],
    ['9999999', 'you cannot add more memory than max mem 524288 MB!'],
  ])('memory of %s MiB cannot be plugged (Memory.pm)', (value, text) => {
    const guest = runningGuest({...config, hotplug: full});
    const verdict = judge(where, guest, {key: 'memory', value});
    expect(verdict.kind === 'error' ? verdict.text : verdict.kind).toContain(text);
  });

  it('memory comes in modules of 512 MiB, then in larger ones (Memory.pm)', () => {
    const guest = runningGuest({...config, hotplug: full});
    for (const [value, stored] of [
      ['2100', '2560'],
      ['17409', '18432'],
    ] as const) {
      expect(judge(where, guest, {key: 'memory', value})).toMatchObject({value: stored});
    }
  });

  it('memory and CPUs that the guest keeps are a parameter error inside (Memory.pm)', () => {
    const guest = runningGuest({...config, hotplug: full}, false);
    const head = '400 Parameter verification failed.\n';
    expect(judge(where, guest, {key: 'memory', value: '1024'})).toMatchObject({
      text: `${head}dimm1: error unplug memory module`,
    });
    expect(judge(where, guest, {key: 'vcpus', value: '1'})).toMatchObject({
      text: `${head}vcpus: error unplugging cpu2`,
    });
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
    expect(judge(where, runningGuest({...config, hotplug: full}), {key, value}).kind).toBe(all);
    expect(judge(where, runningGuest({...config, hotplug: '0'}), {key, value}).kind).toBe(none);
  });

  it('cannot be pulled from the boot order, or from IDE and SATA (vm_deviceunplug)', () => {
    const boot = {...config, boot: 'order=scsi0;net0', sata1: 'st:vm-100-disk-3,size=1G'};
    const guest = runningGuest(boot);
    expect(judge(where, guest, {key: 'scsi0', value: undefined})).toMatchObject({
      text: "can't unplug bootdisk 'scsi0'",
    });
    expect(judge(where, guest, {key: 'sata1', value: 'st:vm-100-disk-4'})).toMatchObject({
      text: "can't unplug device 'sata1'",
    });
    expect(judge(where, guest, {key: 'net0', value: undefined}).kind).toBe('apply');
  });

  it('need a bridge that is there (pve-bridge, PVE/Network.pm)', () => {
    const guest = runningGuest(config);
    const moved = 'virtio=BC:24:11:00:00:01,bridge=vmbr9';
    expect(judge(where, guest, {key: 'net0', value: moved})).toMatchObject({
      text: "bridge 'vmbr9' is neither a linux nor an OVS bridge!",
    });
    expect(judge(where, guest, {key: 'net1', value: moved}).kind).toBe('error');
  });

  it('cannot be pulled while the guest does not answer, which takes some seconds', () => {
    expect(judge(where, runningGuest(config, false), {key: 'net0', value: undefined})).toEqual({
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
