// Why this exists: the cluster under the measurement must not share a processor's time with the
// program that is measured, so it is a process of its own.
import {addToken, buildCluster, demoSecret, grant} from '../src/simulator/build.ts';
import {listen} from '../src/simulator/listen.ts';
import {answer} from './child.ts';
import {guestOf, NODES, vmids} from './fleet.ts';
import type {SimulatorAnswers} from './messages.ts';
import {serviceTimes} from './service-times.ts';

let reads: string[] = [];
let firstWriteAt: number | null = null;

async function start(guests: number): Promise<SimulatorAnswers['start']> {
  const cluster = buildCluster({
    nowMs: Date.now(),
    nodes: NODES,
    guests: Object.fromEntries(vmids(guests).map((vmid) => [vmid, guestOf(vmid)])),
  });
  addToken(cluster, {user: 'pvegit@pve', token: 'controller', secret: demoSecret});
  for (const subject of ['pvegit@pve', 'pvegit@pve!controller']) {
    grant(cluster, {subject, role: 'Administrator', path: '/'});
  }
  cluster.serviceMs = serviceTimes(guests, 1);
  const listening = await listen(cluster, {
    onAnswer: ({method, path}) => {
      if (method === 'GET') reads.push(path);
      else firstWriteAt ??= Date.now();
    },
  });
  return {url: listening.url, fingerprint: listening.fingerprint};
}

function takeReads(): readonly string[] {
  const taken = reads;
  reads = [];
  return taken;
}

function takeFirstWrite(): number {
  const taken = firstWriteAt ?? 0;
  firstWriteAt = null;
  return taken;
}

answer<SimulatorAnswers>({
  start: (guests) => start(Number(guests)),
  reads: async () => takeReads(),
  firstWriteAt: async () => takeFirstWrite(),
});
