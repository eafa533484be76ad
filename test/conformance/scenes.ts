// Why this exists: what a recording takes for granted: how long its author waited before a request,
// and what was on the storages and in the cluster when the scenario began.
import {advance} from '../../src/simulator/clock.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import type {Step} from './recording.ts';

/** Things that were there before the first request. */
const scenes: Readonly<Record<string, (cluster: Cluster) => void>> = {};

/** Virtual ms to wait before a step, where its note does not say so itself. */
const waits: Readonly<Record<string, Readonly<Record<number, number>>>> = {};

/** Make the cluster what the scenario found. */
export function prepareScenario(cluster: Cluster, scenario: string): void {
  scenes[scenario]?.(cluster);
}

/** Let the time pass that passed in the recording before this step. */
export function waitBefore(cluster: Cluster, scenario: string, step: Step): void {
  const fromNote = /^(\d+(?:\.\d+)?) s (?:later|after)/.exec(step.note ?? '')?.[1];
  const waitMs = waits[scenario]?.[step.n] ?? Number(fromNote ?? 0) * 1_000;
  advance(cluster, cluster.nowMs + waitMs);
}
