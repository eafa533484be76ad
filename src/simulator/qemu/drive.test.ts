// Why this exists: a drive string is rewritten on every write, so its spelling has to be exact.
import {describe, expect, it} from 'vitest';
import {seededRandom} from '../random.ts';
import {
  cloudInitKey,
  defaultBootDevices,
  isCloudInit,
  newDiskWish,
  parseBootOrder,
  parseDrive,
  printBootOrder,
  printDrive,
  volumeOwner,
} from './drive.ts';
import {needsReplug, normaliseNet} from './net.ts';
import {parseProperties, printProperties} from './property-string.ts';
import {formatSize, parseSize} from './size.ts';

const rewritten = [
  ['scsi0', 'local-lvm:vm-1-disk-0,ssd=1,discard=on', 'local-lvm:vm-1-disk-0,discard=on,ssd=1'],
  ['scsi0', 'volume=st:vm-1-disk-0,iothread=yes', 'st:vm-1-disk-0,iothread=1'],
  ['virtio0', 'file=st:vm-1-disk-0,size=1024M', 'st:vm-1-disk-0,size=1G'],
  ['ide2', 'none', 'none,media=cdrom'],
  ['ide0', 'st:1/vm-1-disk-0.raw,secs=3,cyls=1', 'st:1/vm-1-disk-0.raw,cyls=1,secs=3'],
  ['sata0', 'st:vm-1-disk-0,bps_rd=1048576', 'st:vm-1-disk-0,mbps_rd=0.000'],
  ['scsi1', 'st:vm-1-disk-1,backup=1,replicate=0', 'st:vm-1-disk-1,backup=1,replicate=0'],
] as const;

describe('a drive string', () => {
  it.each(rewritten)('%s %s is stored as %s', (key, typed, stored) => {
    expect(printDrive(parseDrive(key, typed))).toBe(stored);
  });

  it('that is a wish names a storage and GiB, also as a fraction', () => {
    expect(newDiskWish(parseDrive('scsi0', 'st:0.5,format=qcow2'))).toEqual({
      storage: 'st',
      gib: 0.5,
    });
    expect(newDiskWish(parseDrive('scsi0', 'st:vm-1-disk-0'))).toBeUndefined();
  });

  it.each(['st:cloudinit', 'st:vm-130-cloudinit', 'st:130/vm-130-cloudinit.qcow2'])(
    '%s is a cloud-init drive',
    (file) => {
      expect(isCloudInit(parseDrive('ide2', file))).toBe(true);
      expect(cloudInitKey(new Map([['ide2', file]]))).toBe('ide2');
      expect(cloudInitKey(new Map([['ide2', file]]), 'ide2')).toBeUndefined();
    },
  );

  it('of a linked clone belongs to the clone, an ISO to nobody', () => {
    expect(volumeOwner('st:150/base-150-disk-0.qcow2/153/vm-153-disk-0.qcow2')).toBe(153);
    expect(volumeOwner('st:base-150-disk-0/vm-153-disk-0')).toBe(153);
    expect(volumeOwner('st:iso/vm-1.iso')).toBeUndefined();
  });
});

describe('a boot order', () => {
  it('for a new guest is its first disk, first CD and first card, by bus then number', () => {
    const section = new Map([
      ['virtio0', 'st:vm-1-disk-0'],
      ['scsi1', 'st:vm-1-disk-1'],
      ['sata1', 'none,media=cdrom'],
      ['efidisk0', 'st:vm-1-disk-2'],
      ['net1', 'virtio'],
    ]);
    expect(printBootOrder(defaultBootDevices(section))).toBe('order=scsi1;sata1;net1');
  });

  it('without devices is a blank, and a legacy one has none', () => {
    expect(printBootOrder([])).toBe(' ');
    expect(parseBootOrder(' ')).toEqual([]);
    expect(parseBootOrder('cdn')).toEqual([]);
  });
});

describe('a network card', () => {
  const random = seededRandom(7);

  it('keeps a typed MAC in its case and gets one in the prefix when none is typed', () => {
    expect(
      normaliseNet('net0', 'model=virtio,macaddr=bc:24:11:AA:bb:cc,bridge=b', random, 'X'),
    ).toBe('virtio=bc:24:11:AA:bb:cc,bridge=b');
    expect(normaliseNet('net0', 'e1000,tag=4,bridge=b', random, 'BC:24:11')).toMatch(
      /^e1000=BC:24:11(:[0-9A-F]{2}){3},bridge=b,tag=4$/,
    );
  });

  const base = 'virtio=BC:24:11:00:00:01,bridge=vmbr0';
  it.each([
    [`${base},tag=5`, false],
    [`${base},firewall=1,rate=2,link_down=1`, false],
    ['virtio=BC:24:11:00:00:01,bridge=vmbr1', false],
    ['e1000=BC:24:11:00:00:01,bridge=vmbr0', true],
    ['virtio=BC:24:11:00:00:02,bridge=vmbr0', true],
    [`${base},queues=2`, true],
    [`${base},mtu=1400`, true],
  ] as const)('%s is plugged anew: %s', (now, replug) => {
    expect(needsReplug('net0', base, now)).toBe(replug);
  });
});

describe('property strings and sizes', () => {
  it('print the default key first, required keys next, the rest sorted', () => {
    const parsed = parseProperties('numa0', 'policy=bind,memory=512,cpus=0-1');
    expect(printProperties('numa0', parsed)).toBe('cpus=0-1,memory=512,policy=bind');
    expect(printProperties('agent', parseProperties('agent', 'type=isa,enabled=on'))).toBe(
      '1,type=isa',
    );
  });

  it.each([
    [4_296_015_872, '4097M'],
    [540_672, '528K'],
    [1_099_511_627_776, '1T'],
    [1_025, '1025'],
  ])('%d bytes are %s and back', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
    expect(parseSize(text)).toBe(bytes);
  });
});
