// Why this exists: what happens to disks between nodes and guests has many steps, each of which may
// be the last of a process: a clone that is moved to another node, and a deletion that first gives
// a disk away.
import {demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import type {Files} from './repository.ts';

/** Two nodes with a storage of their own each; the template is on the first. */
export function diskCluster(seed: number): Cluster {
  return demoCluster({
    seed,
    nodes: ['pve1', 'pve2'],
    storages: {
      local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
      'local-lvm': {type: 'lvmthin', content: ['images'], totalGiB: 400},
    },
  });
}

const DEFAULTS = `apiVersion: pvegit/v1
kind: Defaults
metadata: {name: all}
spec:
  VirtualMachine: {onboot: true}
`;

const WEB = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  node: pve2
  power: running
  clone: {vmid: 100, full: true}
  cpu: {cores: 3}
  disks:
    scsi0: {size: 8GiB}
`;

const KEEPER = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: keeper}
spec:
  vmid: 190
  node: pve1
  power: stopped
  empty: {}
  memory: 512MiB
`;

const DB = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: db}
spec:
  vmid: 151
  node: pve1
  power: running
  empty: {}
  memory: 1GiB
  disks:
    scsi0: {storage: local-lvm, size: 2GiB}
    scsi1: {storage: local-lvm, size: 5GiB}
    scsi2: {storage: local-lvm, size: 6GiB}
  retainDisks: {vmid: 190, disks: [scsi1, scsi2]}
`;

const STAYS: Files = {'defaults.yaml': DEFAULTS, 'web.yaml': WEB, 'keeper.yaml': KEEPER};

/** A guest is made on the other node; then another one goes, and leaves two disks behind. */
export const DISK_COMMITS: readonly Files[] = [{...STAYS, 'db.yaml': DB}, STAYS];

/** Keys whose deletion the operator says yes to. */
export const DISK_CONSENTED: ReadonlySet<string> = new Set(['guest/151']);
