// Why this exists: pairs of configurations that a generator found, made as small as they go: what
// is live, what Git says of it when it is adopted, and what it says then.
import {describe, expect, it} from 'vitest';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  manifest,
  open,
  openLines,
  pendingOf,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const UUID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const GIB = 1024 ** 3;
const VOLUME = 'local-lvm:vm-150-disk-0';
const DISK = `${VOLUME},size=1G`;

/** A guest as Proxmox stores it. */
interface Found {
  readonly live: {readonly [key: string]: string};
  readonly running?: boolean;
  readonly volumes?: readonly string[];
}

async function adopted(found: Found): Promise<Story> {
  const thin = {type: 'lvmthin', content: ['images', 'rootdir']};
  const simulator = demoCluster({
    storages: {
      local: {content: ['iso', 'snippets'], options: {path: '/var/lib/vz'}},
      'local-lvm': {...thin, options: {vgname: 'pve', thinpool: 'data'}},
      files: {content: ['images'], options: {path: '/srv/files'}},
      second: {...thin, options: {vgname: 'pve', thinpool: 'second'}},
    },
  });
  const volumes = Object.fromEntries((found.volumes ?? []).map((volid) => [volid, GIB]));
  const config = {...found.live, smbios1: `uuid=${UUID}`};
  addGuest(simulator, 150, {config, running: found.running ?? false, volumes});
  const story = createStory(simulator, {files: {'vm.yaml': text(found, {})}});
  await story.clock.sleep(30_000);
  expect(await settleAll(story)).toEqual(['adopt']);
  await story.clock.sleep(30_000);
  return story;
}

function text({running}: Found, spec: Spec): string {
  const base = {vmid: 150, name: null, power: running === true ? 'running' : 'stopped'};
  return manifest({...base, ...spec}, {annotations: {'pvegit/adopt': UUID}});
}

describe('adoption writes the marker and is done with it', () => {
  it.each([
    {title: 'processors are spelt as of old', live: {smp: '2'}},
    {title: 'the notes begin with a byte order mark', live: {description: '\ufeffz'}},
  ])('where $title', async ({live}) => {
    const story = await adopted({live});
    expect(await openLines(story)).toEqual([]);
  });
});

describe('a volume that leaves its slot', () => {
  it('stands where it comes to stand, while another one still waits for the stop', async () => {
    const found = {
      live: {ide2: 'local-lvm:vm-150-disk-1,size=1G', virtio0: 'local-lvm:vm-150-disk-2,size=1G'},
      volumes: ['local-lvm:vm-150-disk-1', 'local-lvm:vm-150-disk-2'],
      running: true,
    };
    const story = await adopted(found);
    commit(story, text(found, {disks: {ide2: null, virtio0: null}}));
    expect(await settleAll(story)).toEqual(['update']);
    expect([await openLines(story), pendingOf(story)]).toEqual([[], {}]);
  });
});

describe('what goes along with a key is part of its step', () => {
  it('the other parts of a key that cannot be without the one that goes', async () => {
    const found = {live: {agent: '1,fstrim_cloned_disks=1,type=isa'}};
    const story = await adopted(found);
    commit(story, text(found, {agent: {enabled: null}}));
    expect(await settleAll(story)).toEqual(['update']);
    expect(await openLines(story)).toEqual([]);
  });

  it('the machine that is pinned when an ostype comes back', async () => {
    const found = {live: {ostype: 'win7'}, running: true};
    const story = await adopted(found);
    commit(story, text(found, {config: {ostype: 'win7'}}));
    await settleAll(story);
    configure(story, {delete: 'ostype'});
    expect(await settleAll(story)).toEqual(['update']);
    expect(await openLines(story)).toEqual([]);
  });
});

describe('volumes that leave their slots in one action', () => {
  it('may change places with what is moved and what is attached', async () => {
    const volumes = [0, 1, 2, 3].map((n) => `local-lvm:vm-150-disk-${n}`);
    const live = {
      ide0: 'local-lvm:vm-150-disk-1,size=1G',
      scsi1: 'local-lvm:vm-150-disk-2,size=1G',
      scsi2: 'local-lvm:vm-150-disk-3,size=1G',
      unused0: 'local-lvm:vm-150-disk-0',
    };
    const found = {live, volumes};
    const story = await adopted(found);
    const disks = {
      ide0: {storage: 'second'},
      scsi1: null,
      scsi2: {file: 'local-lvm:vm-150-disk-0'},
    };
    commit(story, text(found, {disks}));
    expect(await settleAll(story)).toEqual(['update']);
    expect(await openLines(story)).toEqual([]);
  });
});

describe('a device that goes', () => {
  it('leaves before the boot order is deleted, which would come back with it', async () => {
    const live = {boot: 'order=scsi0;hostpci0', hostpci0: 'mapping=gpu', scsi0: DISK};
    const found = {live, volumes: [VOLUME]};
    const story = await adopted(found);
    commit(story, text(found, {boot: {order: null}, config: {hostpci0: null}}));
    expect(await settleAll(story)).toEqual(['update']);
    expect(await openLines(story)).toEqual([]);
  });

  it('leaves the boot order, also when it is a PCI device', async () => {
    const live = {boot: 'order=scsi0;hostpci0', hostpci0: 'mapping=gpu', scsi0: DISK};
    const found = {live, volumes: [VOLUME], running: true};
    const story = await adopted(found);
    commit(story, text(found, {config: {hostpci0: null}}));
    expect(await settleAll(story)).toEqual(['update']);
    expect([await openLines(story), pendingOf(story)]).toEqual([[], {}]);
  });
});

describe('what Proxmox would refuse is said before it is asked', () => {
  it.each([
    {
      title: 'a card that has no bridge',
      live: {},
      spec: {networks: {net0: {model: 'virtio'}}},
      says: /^root-only: only root@pam may change net0, which is virtio$/,
    },
    {
      title: 'the removal of a card that has no bridge',
      live: {net0: 'virtio=BC:24:11:00:00:01'},
      spec: {networks: {net0: null}},
      says: /^root-only: only root@pam may change net0, which is virtio=/,
    },
    {
      title: 'the exchange of a serial port of the host',
      live: {serial0: '/dev/ttyS0'},
      spec: {config: {serial0: 'socket'}},
      says: /^root-only: only root@pam may change serial0, which is \/dev\/ttyS0$/,
    },
    {
      title: 'the removal of a USB device of the host',
      live: {usb0: 'host=1234:5678'},
      spec: {config: {usb0: null}},
      says: /^root-only: only root@pam may change usb0, /,
    },
    {
      title: 'the removal of a PCI device of the host',
      live: {hostpci0: '0000:01:00.0,pcie=1'},
      spec: {config: {hostpci0: null}},
      says: /^root-only: only root@pam may change hostpci0, /,
    },
    {
      title: 'the growth of a disk of the host',
      live: {sata0: '/dev/sdb,size=1G'},
      spec: {disks: {sata0: {size: '2GiB'}}},
      says: /^root-only: only root@pam may change sata0, which is \/dev\/sdb,size=1G$/,
    },
    {
      title: 'the growth of an image that does not grow',
      live: {sata0: 'files:150/vm-150-disk-0.vmdk,size=1G'},
      spec: {disks: {sata0: {size: '2GiB'}}},
      says: /^waiting: sata0 is files:150\/vm-150-disk-0\.vmdk, and Proxmox grows no image/,
    },
    {
      title: 'an option of a disk of the host',
      live: {sata0: '/dev/sdb,size=1G'},
      spec: {disks: {sata0: {ssd: true}}},
      says: /^root-only: only root@pam may change sata0/,
    },
    {
      title: 'a virtual IOMMU of Intel without its machine',
      live: {},
      spec: {config: {machine: {viommu: 'intel'}}},
      says: /^waiting: machine would be viommu=intel, and viommu=intel needs q35/,
    },
    {
      title: 'a clipboard of a display that has none',
      live: {vga: 'none'},
      spec: {config: {vga: {clipboard: 'vnc'}}},
      says: /^waiting: vga would be none,clipboard=vnc, and that display has no clipboard/,
    },
    {
      title: 'processor flags without a type',
      live: {},
      spec: {cpu: {flags: ['+aes']}},
      says: /^waiting: cpu would be flags=\+aes, and Proxmox wants its type with it/,
    },
    {
      title: 'a burst without the limit that it goes beyond',
      live: {scsi0: DISK},
      spec: {disks: {scsi0: {mbps_max: 10}}},
      says: /^waiting: scsi0 would have mbps_max and no mbps, /,
    },
    {
      title: 'the length of a burst on a new disk that has none',
      live: {},
      spec: {disks: {scsi0: {storage: 'local-lvm', size: '1GiB', iops_max_length: 2}}},
      says: /^waiting: scsi0 would have iops_max_length and no iops_max, /,
    },
    {
      title: 'a limit for reading beside one for both that others set',
      live: {scsi0: `${DISK},iops=10`},
      spec: {disks: {scsi0: {iops_rd: 5}}},
      says: /^waiting: scsi0 would have iops and iops_rd, /,
    },
    {
      title: 'an address width that this release does not know',
      live: {machine: 'q35'},
      spec: {config: {machine: {'aw-bits': 39}}},
      says: /^waiting: .*config\.machine\.aw-bits exists since Proxmox VE 9\.x/,
    },
  ])('$title', async ({live, spec, says}) => {
    const story = await adopted({
      live,
      volumes: Object.keys(live).includes('scsi0') ? [VOLUME] : [],
    });
    commit(story, text({live}, spec));
    expect(await reasons(story)).toEqual([expect.stringMatching(says)]);
    expect(await settleAll(story)).toEqual([]);
    expect(await open(story)).toHaveLength(1);
  });

  it('an empty CD drive for a guest that runs', async () => {
    const found = {live: {}, running: true};
    const story = await adopted(found);
    commit(story, text(found, {cdroms: {scsi3: {}}}));
    expect(await reasons(story)).toEqual([expect.stringMatching(/^waiting: scsi3 has no medium/)]);
    expect(await settleAll(story)).toEqual([]);
  });

  it('and what is allowed beside it is done', async () => {
    const found = {live: {usb0: 'spice', serial0: 'socket', vga: 'std'}};
    const story = await adopted(found);
    const spec = {config: {usb0: null, serial0: null, vga: {clipboard: 'vnc'}}};
    commit(story, text(found, spec));
    expect(await settleAll(story)).toEqual(['update']);
    expect(await openLines(story)).toEqual([]);
  });
});

describe('what is beside the edit is written in a spelling that this release takes', () => {
  it.each([
    {
      title: 'freezing for backups, which 9.x calls otherwise',
      live: {agent: '1,freeze-fs-on-backup=0'},
      spec: {agent: {type: 'isa'}},
    },
    {title: 'an agent that is off', live: {agent: 'enabled=off'}, spec: {agent: {type: 'isa'}}},
    {title: 'the first place in the order', live: {}, spec: {startup: {order: 0}}},
    {title: 'the same as a wish', live: {agent: '1'}, spec: {agent: {'freeze-fs': false}}},
    {
      title: 'a drive that says no size',
      live: {scsi0: VOLUME},
      spec: {disks: {scsi0: {ssd: true}}},
    },
    {
      title: 'a drive with a limit in bytes',
      live: {scsi0: `${DISK},bps=10485760`},
      spec: {disks: {scsi0: {iops: 10}}},
    },
    {
      title: 'a limit in MiB instead of the one in bytes',
      live: {scsi0: `${DISK},bps=10485760`},
      spec: {disks: {scsi0: {mbps: 5}}},
    },
  ])('$title', async ({live, spec}) => {
    const found = {live, volumes: [VOLUME]};
    const story = await adopted(found);
    commit(story, text(found, spec));
    expect(await settleAll(story)).toEqual(['update']);
    expect(await openLines(story)).toEqual([]);
  });
});
