// Why this exists: the part of the table of edits that is about disks, CD drives, network cards and
// the states of firmware and TPM.
import type {StoryEdit} from './edit-table.ts';
import {GONE} from './guest.ts';

/** Edits of devices. */
export const DEVICE_EDITS: readonly StoryEdit[] = [
  {
    title: 'a SCSI disk is added',
    patch: {disks: {scsi1: {storage: 'local-lvm', size: '4GiB', ssd: true}}},
    running: 'benign',
    holds: {scsi1: 'local-lvm:vm-150-disk-1,size=4G,ssd=1'},
    stays: ['unused0'],
  },
  {
    title: 'a SATA disk is added',
    patch: {disks: {sata1: {storage: 'local-lvm', size: '4GiB'}}},
    running: 'disruptive',
    holds: {sata1: 'local-lvm:vm-150-disk-1,size=4G'},
    stays: ['unused0'],
  },
  {
    title: 'a disk leaves the manifest',
    former: {disks: {scsi1: {storage: 'local-lvm', size: '4GiB', backup: false}}},
    patch: {disks: {scsi1: GONE}},
    running: 'disruptive',
    holds: {scsi1: null, unused0: 'local-lvm:vm-150-disk-1'},
  },
  {
    title: 'a disk is null',
    former: {disks: {scsi1: {storage: 'local-lvm', size: '4GiB'}}},
    patch: {disks: {scsi1: null}},
    running: 'disruptive',
    holds: {scsi1: null, unused0: 'local-lvm:vm-150-disk-1'},
  },
  {
    title: 'a disk grows',
    patch: {disks: {scsi0: {size: '12GiB'}}},
    running: 'benign',
    holds: {scsi0: 'local-lvm:vm-150-disk-0,discard=on,size=12G'},
    revertSays: /^update benign: disks\.scsi0\.size \[shrink: /,
  },
  {
    title: 'cold options of a disk',
    patch: {disks: {scsi0: {ssd: true, aio: 'threads', iothread: true, cache: 'writeback'}}},
    running: 'disruptive',
    holds: {
      scsi0:
        'local-lvm:vm-150-disk-0,aio=threads,cache=writeback,discard=on,iothread=1,size=8G,ssd=1',
    },
  },
  {
    title: 'hot options of a disk',
    patch: {disks: {scsi0: {mbps_rd: 50, backup: false}}},
    running: 'benign',
    holds: {scsi0: 'local-lvm:vm-150-disk-0,backup=0,discard=on,mbps_rd=50,size=8G'},
  },
  {
    title: 'growth together with a cold option',
    patch: {disks: {scsi0: {size: '10GiB', ssd: true}}},
    running: 'disruptive',
    holds: {scsi0: 'local-lvm:vm-150-disk-0,discard=on,size=10G,ssd=1'},
    revertSays: /^update (benign|disruptive): disks\.scsi0\.size \[shrink: scsi0 has 10G/m,
    reverts: {scsi0: 'local-lvm:vm-150-disk-0,discard=on,size=10G'},
  },
  {
    title: 'a serial of a disk',
    patch: {disks: {scsi0: {serial: 'a b/c'}}},
    running: 'benign',
    holds: {scsi0: 'local-lvm:vm-150-disk-0,discard=on,serial=a%20b%2Fc,size=8G'},
  },
  {
    title: 'a card is added',
    patch: {networks: {net1: {model: 'virtio', bridge: 'vmbr1', tag: 5}}},
    running: 'benign',
    holds: {net1: /^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr1,tag=5$/},
  },
  {
    title: 'a card is null',
    former: {networks: {net1: {model: 'virtio', bridge: 'vmbr1', mac: 'BC:24:11:00:00:77'}}},
    patch: {networks: {net1: null}},
    running: 'disruptive',
    holds: {net1: null},
  },
  {
    title: 'a card leaves the manifest',
    former: {networks: {net1: {model: 'virtio', bridge: 'vmbr1', mac: 'BC:24:11:00:00:77'}}},
    patch: {networks: {net1: GONE}},
    running: 'disruptive',
    holds: {net1: null},
  },
  {
    title: 'a VLAN, with the live MAC carried',
    patch: {networks: {net0: {tag: 70, firewall: true, rate: 10}}},
    running: 'benign',
    holds: {net0: /^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0,firewall=1,rate=10,tag=70$/},
  },
  {
    title: 'another bridge',
    patch: {networks: {net0: {bridge: 'vmbr1'}}},
    running: 'benign',
    holds: {net0: /,bridge=vmbr1$/},
  },
  {
    title: 'another model',
    patch: {networks: {net0: {model: 'e1000'}}},
    running: 'disruptive',
    holds: {net0: /^e1000=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0$/},
  },
  {
    title: 'queues and MTU',
    patch: {networks: {net0: {queues: 2, mtu: 1400}}},
    running: 'disruptive',
    holds: {net0: /,mtu=1400,queues=2$/},
  },
  {
    title: 'a cable is pulled',
    patch: {networks: {net0: {link_down: true}}},
    running: 'disruptive',
    holds: {net0: /,link_down=1$/},
  },
  {
    title: 'VLANs of a trunk',
    patch: {networks: {net0: {trunks: ['5', '7-9']}}},
    running: 'benign',
    holds: {net0: /,trunks=5;7-9$/},
  },
  {
    title: 'a MAC of one’s own',
    former: {networks: {net0: {mac: 'BC:24:11:00:00:01'}}},
    patch: {networks: {net0: {mac: 'bc:24:11:00:00:02'}}},
    running: 'disruptive',
    holds: {net0: /^virtio=BC:24:11:00:00:02,/i},
  },
  {
    title: 'a CD drive is added',
    patch: {cdroms: {ide0: {file: 'none'}}},
    running: 'disruptive',
    holds: {ide0: 'none,media=cdrom'},
  },
  {
    title: 'a CD drive goes in the commit that sets protection',
    former: {cdroms: {ide0: {file: 'none'}}},
    patch: {cdroms: {ide0: GONE}, protection: true},
    running: 'disruptive',
    holds: {ide0: null, protection: '1'},
    stays: ['protection'],
  },
  {
    title: 'an EFI disk',
    patch: {efi: {storage: 'local-lvm', efitype: '4m'}, config: {bios: 'ovmf'}},
    running: 'disruptive',
    holds: {bios: 'ovmf', efidisk0: /^local-lvm:vm-150-disk-1,efitype=4m,size=(4M|528K)$/},
    stays: ['unused0'],
  },
  {
    title: 'a TPM',
    patch: {tpm: {storage: 'local-lvm', version: 'v2.0'}},
    running: 'disruptive',
    holds: {tpmstate0: /^local-lvm:vm-150-disk-1,size=4M,version=v2\.0$/},
    stays: ['unused0'],
  },
];
