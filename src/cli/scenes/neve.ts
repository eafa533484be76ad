// Why this exists: an existing, hand-built host to try an import on: the cluster of use-case B with
// its own guests, and five more whose configuration is hard to say.
import {addToken, buildCluster, demoSecret, type GuestWish, grant} from '../../simulator/build.ts';
import type {Cluster, Version} from '../../simulator/state.ts';
import {publishNow} from '../../simulator/statistics.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const META = 'creation-qemu=9.0.2,ctime=1727000000';

const DEBIAN: GuestWish = {
  config: {
    agent: '1',
    boot: 'order=scsi0',
    cores: '2',
    cpu: 'x86-64-v2-AES',
    ide2: 'vmdata:vm-1200-cloudinit,media=cdrom,size=4M',
    ipconfig0: 'ip=dhcp',
    memory: '2048',
    meta: META,
    name: 'debian12-cloud',
    net0: 'virtio=BC:24:11:12:00:00,bridge=vmbr1',
    numa: '0',
    ostype: 'l26',
    scsi0: 'vmdata:vm-1200-disk-0,size=10G',
    scsihw: 'virtio-scsi-single',
    serial0: 'socket',
    smbios1: 'uuid=0b5d1f6e-1200-4a7e-9d65-0c6a1b2f1200',
    sockets: '1',
    vga: 'serial0',
    vmgenid: '0f4f5c1e-1200-4b62-bb6d-8f1a2c3d1200',
  },
  volumes: {'vmdata:vm-1200-disk-0': 10 * GIB, 'vmdata:vm-1200-cloudinit': 4 * MIB},
};

const ETOILE: GuestWish = {
  running: true,
  config: {
    boot: 'order=scsi0;ide2;net0',
    cores: '4',
    cpu: 'host',
    ide2: 'local:iso/proxmox-backup-server_3.4-1.iso,media=cdrom,size=1243M',
    memory: '4096',
    meta: META,
    name: 'etoile',
    net0: 'virtio=BC:24:11:12:01:00,bridge=vmbr1,firewall=1',
    numa: '0',
    onboot: '1',
    ostype: 'l26',
    parent: 'etoile-26-9-2025',
    scsi0: 'vmdata:vm-1201-disk-0,iothread=1,size=32G',
    scsi1: 'vmdata:vm-1201-disk-1,backup=0,iothread=1,size=500G',
    scsihw: 'virtio-scsi-single',
    smbios1: 'uuid=0b5d1f6e-1201-4a7e-9d65-0c6a1b2f1201',
    sockets: '1',
    startup: 'order=1,up=60',
    vmgenid: '0f4f5c1e-1201-4b62-bb6d-8f1a2c3d1201',
  },
  volumes: {'vmdata:vm-1201-disk-0': 32 * GIB, 'vmdata:vm-1201-disk-1': 500 * GIB},
};

const UBUNTU: GuestWish = {
  config: {
    agent: 'enabled=1,fstrim_cloned_disks=1',
    boot: 'order=scsi0',
    cipassword: '$5$gehashed$value',
    ciuser: 'ubuntu',
    cores: '2',
    cpu: 'x86-64-v2-AES',
    ide2: 'vmdata:vm-9000-cloudinit,media=cdrom,size=4M',
    ipconfig0: 'ip=10.10.10.99/24,gw=10.10.10.1',
    memory: '2048',
    meta: META,
    name: 'ubuntu-2404-template',
    nameserver: '10.10.10.1',
    net0: 'virtio=BC:24:11:90:00:00,bridge=vmbr1',
    ostype: 'l26',
    scsi0: 'vmdata:base-9000-disk-0,discard=on,size=20G,ssd=1',
    scsihw: 'virtio-scsi-single',
    serial0: 'socket',
    smbios1: 'uuid=0b5d1f6e-9000-4a7e-9d65-0c6a1b2f9000',
    sshkeys: 'ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIFBcZXhhbXBsZWtleWZvcnRoZXRlbXBsYXRl%20ops',
    template: '1',
    vga: 'serial0',
    vmgenid: '0f4f5c1e-9000-4b62-bb6d-8f1a2c3d9000',
  },
  volumes: {'vmdata:base-9000-disk-0': 20 * GIB, 'vmdata:vm-9000-cloudinit': 4 * MIB},
};

const CIPHER: GuestWish = {
  running: true,
  config: {
    agent: '1',
    boot: 'order=scsi0',
    ciuser: 'cipher',
    cores: '2',
    cpu: 'x86-64-v2-AES',
    ide2: 'vmdata:vm-9100-cloudinit,media=cdrom,size=4M',
    ipconfig0: 'ip=10.10.10.90/24,gw=10.10.10.1,ip6=2001:bc8:1201:722::90/64',
    memory: '4096',
    meta: META,
    name: 'cipher',
    net0: 'virtio=BC:24:11:91:00:00,bridge=vmbr1,firewall=1',
    onboot: '1',
    ostype: 'l26',
    parent: 'C28-9-25-20_27',
    scsi0: 'vmdata:vm-9100-disk-0,discard=on,size=40G,ssd=1',
    scsihw: 'virtio-scsi-single',
    serial0: 'socket',
    smbios1: 'uuid=0b5d1f6e-9100-4a7e-9d65-0c6a1b2f9100',
    vga: 'serial0',
    vmgenid: '0f4f5c1e-9100-4b62-bb6d-8f1a2c3d9100',
  },
  volumes: {'vmdata:vm-9100-disk-0': 40 * GIB, 'vmdata:vm-9100-cloudinit': 4 * MIB},
};

const WINDOWS: GuestWish = {
  running: true,
  config: {
    agent: '1,type=virtio',
    balloon: '4096',
    bios: 'ovmf',
    boot: 'order=scsi0;ide2',
    cores: '8',
    cpu: 'host,hidden=1,flags=+aes;-pcid',
    efidisk0: 'vmdata:vm-300-disk-0,efitype=4m,pre-enrolled-keys=1,size=1M',
    hotplug: 'disk,network',
    ide2: 'none,media=cdrom',
    localtime: '1',
    machine: 'pc-q35-9.0',
    memory: '8192',
    meta: META,
    name: 'fenetre',
    net0: 'e1000e=BC:24:11:03:00:00,bridge=vmbr0,tag=30',
    ostype: 'win11',
    scsi0: 'vmdata:vm-300-disk-1,cache=writeback,discard=on,iothread=1,size=64G,ssd=1',
    scsihw: 'virtio-scsi-single',
    smbios1: 'uuid=0b5d1f6e-0300-4a7e-9d65-0c6a1b2f0300,manufacturer=TmV2ZQ==,base64=1',
    tags: 'Windows;desktop',
    tpmstate0: 'vmdata:vm-300-disk-2,size=4M,version=v2.0',
    vga: 'virtio,memory=64',
    vmgenid: '0f4f5c1e-0300-4b62-bb6d-8f1a2c3d0300',
  },
  volumes: {
    'vmdata:vm-300-disk-0': MIB,
    'vmdata:vm-300-disk-1': 64 * GIB,
    'vmdata:vm-300-disk-2': 4 * MIB,
  },
};

const NOTES = [
  '# Build server "one"',
  '',
  "It's *shared*: ask before a restart — tél. 42",
  '  - key: value # no comment',
  '{{ not a template }} & <b>no HTML</b>',
].join('\n');

function twin(vmid: number, more: GuestWish['config']): GuestWish {
  return {
    pool: 'build',
    config: {
      boot: 'order=virtio0',
      cores: '4',
      memory: '6144',
      meta: META,
      name: 'builder',
      net0: `virtio=BC:24:11:04:${String(vmid).slice(1)}:00,bridge=vmbr0`,
      net1: `virtio=BC:24:11:04:${String(vmid).slice(1)}:01,bridge=vmbr1,link_down=1,rate=12.5`,
      smbios1: `uuid=0b5d1f6e-0${vmid}-4a7e-9d65-0c6a1b2f0${vmid}`,
      virtio0: `vmdata:vm-${vmid}-disk-0,size=24G`,
      vmgenid: `0f4f5c1e-0${vmid}-4b62-bb6d-8f1a2c3d0${vmid}`,
      ...more,
    },
    volumes: {[`vmdata:vm-${vmid}-disk-0`]: 24 * GIB},
  };
}

const NAMELESS: GuestWish = {
  config: {
    memory: '512',
    meta: META,
    smbios1: 'uuid=0b5d1f6e-0500-4a7e-9d65-0c6a1b2f0500',
    vmgenid: '0f4f5c1e-0500-4b62-bb6d-8f1a2c3d0500',
  },
};

const LINKED: GuestWish = {
  running: true,
  config: {
    agent: '1',
    boot: 'order=scsi0',
    ciuser: 'ubuntu',
    cores: '2',
    cpu: 'x86-64-v2-AES',
    ide2: 'vmdata:vm-9101-cloudinit,media=cdrom,size=4M',
    ipconfig0: 'ip=10.10.10.91/24,gw=10.10.10.1',
    memory: '2048',
    meta: META,
    name: 'clone-91',
    net0: 'virtio=BC:24:11:91:01:00,bridge=vmbr1',
    ostype: 'l26',
    scsi0: 'vmdata:base-9000-disk-0/vm-9101-disk-0,discard=on,size=20G,ssd=1',
    scsihw: 'virtio-scsi-single',
    serial0: 'socket',
    smbios1: 'uuid=0b5d1f6e-9101-4a7e-9d65-0c6a1b2f9101',
    vga: 'serial0',
    vmgenid: '0f4f5c1e-9101-4b62-bb6d-8f1a2c3d9101',
  },
  volumes: {
    'vmdata:base-9000-disk-0/vm-9101-disk-0': 20 * GIB,
    'vmdata:vm-9101-cloudinit': 4 * MIB,
  },
};

/** The VMIDs of its QEMU guests. */
export const NEVE_GUESTS: readonly number[] = [300, 400, 401, 500, 1200, 1201, 9000, 9100, 9101];

/** The host `neve`, with the demo's token. */
export function neveCluster(
  wish: {readonly version?: Version; readonly nowMs?: number; readonly seed?: number} = {},
): Cluster {
  const cluster = buildCluster({
    ...wish,
    nodes: ['neve'],
    pools: ['build'],
    storages: {
      local: {content: ['iso', 'backup', 'vztmpl', 'snippets'], options: {path: '/var/lib/vz'}},
      vmdata: {
        type: 'zfspool',
        content: ['images', 'rootdir'],
        options: {pool: 'rpool/vmdata'},
        totalGiB: 1800,
      },
    },
    guests: {
      300: WINDOWS,
      400: twin(400, {
        description: NOTES,
        protection: '1',
        unused0: 'vmdata:vm-400-disk-1',
        unused1: 'vmdata:vm-400-disk-2',
      }),
      401: twin(401, {cpulimit: '1.5', cpuunits: '200', tablet: '0'}),
      500: NAMELESS,
      1200: DEBIAN,
      1201: ETOILE,
      9000: UBUNTU,
      9100: CIPHER,
      9101: LINKED,
    },
    containers: {200: container(200, 'atlas', '512'), 201: container(201, 'lune', '4096')},
  });
  addIso(cluster, 'local:iso/proxmox-backup-server_3.4-1.iso', 1243 * MIB);
  addSnapshot(cluster, 1201, 'etoile-26-9-2025');
  addSnapshot(cluster, 9100, 'C28-9-25-20_27');
  addToken(cluster, {user: 'pvegit@pve', token: 'controller', secret: demoSecret});
  for (const subject of ['pvegit@pve', 'pvegit@pve!controller']) {
    grant(cluster, {subject, role: 'Administrator', path: '/'});
  }
  publishNow(cluster);
  return cluster;
}

/** Without the image in its drive a guest would not start again. */
function addIso(cluster: Cluster, volid: string, sizeBytes: number): void {
  cluster.volumes.set(`${cluster.entry}/${volid}`, {
    volid,
    storage: 'local',
    node: cluster.entry,
    format: 'iso',
    sizeBytes,
    usedBytes: sizeBytes,
    vmid: undefined,
    parent: undefined,
    content: 'iso',
    ctimeS: Math.floor(cluster.nowMs / 1000),
    snapshots: new Set(),
  });
}

function addSnapshot(cluster: Cluster, vmid: number, name: string): void {
  const guest = cluster.guests.get(vmid);
  if (guest === undefined) return;
  const config = new Map(guest.config);
  config.delete('parent');
  guest.snapshots.set(name, config.set('snaptime', '1758900000'));
}

/** A running container with a disk of its own. */
function container(vmid: number, hostname: string, memory: string): GuestWish {
  const volid = `vmdata:subvol-${vmid}-disk-0`;
  return {
    running: true,
    config: {
      arch: 'amd64',
      cores: '2',
      features: 'nesting=1',
      hostname,
      memory,
      net0: `name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:02:${vmid - 200}0,ip=dhcp,type=veth`,
      ostype: 'debian',
      rootfs: `${volid},size=8G`,
      swap: '512',
      unprivileged: '1',
    },
    volumes: {[volid]: 8 * 1024 ** 3},
  };
}
