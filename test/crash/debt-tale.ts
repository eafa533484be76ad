// Why this exists: a guest whose power nobody declares is stopped for a change, and its start fails
// at first. However its controllers die, it runs in the end, and was stopped once.
import {demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import type {Files} from './repository.ts';

/** The second start of guest 150 fails: that of the cycle. */
export function debtCluster(seed: number): Cluster {
  const cluster = demoCluster({seed});
  const start = {type: 'qmstart', id: '150', skip: 1};
  armTask(cluster, start, {kind: 'fails', text: 'start failed: out of memory', when: 'start'});
  return cluster;
}

const webOf = (cores: number, power: string): string => `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  vmid: 150
  node: pve1
${power}  clone: {vmid: 100, full: true}
  cpu: {cores: ${cores}}
`;

/** It is made and started; then nobody says whether it is to run, and it needs a cycle. */
export const DEBT_COMMITS: readonly Files[] = [
  {'web.yaml': webOf(2, '  power: running\n')},
  {'web.yaml': webOf(2, '')},
  {'web.yaml': webOf(4, '')},
];
