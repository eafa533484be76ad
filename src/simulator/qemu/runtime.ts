// Why this exists: what a running QEMU process is: started with the active configuration, its guest
// booting for a while before it answers, and what is left when it ends.
import {after} from '../clock.ts';
import type {Cluster, QemuGuest, QemuRuntime} from '../state.ts';
import {recordEffect} from '../state.ts';
import {parseProperties} from './property-string.ts';

/** QEMU's version on the nodes: whole (`10.0.2`), and as machine types have it (`10.0`). */
export function qemuVersion(cluster: Cluster): {readonly full: string; readonly short: string} {
  return cluster.version === '8.4'
    ? {full: '10.0.2', short: '10.0'}
    : {full: '10.1.2', short: '10.1'};
}

/** Start the guest's process from its current section; it answers after its boot time. */
export function launch(cluster: Cluster, guest: QemuGuest): QemuRuntime {
  const node = cluster.nodes.get(guest.node);
  const runtime: QemuRuntime = {
    pid: node === undefined ? 1000 : node.nextPid++,
    startedAtMs: cluster.nowMs,
    qmpStatus: 'running',
    agentAnswers: false,
    guestAnswers: false,
    machine: runningMachine(cluster, guest.config.get('machine')),
  };
  guest.runtime = runtime;
  bootInside(cluster, guest, runtime);
  recordEffect(cluster, 'start', guest.vmid, guest.config.get('name') ?? '');
  return runtime;
}

/** The guest inside boots again while the process stays. */
export function resetInside(cluster: Cluster, guest: QemuGuest): void {
  if (guest.runtime === undefined) return;
  const runtime: QemuRuntime = {...guest.runtime, agentAnswers: false, guestAnswers: false};
  guest.runtime = runtime;
  bootInside(cluster, guest, runtime);
  recordEffect(cluster, 'reset', guest.vmid, '');
}

/** The process is gone. */
export function extinguish(cluster: Cluster, guest: QemuGuest): void {
  guest.runtime = undefined;
  recordEffect(cluster, 'stop', guest.vmid, guest.config.get('name') ?? '');
}

/** Whether the configuration enables the guest agent. */
export function agentEnabled(guest: QemuGuest): boolean {
  const agent = guest.config.get('agent');
  return agent !== undefined && parseProperties('agent', agent).get('enabled') === '1';
}

/** The CPU type that a running guest records in snapshots. */
export function runningCpu(guest: QemuGuest): string {
  return parseProperties('cpu', guest.config.get('cpu') ?? 'kvm64').get('cputype') ?? 'kvm64';
}

function bootInside(cluster: Cluster, guest: QemuGuest, runtime: QemuRuntime): void {
  after(cluster, guest.behaviour.bootMs, () => {
    if (guest.runtime !== runtime) return;
    runtime.agentAnswers = guest.behaviour.agent;
    runtime.guestAnswers = guest.behaviour.acpi;
  });
}

function runningMachine(cluster: Cluster, machine: string | undefined): string {
  const type = parseProperties('machine', machine ?? 'pc').get('type') ?? 'pc';
  const {short} = qemuVersion(cluster);
  if (type === 'pc') return `pc-i440fx-${short}+pve0`;
  if (type === 'q35') return `pc-q35-${short}+pve0`;
  return /\+pve\d+/.test(type) ? type : `${type}+pve0`;
}
