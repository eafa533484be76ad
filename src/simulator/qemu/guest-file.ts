// Why this exists: a QEMU guest's configuration file: how it is loaded, and the one place where a
// changed file is put down.
import {fail} from '../failure.ts';
import {dropUsed, emptySections, noteLoaded, recordChange} from '../guest/file.ts';
import type {Cluster, QemuGuest} from '../state.ts';
import {drivesOf} from './drive.ts';
import {replaceSmp} from './normalise.ts';

/** The guest on that node, or 500 `Configuration file … does not exist`. */
export function loadGuest(cluster: Cluster, node: string, vmid: number): QemuGuest {
  const guest = cluster.guests.get(vmid);
  if (guest === undefined || guest.kind !== 'qemu' || guest.node !== node) {
    return fail(500, `Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
  }
  noteLoaded(guest);
  return guest;
}

/** The same guest; what asks first whether it runs says otherwise that it is missing. */
export function guestHere(cluster: Cluster, node: string, vmid: number): QemuGuest {
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'qemu' || guest.node !== node) {
    fail(500, `unable to find configuration file for VM ${vmid} on node '${node}'`);
  }
  return loadGuest(cluster, node, vmid);
}

/** A new, empty, stopped guest; not yet part of the cluster. */
export function emptyGuest(vmid: number, node: string): QemuGuest {
  return {
    kind: 'qemu',
    vmid,
    node,
    ...emptySections(),
    cloudInit: undefined,
    cloudInitDrift: new Map(),
    runtime: undefined,
    behaviour: {agent: true, acpi: true, bootMs: 12_000, shutdownMs: 400},
  };
}

/** Put the file down after a change: tidy unused entries and record what changed, if anything. */
export function saveGuest(cluster: Cluster, guest: QemuGuest, detail: string): void {
  dropUsedUnused(guest);
  replaceSmp(guest.config);
  recordChange(cluster, guest, detail);
}

/** Volumes of slots, pending ones included; snapshots do not count. */
function dropUsedUnused(guest: QemuGuest): void {
  const drives = [...drivesOf(guest.config), ...drivesOf(guest.pending)];
  const used = new Set(drives.map((drive) => drive.file));
  dropUsed(guest.config, used);
}
