// Why this exists: the devices of a virtual machine as the user writes them: disks, CD drives,
// network cards, cloud-init, EFI and TPM state. Data only; schema, reading, writing and the
// documentation all derive from it.
import type {FieldSpec} from './field-spec.ts';

/** Fields of devices, by template; `*` is the slot. */
export const DEVICE_TABLE = {
  'disks.*': {
    type: 'presence',
    key: 'drive',
    says: 'A disk by its slot; null detaches it (the volume is kept as unusedN).',
  },
  'disks.*.storage': {
    type: 'text',
    key: 'drive',
    derived: 'storage',
    sticky: true,
    says: 'Storage that holds the volume; another one moves the disk, the old volume is kept.',
    examples: ['local-lvm'],
  },
  'disks.*.size': {
    type: 'disk-size',
    key: 'drive',
    sub: 'size',
    sticky: true,
    says: 'Size with a unit; may grow, never shrink.',
    examples: ['32GiB'],
  },
  'disks.*.format': {
    type: 'text',
    key: 'drive',
    derived: 'format',
    sticky: true,
    says: 'Format of the volume where the storage offers a choice.',
    examples: ['qcow2'],
  },
  'disks.*.file': {
    type: 'text',
    key: 'drive',
    sub: 'file',
    sticky: true,
    says: 'An existing volume of this guest to attach, instead of storage and size.',
    examples: ['local-lvm:vm-150-disk-1'],
  },
  'disks.*.discard': {
    type: 'on-ignore',
    key: 'drive',
    sub: 'discard',
    absent: 'ignore',
    says: 'Pass discards of the guest on to the storage.',
  },
  'disks.*.ssd': drive('boolean', 'ssd', 'Show the disk as a solid-state drive.', 0),
  'disks.*.iothread': drive('boolean', 'iothread', 'Give the disk its own I/O thread.', 0),
  'disks.*.cache': drive('text', 'cache', 'Cache mode of the host.', 'none'),
  'disks.*.aio': drive('text', 'aio', 'How the host does asynchronous I/O.'),
  'disks.*.backup': drive('boolean', 'backup', 'Include the disk in backups.', 1),
  'disks.*.replicate': drive('boolean', 'replicate', 'Include the disk in replication.', 1),
  'disks.*.shared': drive('boolean', 'shared', 'The volume is reachable from every node.', 0),
  'disks.*.snapshot': drive('boolean', 'snapshot', 'Throw writes away at power off.', 0),
  'disks.*.detect_zeroes': drive('boolean', 'detect_zeroes', 'Turn written zeroes into holes.', 1),
  'disks.*.serial': drive('encoded', 'serial', 'Serial number that the guest sees.'),
  'disks.*.wwn': drive('text', 'wwn', 'World-wide name that the guest sees.'),
  'disks.*.model': drive('encoded', 'model', 'Model name that the guest sees (IDE).'),
  'disks.*.product': drive('text', 'product', 'Product name that the guest sees (SCSI).'),
  'disks.*.vendor': drive('text', 'vendor', 'Vendor name that the guest sees (SCSI).'),
  'disks.*.rerror': drive('text', 'rerror', 'What a read error does.'),
  'disks.*.werror': drive('text', 'werror', 'What a write error does.'),
  'disks.*.ro': drive('boolean', 'ro', 'Read only.', 0),
  'disks.*.queues': drive('integer', 'queues', 'Number of queues (SCSI).'),
  'disks.*.scsiblock': drive('boolean', 'scsiblock', 'Pass a whole host device through.', 0),
  'disks.*.mbps': drive('number', 'mbps', 'Limit in MB/s, reads and writes together.'),
  'disks.*.mbps_max': drive('number', 'mbps_max', 'Burst in MB/s, reads and writes.'),
  'disks.*.mbps_rd': drive('number', 'mbps_rd', 'Limit of reads in MB/s.'),
  'disks.*.mbps_rd_max': drive('number', 'mbps_rd_max', 'Burst of reads in MB/s.'),
  'disks.*.mbps_wr': drive('number', 'mbps_wr', 'Limit of writes in MB/s.'),
  'disks.*.mbps_wr_max': drive('number', 'mbps_wr_max', 'Burst of writes in MB/s.'),
  'disks.*.iops': drive('integer', 'iops', 'Limit of operations a second.'),
  'disks.*.iops_max': drive('integer', 'iops_max', 'Burst of operations a second.'),
  'disks.*.iops_max_length': drive('integer', 'iops_max_length', 'Seconds of that burst.'),
  'disks.*.iops_rd': drive('integer', 'iops_rd', 'Limit of reads a second.'),
  'disks.*.iops_rd_max': drive('integer', 'iops_rd_max', 'Burst of reads a second.'),
  'disks.*.iops_rd_max_length': drive('integer', 'iops_rd_max_length', 'Seconds of that burst.'),
  'disks.*.iops_wr': drive('integer', 'iops_wr', 'Limit of writes a second.'),
  'disks.*.iops_wr_max': drive('integer', 'iops_wr_max', 'Burst of writes a second.'),
  'disks.*.iops_wr_max_length': drive('integer', 'iops_wr_max_length', 'Seconds of that burst.'),
  'disks.*.bps_max_length': drive('integer', 'bps_max_length', 'Seconds of the mbps burst.'),
  'disks.*.bps_rd_max_length': drive('integer', 'bps_rd_max_length', 'Seconds of the read burst.'),
  'disks.*.bps_wr_max_length': drive('integer', 'bps_wr_max_length', 'Seconds of the write burst.'),
  'unused.*': {
    type: 'presence',
    key: 'unusedN',
    says: 'A detached volume; null deletes it for good.',
  },
  'cdroms.*': {type: 'presence', key: 'drive', says: 'A CD drive by its slot; null removes it.'},
  'cdroms.*.file': {
    type: 'text',
    key: 'drive',
    sub: 'file',
    sticky: true,
    says: 'The medium: an ISO volume, `none`, or `cdrom` for the host’s drive.',
    examples: ['local:iso/debian-13.iso', 'none'],
  },
  'networks.*': {
    type: 'presence',
    key: 'netN',
    says: 'A network card by its slot; null removes it.',
  },
  'networks.*.model': {...net('text', 'model', 'Card that the guest sees.'), sticky: true},
  'networks.*.mac': {
    ...net('mac', 'macaddr', 'MAC address; left out, the live one is kept.'),
    sticky: true,
  },
  'networks.*.bridge': {...net('text', 'bridge', 'Bridge or virtual network.'), sticky: true},
  'networks.*.tag': net('integer', 'tag', 'VLAN.'),
  'networks.*.trunks': net('set', 'trunks', 'VLANs that are passed through.'),
  'networks.*.firewall': net('boolean', 'firewall', 'Filter this card’s traffic.', 0),
  'networks.*.link_down': net('boolean', 'link_down', 'Unplug the cable.', 0),
  'networks.*.queues': net('integer', 'queues', 'Number of packet queues (virtio).'),
  'networks.*.rate': net('number', 'rate', 'Limit in MB/s.'),
  'networks.*.mtu': net('integer', 'mtu', 'MTU; 1 takes the bridge’s (virtio).'),
  'networks.*.host-tunnel': net('boolean', 'host-tunnel', 'Tunnel offload of the host (9.2).'),
  'cloudInit.user': cloud('text', 'ciuser', 'User that cloud-init sets up.'),
  'cloudInit.password': cloud('secret', 'cipassword', 'That user’s password, by reference.'),
  'cloudInit.sshKeys': cloud('ssh-keys', 'sshkeys', 'Public keys of that user.'),
  'cloudInit.nameserver': cloud('words', 'nameserver', 'DNS servers.'),
  'cloudInit.searchdomain': cloud('words', 'searchdomain', 'DNS search domains.'),
  'cloudInit.upgrade': cloud('boolean', 'ciupgrade', 'Upgrade packages at first boot.'),
  'cloudInit.type': cloud('text', 'citype', 'Format of the cloud-init drive.'),
  'cloudInit.custom.user': snippet('user', 'user data'),
  'cloudInit.custom.network': snippet('network', 'network data'),
  'cloudInit.custom.meta': snippet('meta', 'meta data'),
  'cloudInit.custom.vendor': snippet('vendor', 'vendor data'),
  'cloudInit.ipConfig.*.ip': ip('ip', 'IPv4 address with prefix, or dhcp.', '10.0.70.50/24'),
  'cloudInit.ipConfig.*.gw': ip('gw', 'IPv4 gateway.', '10.0.70.1'),
  'cloudInit.ipConfig.*.ip6': ip('ip6', 'IPv6 address with prefix, dhcp or auto.', 'auto'),
  'cloudInit.ipConfig.*.gw6': ip('gw6', 'IPv6 gateway.', 'fe80::1'),
  'cloudInit.ipConfig.*': {
    type: 'presence',
    key: 'ipconfigN',
    says: 'Addresses of one network card; null removes them.',
  },
  'cloudInit.drive': {
    type: 'presence',
    key: 'drive',
    says: 'The drive that carries the data; null removes it.',
  },
  'cloudInit.drive.slot': {
    type: 'text',
    key: 'drive',
    derived: 'slot',
    sticky: true,
    says: 'Slot of the drive.',
    examples: ['ide2'],
  },
  'cloudInit.drive.storage': {
    type: 'text',
    key: 'drive',
    derived: 'storage',
    sticky: true,
    says: 'Storage of the drive.',
    examples: ['local-lvm'],
  },
  efi: {type: 'presence', key: 'efidisk0', says: 'The disk for EFI variables; null detaches it.'},
  'efi.storage': {
    type: 'text',
    key: 'efidisk0',
    derived: 'storage',
    sticky: true,
    says: 'Storage of the EFI disk.',
    examples: ['local-lvm'],
  },
  'efi.efitype': {
    type: 'text',
    key: 'efidisk0',
    sub: 'efitype',
    sticky: true,
    says: 'Size of the variables.',
  },
  'efi.pre-enrolled-keys': {
    type: 'boolean',
    key: 'efidisk0',
    sub: 'pre-enrolled-keys',
    sticky: true,
    says: 'Come with keys for secure boot.',
  },
  'efi.ms-cert': {
    type: 'text',
    key: 'efidisk0',
    sub: 'ms-cert',
    sticky: true,
    says: 'Certificates that are enrolled (9.x).',
  },
  tpm: {type: 'presence', key: 'tpmstate0', says: 'The disk for TPM state; null detaches it.'},
  'tpm.storage': {
    type: 'text',
    key: 'tpmstate0',
    derived: 'storage',
    sticky: true,
    says: 'Storage of the TPM state.',
    examples: ['local-lvm'],
  },
  'tpm.version': {
    type: 'text',
    key: 'tpmstate0',
    sub: 'version',
    sticky: true,
    says: 'Version of the TPM; cannot be changed later.',
  },
} as const satisfies Readonly<Record<string, FieldSpec>>;

type Leaf<Type extends FieldSpec['type']> = FieldSpec & {readonly type: Type};

function drive<Type extends FieldSpec['type']>(
  type: Type,
  sub: string,
  says: string,
  absent?: string | number,
): Leaf<Type> {
  return {type, key: 'drive', sub, says, ...(absent === undefined ? {} : {absent})};
}

function net<Type extends FieldSpec['type']>(
  type: Type,
  sub: string,
  says: string,
  absent?: number,
): Leaf<Type> {
  return {type, key: 'netN', sub, says, ...(absent === undefined ? {} : {absent})};
}

function cloud<Type extends FieldSpec['type']>(type: Type, key: string, says: string): Leaf<Type> {
  return {type, key, says};
}

function snippet(sub: string, what: string): FieldSpec {
  return {type: 'text', key: 'cicustom', sub, says: `Snippet that replaces the ${what}.`};
}

function ip(sub: string, says: string, example: string): FieldSpec {
  return {type: 'address', key: 'ipconfigN', sub, says, examples: [example]};
}
