// Why this exists: edits of disks, CD drives, network cards, EFI and TPM state: a slot that comes
// and goes, and each part of its string, because Proxmox treats the parts differently.
import type {Json} from '../../src/core/json.ts';
import type {Effect, KeyEdit} from './key-edit.ts';

const GIB = 1024 ** 3;

/** Parts of a disk's string: name, what Git says, what the string holds, the effect. */
type Part = readonly [string, Json, string, 'now' | 'cycle'];

const HOT_PARTS: readonly Part[] = [
  ['backup', false, 'backup=0', 'now'],
  ['detect_zeroes', false, 'detect_zeroes=0', 'now'],
  ['iops', 100, 'iops=100', 'now'],
  ['iops_rd', 100, 'iops_rd=100', 'now'],
  ['iops_wr', 100, 'iops_wr=100', 'now'],
  ['mbps', 50.5, 'mbps=50.5', 'now'],
  ['mbps_rd', 10, 'mbps_rd=10', 'now'],
  ['mbps_wr', 10, 'mbps_wr=10', 'now'],
  ['replicate', false, 'replicate=0', 'now'],
  ['rerror', 'report', 'rerror=report', 'now'],
  ['serial', 'a b', 'serial=a%20b', 'now'],
  ['shared', true, 'shared=1', 'now'],
  ['werror', 'report', 'werror=report', 'now'],
];

const COLD_PARTS: readonly Part[] = [
  ['aio', 'threads', 'aio=threads', 'cycle'],
  ['cache', 'writeback', 'cache=writeback', 'cycle'],
  ['discard', true, 'discard=on', 'cycle'],
];

const BY_BUS: {readonly [bus: string]: readonly Part[]} = {
  scsi: [
    ...HOT_PARTS,
    ...COLD_PARTS,
    ['iothread', true, 'iothread=1', 'cycle'],
    ['product', 'Disk', 'product=Disk', 'cycle'],
    ['queues', 2, 'queues=2', 'cycle'],
    ['ro', true, 'ro=1', 'cycle'],
    ['ssd', true, 'ssd=1', 'cycle'],
    ['vendor', 'Acme', 'vendor=Acme', 'cycle'],
    ['wwn', '0x5000c50015ea71aa', 'wwn=0x5000c50015ea71aa', 'now'],
  ],
  virtio: [
    ...HOT_PARTS,
    ...COLD_PARTS,
    ['iothread', true, 'iothread=1', 'cycle'],
    ['ro', true, 'ro=1', 'cycle'],
  ],
  sata: [...HOT_PARTS, ...COLD_PARTS, ['ssd', true, 'ssd=1', 'cycle']],
  ide: [
    ...HOT_PARTS,
    ...COLD_PARTS,
    ['model', 'Disk', 'model=Disk', 'now'],
    ['ssd', true, 'ssd=1', 'cycle'],
  ],
};

const NET_PARTS: readonly (readonly [string, Json, RegExp, Effect])[] = [
  ['bridge', 'vmbr1', /,bridge=vmbr1$/, 'now'],
  ['tag', 70, /,tag=70$/, 'now'],
  ['trunks', ['5', '7-9'], /,trunks=5;7-9$/, 'now'],
  ['firewall', true, /,firewall=1$/, 'now'],
  ['rate', 12.5, /,rate=12\.5$/, 'now'],
  ['link_down', true, /,link_down=1$/, 'unplug'],
  ['model', 'e1000', /^e1000=BC:24:11:00:00:01,/, 'unplug'],
  ['mac', 'BC:24:11:00:00:99', /^virtio=BC:24:11:00:00:99,/, 'unplug'],
  ['queues', 2, /,queues=2$/, 'unplug'],
  ['mtu', 1400, /,mtu=1400,|,mtu=1400$/, 'unplug'],
];

/** Edits of devices. */
export const DEVICE_EDITS: readonly KeyEdit[] = [
  ...Object.entries(BY_BUS).flatMap(([bus, parts]) => [
    ...slotEdits(bus),
    ...parts.map((part) => partEdit(bus, part)),
  ]),
  ...NET_PARTS.map(
    ([part, value, held, effect]): KeyEdit => ({
      key: 'netN',
      part,
      patch: {networks: {net0: {[part]: value}}},
      holds: {net0: held},
      effect: {running: effect, full: effect},
    }),
  ),
  {
    key: 'netN',
    part: 'rate of a card that is spelt in small letters',
    live: {net0: 'virtio=bc:24:11:00:00:01,bridge=vmbr0,trunks=9;5'},
    former: {networks: {net0: {mac: 'BC:24:11:00:00:01', trunks: ['5', '9']}}},
    patch: {networks: {net0: {mac: 'BC:24:11:00:00:01', trunks: ['5', '9'], rate: 5}}},
    // The simulator sorts the parts; their spelling is what Proxmox compares.
    holds: {net0: /^virtio=bc:24:11:00:00:01,(?=.*bridge=vmbr0)(?=.*trunks=9;5)(?=.*rate=5)/},
    effect: {running: 'now', full: 'now'},
  },
  {
    key: 'netN',
    part: 'added',
    patch: {networks: {net1: {model: 'virtio', bridge: 'vmbr1'}}},
    holds: {net1: /^virtio=BC:24:11:[0-9A-F:]{8},bridge=vmbr1$/},
  },
  {
    key: 'netN',
    part: 'removed',
    live: {net1: 'virtio=BC:24:11:00:00:02,bridge=vmbr1'},
    former: {networks: {net1: {model: 'virtio', bridge: 'vmbr1'}}},
    patch: {networks: {net1: null}},
    holds: {net1: null},
    effect: {running: 'unplug', full: 'unplug'},
  },
  {
    key: 'scsiN',
    part: 'another volume',
    live: {scsi1: 'local-lvm:vm-150-disk-1,size=1G', unused0: 'local-lvm:vm-150-disk-2'},
    former: {disks: {scsi1: {file: 'local-lvm:vm-150-disk-1'}}},
    patch: {disks: {scsi1: {file: 'local-lvm:vm-150-disk-2'}}},
    holds: {scsi1: /^local-lvm:vm-150-disk-2/},
    effect: {running: 'unplug', full: 'unplug'},
  },
  {
    key: 'ideN',
    part: 'CD drive added',
    patch: {cdroms: {ide0: {file: 'none'}}},
    holds: {ide0: 'none,media=cdrom'},
  },
  {
    key: 'ideN',
    part: 'medium',
    live: {ide0: 'none,media=cdrom'},
    former: {cdroms: {ide0: {file: 'none'}}},
    patch: {cdroms: {ide0: {file: 'local:iso/tiny.iso'}}},
    holds: {ide0: /^local:iso\/tiny\.iso,media=cdrom/},
    effect: {running: 'now', full: 'now'},
  },
  {
    key: 'scsiN',
    part: 'size',
    patch: {disks: {scsi0: {storage: 'local-lvm', size: '9GiB'}}},
    holds: {scsi0: 'local-lvm:vm-150-disk-0,size=9G'},
    effect: {running: 'now', full: 'now'},
  },
  {
    key: 'scsiN',
    part: 'smaller',
    patch: {disks: {scsi0: {storage: 'local-lvm', size: '7GiB'}}},
    holds: {scsi0: 'local-lvm:vm-150-disk-0,size=8G'},
    effect: {running: 'held', full: 'held'},
    stopped: 'held',
  },
  {
    key: 'unusedN',
    live: {unused0: 'local-lvm:vm-150-disk-5'},
    patch: {unused: {unused0: null}},
    holds: {unused0: null},
    effect: {running: 'lost', full: 'lost'},
    stopped: 'lost',
  },
  {
    key: 'efidisk0',
    patch: {efi: {storage: 'local-lvm', efitype: '4m'}},
    holds: {efidisk0: /^local-lvm:vm-150-disk-1,efitype=4m,size=/},
  },
  {
    key: 'tpmstate0',
    patch: {tpm: {storage: 'local-lvm', version: 'v2.0'}},
    holds: {tpmstate0: /^local-lvm:vm-150-disk-1,size=4M,version=v2\.0$/},
  },
  {
    key: 'tpmstate0',
    part: 'another version',
    live: {tpmstate0: 'local-lvm:vm-150-disk-4,size=4M,version=v1.2'},
    former: {tpm: {version: 'v1.2'}},
    patch: {tpm: {version: 'v2.0'}},
    holds: {tpmstate0: 'local-lvm:vm-150-disk-4,size=4M,version=v1.2'},
    effect: {running: 'held', full: 'held'},
    stopped: 'held',
  },
];

/** A slot of a bus that comes, and one that goes. */
function slotEdits(bus: string): readonly KeyEdit[] {
  const slot = `${bus}2`;
  const hot = bus === 'scsi' || bus === 'virtio';
  const plugs: Effect = hot ? 'now' : 'cycle';
  const pulls: Effect = hot ? 'unplug' : 'cycle';
  const other = bus === 'ide' ? 'ide3' : slot;
  return [
    {
      key: `${bus}N`,
      part: 'added',
      patch: {disks: {[other]: {storage: 'local-lvm', size: '1GiB'}}},
      holds: {[other]: 'local-lvm:vm-150-disk-1,size=1G'},
      effect: {running: plugs, full: plugs},
    },
    {
      key: `${bus}N`,
      part: 'removed',
      live: {[other]: 'local-lvm:vm-150-disk-3,size=1G'},
      former: {disks: {[other]: {storage: 'local-lvm', size: '1GiB'}}},
      patch: {disks: {[other]: null}},
      holds: {[other]: null, unused0: 'local-lvm:vm-150-disk-3'},
      effect: {running: pulls, full: pulls},
    },
  ];
}

function partEdit(bus: string, [part, value, held, effect]: Part): KeyEdit {
  const slot = `${bus}1`;
  return {
    key: `${bus}N`,
    part,
    live: {[slot]: 'local-lvm:vm-150-disk-2,size=1G'},
    patch: {disks: {[slot]: {storage: 'local-lvm', size: '1GiB', [part]: value}}},
    former: {disks: {[slot]: {storage: 'local-lvm', size: '1GiB'}}},
    holds: {[slot]: new RegExp(`[,]${held.replaceAll('.', '\\.')}(,|$)`)},
    effect: {running: effect, full: effect},
  };
}

/** Volumes that the edits name, with their sizes in bytes. */
export const VOLUMES: {readonly [volid: string]: number} = {
  'local-lvm:vm-150-disk-0': 8 * GIB,
  'local-lvm:vm-150-disk-2': GIB,
  'local-lvm:vm-150-disk-3': GIB,
  'local-lvm:vm-150-disk-4': 4 * 1024 ** 2,
  'local-lvm:vm-150-disk-5': GIB,
};
