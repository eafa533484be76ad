// Why this exists: what a recording takes for granted: how long its author waited before a request,
// and what was on the storages and in the cluster when the scenario began.
import {advance} from '../../src/simulator/clock.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {put} from '../../src/simulator/volume.ts';
import type {Step} from './recording.ts';

/** Things that were there before the first request of some scenarios. */
const scenes: Readonly<Record<string, (cluster: Cluster) => void>> = {};

/** Virtual ms to wait before a step, where its note does not say so itself. */
const waits: Readonly<Record<string, Readonly<Record<number, number>>>> = {};

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
