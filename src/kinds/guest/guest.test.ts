// Why this exists: the codecs under every comparison and every write: what goes in comes out again.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {familyFacts, qemuFamilies, qemuKey} from './key-facts.ts';
import {equalValues, LEAF_CODECS, type LeafType} from './leaf.ts';
import {readPending} from './live-config.ts';
import {formatMarker, ownershipOf, withMarker, withoutMarker} from './marker.ts';
import {formatProperties, mergeProperties, parseProperties} from './property-string.ts';
import {
  formatDiskSize,
  parseBytes,
  parseDiskSize,
  parseSeconds,
  showBytes,
  showSeconds,
} from './quantity.ts';

const NET = familyFacts('netN');
const SCSI = familyFacts('scsiN');

describe('a property string', () => {
  it.for([
    [
      'virtio=BC:24:11:00:00:AA,bridge=vmbr0',
      {model: 'virtio', macaddr: 'BC:24:11:00:00:AA', bridge: 'vmbr0'},
    ],
    ['bridge=vmbr0,model=virtio', {bridge: 'vmbr0', model: 'virtio'}],
    ['virtio,bridge=vmbr0', {model: 'virtio', bridge: 'vmbr0'}],
    ['e1000=AA,foo=1', {model: 'e1000', macaddr: 'AA', foo: '1'}],
  ] as const)('is taken apart: %s', ([text, parts]) => {
    expect(Object.fromEntries(parseProperties(text, NET))).toEqual(parts);
  });

  it.for([
    ['local-lvm:vm-1-disk-0,size=1G', 'local-lvm:vm-1-disk-0'],
    ['volume=local:1/a=b.qcow2', 'local:1/a=b.qcow2'],
    ['local:iso/a=b.iso,media=cdrom', 'local:iso/a=b.iso'],
    ['none,media=cdrom', 'none'],
  ] as const)('names its volume: %s', ([text, file]) => {
    expect(parseProperties(text, SCSI).get('file')).toBe(file);
  });

  it.for([
    ['local:1/a.raw,bps_rd=10485760', {file: 'local:1/a.raw', mbps_rd: '10.000'}],
    ['local:1/a.raw,bps=1', {file: 'local:1/a.raw', mbps: '0.000'}],
  ] as const)('gives limits in MiB: %s', ([text, parts]) => {
    expect(Object.fromEntries(parseProperties(text, SCSI))).toEqual(parts);
  });

  it('is put together with its default key first and everything unknown kept', () => {
    const parts = parseProperties(
      'future=7,bridge=vmbr0,macaddr=BC:24:11:00:00:AA,model=virtio',
      NET,
    );
    const merged = mergeProperties(
      parts,
      new Map([
        ['tag', '5'],
        ['bridge', null],
      ]),
    );
    expect(formatProperties(merged, NET)).toBe('virtio=BC:24:11:00:00:AA,future=7,tag=5');
  });

  it('survives being taken apart and put together, for every packed key', () => {
    for (const [, facts] of qemuFamilies()) {
      const names = Object.keys(facts.properties ?? {}).filter((name) => {
        // A limit in bytes becomes one in MiB, as an alias becomes its name.
        return facts.properties?.[name]?.alias === undefined && !/^bps(_rd|_wr)?$/.test(name);
      });
      if (names.length === 0) continue;
      const parts = fc
        .dictionary(fc.constantFrom(...names), fc.stringMatching(/^[a-z0-9:/.]{1,8}$/))
        .map((one) => new Map(Object.entries(one)));
      fc.assert(
        fc.property(parts, (one) => {
          const again = parseProperties(formatProperties(one, facts), facts);
          expect(Object.fromEntries(again)).toEqual(Object.fromEntries(one));
        }),
        {numRuns: 30},
      );
    }
  });
});

describe('a marker', () => {
  const marker = {installation: 'home', cluster: 'harness', vmid: 150};

  it('is the last line, and gone when people read', () => {
    fc.assert(
      fc.property(fc.string({maxLength: 60}), (text) => {
        fc.pre(!text.includes('pvegit/v1'));
        const marked = withMarker(text, marker);
        expect(marked.endsWith(formatMarker(marker))).toBe(true);
        expect(ownershipOf(marked, marker)).toEqual({kind: 'ours'});
        expect(withoutMarker(marked)).toBe(withoutMarker(text));
        expect(withMarker(withoutMarker(marked), marker)).toBe(
          withMarker(withoutMarker(text), marker),
        );
      }),
    );
  });
});

describe('a quantity', () => {
  it('is exact both ways', () => {
    fc.assert(
      fc.property(fc.integer({min: 0, max: 2 ** 45}), (bytes) => {
        expect(parseDiskSize(formatDiskSize(bytes))).toBe(bytes);
        expect(parseBytes(showBytes(bytes))).toBe(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.integer({min: 0, max: 10 ** 7}), (seconds) => {
        expect(parseSeconds(showSeconds(seconds))).toBe(seconds);
      }),
    );
  });

  it('is none without a unit, or with a decimal one', () => {
    expect(['4096', '4GB', 'four', '1.3B', ''].map(parseBytes)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(['30', '5 minutes', ''].map(parseSeconds)).toEqual([null, null, null]);
  });
});

describe('a leaf', () => {
  const SAMPLES: {readonly [Type in LeafType]: unknown} = {
    boolean: true,
    'on-ignore': false,
    integer: 7,
    number: 1.5,
    text: 'x',
    encoded: 'a b/ü',
    mac: 'BC:24:11:00:00:AA',
    address: 'fd00::1/64',
    mebibytes: '4GiB',
    'disk-size': '32GiB',
    seconds: '90s',
    description: 'a\nb',
    tags: ['a', 'b'],
    words: ['10.0.0.1', '10.0.0.2'],
    set: ['+aes', '-pcid'],
    sequence: ['scsi0', 'net0'],
    hotplug: 'network,cpu',
    'ssh-keys': ['ssh-rsa AAAA a b', 'ssh-rsa BBBB'],
    secret: {secretRef: {name: 'a', key: 'b'}},
    presence: {},
  };

  it.for(Object.entries(SAMPLES))('is written as it is read: %s', ([type, sample]) => {
    const codec = Object.entries(LEAF_CODECS).find(([name]) => name === type)?.[1];
    const parsed = codec?.parse(sample);
    if (!codec || !parsed?.ok) throw new Error(`${type} does not parse`);
    expect(codec.show(parsed.value)).toBeTruthy();
    if (type === 'secret' || type === 'presence') return;
    expect(codec.read(codec.write(parsed.value))).toEqual(parsed.value);
    expect(equalValues(parsed.value, parsed.value)).toBe(true);
  });

  it.for(Object.keys(SAMPLES))('refuses what it is not: %s', (type) => {
    const codec = Object.entries(LEAF_CODECS).find(([name]) => name === type)?.[1];
    const parsed = codec?.parse(type === 'presence' ? 'text' : new Map());
    expect(parsed?.ok).toBe(false);
  });

  it('keeps text from Proxmox that makes no sense, so that it shows', () => {
    expect(LEAF_CODECS.boolean.read('maybe')).toBe('maybe');
    expect(LEAF_CODECS.integer.read('0x10')).toBe('0x10');
    expect(LEAF_CODECS['disk-size'].read('big')).toBe('big');
  });
});

describe('a key', () => {
  it('is found by its name, and by its slot within the family', () => {
    expect(qemuKey('scsi30')).toMatchObject({family: 'scsiN', index: 30});
    expect(qemuKey('efidisk0')).toMatchObject({family: 'efidisk0', index: null});
    expect(['scsi31', 'scsiN', 'scsi01', 'constructor', 'net'].map(qemuKey)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe('/pending', () => {
  it('is two configurations and a digest', () => {
    const read = readPending([
      {key: 'cores', value: 2, pending: 4},
      {key: 'vga', value: 'qxl', delete: 1},
      {key: 'bios', pending: 'ovmf'},
      {key: 'onboot', value: 1},
      {key: 'digest', value: 'abc'},
    ]);
    expect(Object.fromEntries(read?.configured ?? [])).toEqual({
      cores: '4',
      bios: 'ovmf',
      onboot: '1',
    });
    expect(Object.fromEntries(read?.active ?? [])).toEqual({cores: '2', vga: 'qxl', onboot: '1'});
    expect(read?.digest).toBe('abc');
  });

  it('of another shape is none', () => {
    expect([{}, null, [1], [{value: 1}]].map((data) => readPending(data))).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
