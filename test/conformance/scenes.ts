// Why this exists: what a recording takes for granted: how long its author waited before a request,
// and what was on the storages and in the cluster when the scenario began.
import {advance, after} from '../../src/simulator/clock.ts';
import {acquire, qemuLockFile} from '../../src/simulator/flock.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {findVolume, free} from '../../src/simulator/volume.ts';
import {addDeadNodes, addFile, addFiles} from './prepare.ts';
import type {Step} from './recording.ts';

/** Things that were there before the first request of some scenarios. */
const scenes: Readonly<Record<string, (cluster: Cluster) => void>> = {
  // An upload of an earlier scenario.
  '19': (cluster) => addFile(cluster, {name: 'vztmpl/rec.tar.gz', format: 'tgz', bytes: 1}),
};

/** Virtual ms to wait before a step, where its note does not say so itself. */
const waits: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  // The started guest's task is seen a moment later.
  '03': {74: 500},
  // Its author waited for the guest's agent before these.
  '09': {26: 15_000, 57: 15_000, 61: 15_000, 116: 15_000},
  '10': {5: 15_000, 98: 100},
  '21': {15: 500},
};

/** What the recorder did without recording it, before a step: the recording shows its effect. */
const unseen: Readonly<Record<string, Readonly<Record<number, (cluster: Cluster) => void>>>> = {
  '03': {
    30: drop(103),
    33: drop(103),
    37: drop(103),
    41: drop(103),
    54: drop(103),
    58: drop(103),
    60: drop(103),
    67: drop(103),
  },
  '09': {
    97: drop(161),
    99: (cluster) => free(cluster, 'pve1', 'sandbox:161/vm-161-disk-0.raw'),
    106: drop(161),
  },
  '11': {
    35: unlock(180),
    36: unlock(180),
    37: unlock(180),
    74: holdLockFile(186, 25_000),
  },
  '13': {76: unprotect},
  // Neither the HA manager nor its agents ran in the recorded system.
  '18': {
    1: (cluster) => {
      cluster.haManagerUp = false;
    },
  },
  '22': {
    1: addDeadNodes,
    15: slowStorage(41_000),
    21: slowStorage(0),
    23: daemonIs(false),
    31: daemonIs(true),
  },
};

/** Do what was done outside of the recorded requests before this step. */
export function doUnseen(cluster: Cluster, scenario: string, step: Step): void {
  unseen[scenario]?.[step.n]?.(cluster);
}

/** The guest and its own disks are gone. */
function drop(vmid: number): (cluster: Cluster) => void {
  return (cluster) => {
    const guest = cluster.guests.get(vmid);
    cluster.guests.delete(vmid);
    for (const volume of [...cluster.volumes.values()]) {
      const isOwn = guest !== undefined && volume.vmid === vmid && volume.content === 'images';
      if (isOwn && findVolume(cluster, guest.node, volume.volid) !== undefined) {
        free(cluster, guest.node, volume.volid);
      }
    }
  };
}

function unlock(vmid: number): (cluster: Cluster) => void {
  return (cluster) => {
    const guest = cluster.guests.get(vmid);
    guest?.config.delete('lock');
  };
}

function holdLockFile(vmid: number, ms: number): (cluster: Cluster) => void {
  return (cluster) => {
    acquire(
      cluster,
      {file: qemuLockFile(vmid)},
      (release) => void after(cluster, ms, release),
      () => {},
    );
  };
}

function unprotect(cluster: Cluster): void {
  for (const volume of cluster.volumes.values()) {
    volume.protected = false;
  }
}

function slowStorage(allocateMs: number): (cluster: Cluster) => void {
  return (cluster) => {
    const storage = cluster.storages.get('sandbox');
    if (storage !== undefined) {
      storage.allocateMs = allocateMs;
    }
  };
}

function daemonIs(up: boolean): (cluster: Cluster) => void {
  return (cluster) => {
    const node = cluster.nodes.get('pve1');
    if (node !== undefined) {
      node.daemonUp = up;
    }
  };
}

/** Make the cluster what the scenario found. */
export function prepareScenario(cluster: Cluster, scenario: string): void {
  addFiles(cluster);
  scenes[scenario]?.(cluster);
}

/** Let the time pass that passed in the recording before this step. */
export function waitBefore(cluster: Cluster, scenario: string, step: Step): void {
  const fromNote = /^(\d+(?:\.\d+)?) s (?:later|after)/.exec(step.note ?? '')?.[1];
  const waitMs = waits[scenario]?.[step.n] ?? Number(fromNote ?? 0) * 1_000;
  advance(cluster, cluster.nowMs + waitMs);
}
