// Why this exists: what a recording takes for granted: how long its author waited before a request,
// and what was on the storages and in the cluster when the scenario began.
import {advance, after} from '../../src/simulator/clock.ts';
import {acquire, qemuLockFile} from '../../src/simulator/flock.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {findVolume, free, put} from '../../src/simulator/volume.ts';
import type {Step} from './recording.ts';

/** Things that were there before the first request of some scenarios. */
const scenes: Readonly<Record<string, (cluster: Cluster) => void>> = {};

/** Virtual ms to wait before a step, where its note does not say so itself. */
const waits: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  // The started guest's task is seen a moment later.
  '03': {74: 500},
  // Its author waited for the guest's agent before these.
  '09': {26: 15_000, 57: 15_000, 61: 15_000, 116: 15_000},
  '10': {5: 15_000, 98: 100},
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

/** Make the cluster what the scenario found. */
export function prepareScenario(cluster: Cluster, scenario: string): void {
  addFile(cluster, {name: 'import/tiny.qcow2', format: 'qcow2', bytes: 19_644_928});
  addFile(cluster, {name: 'iso/tiny.iso', format: 'iso', bytes: 27_856_896});
  addFile(cluster, {name: 'vztmpl/tinyct_1.0_amd64.tar.gz', format: 'tgz', bytes: 1_032_248});
  scenes[scenario]?.(cluster);
}

/** Let the time pass that passed in the recording before this step. */
export function waitBefore(cluster: Cluster, scenario: string, step: Step): void {
  const fromNote = /^(\d+(?:\.\d+)?) s (?:later|after)/.exec(step.note ?? '')?.[1];
  const waitMs = waits[scenario]?.[step.n] ?? Number(fromNote ?? 0) * 1_000;
  advance(cluster, cluster.nowMs + waitMs);
}

function addFile(
  cluster: Cluster,
  file: {readonly name: string; readonly format: string; readonly bytes: number},
): void {
  put(cluster, {
    volid: `sandbox:${file.name}`,
    storage: 'sandbox',
    node: 'pve1',
    format: file.format,
    sizeBytes: file.bytes,
    usedBytes: file.bytes,
    vmid: undefined,
    parent: undefined,
    content: file.name.split('/')[0] ?? '',
    ctimeS: 1_795_252_079,
    snapshots: new Set(),
    // The image inside is as large as the CD image it was made from.
    data: {virtualBytes: 27_856_896},
  });
}
