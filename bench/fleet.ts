// Why this exists: N guests that are as their manifests say, spread over three nodes: what a pass
// meets on nearly every day of its life.
import type {GuestWish} from '../src/simulator/build.ts';

/** Nodes of the simulated cluster. */
export const NODES = ['pve1', 'pve2', 'pve3'] as const;

const FIRST_VMID = 1000;

/** VMIDs of a fleet. */
export function vmids(guests: number): readonly number[] {
  return Array.from({length: guests}, (_, index) => FIRST_VMID + index);
}

/** The guest in the cluster, in Proxmox's spelling. */
export function guestOf(vmid: number): GuestWish {
  const hex = vmid.toString(16).padStart(6, '0').toUpperCase();
  const mac = `BC:24:11:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
  const disk = `local-lvm:vm-${vmid}-disk-0`;
  return {
    node: nodeOf(vmid),
    running: true,
    config: {
      agent: '1',
      boot: 'order=scsi0',
      cores: '2',
      cpu: 'x86-64-v2-AES',
      description: `${describe(vmid)}\n${marker(vmid)}\n`,
      memory: '4096',
      meta: 'creation-qemu=9.2.0,ctime=1767600000',
      name: nameOf(vmid),
      net0: `virtio=${mac},bridge=vmbr0,firewall=1,tag=70`,
      onboot: '1',
      ostype: 'l26',
      scsi0: `${disk},discard=on,iothread=1,size=32G,ssd=1`,
      scsihw: 'virtio-scsi-single',
      smbios1: `uuid=00000000-0000-4000-8000-${String(vmid).padStart(12, '0')}`,
      tags: 'bench;web',
      vmgenid: `10000000-0000-4000-8000-${String(vmid).padStart(12, '0')}`,
    },
    volumes: {[disk]: 32 * 1024 ** 3},
  };
}

/** Where a guest's manifest lies; a hundred to a folder. */
export function pathOf(vmid: number): string {
  return `guests/${Math.floor(vmid / 100)}/${nameOf(vmid)}.yaml`;
}

/** The manifest of a guest, by hand as a person would write it. */
export function manifestOf(vmid: number, tags: readonly string[] = ['bench', 'web']): string {
  return `# yaml-language-server: $schema=../../schemas/VirtualMachine.json
apiVersion: pvegit/v1
kind: VirtualMachine
metadata:
  name: ${nameOf(vmid)}
  labels: {fleet: bench}
spec:
  vmid: ${vmid}
  node: ${nodeOf(vmid)}
  power: running
  description: ${describe(vmid)}
  onboot: true
  cpu: {cores: 2, type: x86-64-v2-AES}
  memory: 4GiB
  disks:
    scsi0: {storage: local-lvm, size: 32GiB, discard: true, ssd: true, iothread: true}
  networks:
    net0: {model: virtio, bridge: vmbr0, firewall: true, tag: 70}
  tags: [${tags.join(', ')}]
`;
}

function nodeOf(vmid: number): string {
  return NODES[vmid % NODES.length] ?? NODES[0];
}

function nameOf(vmid: number): string {
  return `bench-${vmid}`;
}

function describe(vmid: number): string {
  return `Machine ${vmid} of the bench`;
}

function marker(vmid: number): string {
  return `<!-- pvegit/v1 installation=bench cluster=bench vmid=${vmid} -->`;
}
