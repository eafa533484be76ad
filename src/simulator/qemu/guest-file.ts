// Why this exists: a guest's configuration file: its text, the digest over it, and the one place
// where a changed file is put down (unused entries of used volumes vanish, the effect is recorded).
import {createHash} from 'node:crypto';
import {fail} from '../failure.ts';
import type {Cluster, QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import {drivesOf} from './drive.ts';
import {replaceSmp} from './normalise.ts';

/** The guest on that node, or 500 `Configuration file … does not exist`. */
export function loadGuest(cluster: Cluster, node: string, vmid: number): QemuGuest {
  const guest = cluster.guests.get(vmid);
  if (guest === undefined || guest.kind !== 'qemu' || guest.node !== node) {
    return fail(500, `Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
  }
  textAtLoad.set(guest, renderFile(guest));
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

/** The file's text when it was last read or written, to tell real changes from none. */
const textAtLoad = new WeakMap<QemuGuest, string>();

/** A new, empty, stopped guest; not yet part of the cluster. */
export function emptyGuest(vmid: number, node: string): QemuGuest {
  return {
    kind: 'qemu',
    vmid,
    node,
    config: new Map(),
    pending: new Map(),
    pendingDelete: new Map(),
    snapshots: new Map(),
    cloudInit: undefined,
    cloudInitDrift: new Map(),
    runtime: undefined,
    behaviour: {agent: true, acpi: true, bootMs: 12_000, shutdownMs: 400},
  };
}

/** The configuration file's text: sections in a fixed order, keys sorted. */
function renderFile(guest: QemuGuest): string {
  const pending = new Map(guest.pending);
  if (guest.pendingDelete.size > 0) {
    const deletes = [...guest.pendingDelete].map(([key, how]) =>
      how === 'force' ? `!${key}` : key,
    );
    pending.set('delete', deletes.join(','));
  }
  const drift = new Map([...guest.cloudInitDrift].map(([key, old]) => [key, old ?? '(added)']));
  const snapshots = [...guest.snapshots].map(([name, keys]) => renderSection(`[${name}]`, keys));
  return [
    renderSection('', guest.config),
    pending.size > 0 ? renderSection('[PENDING]', pending) : '',
    drift.size > 0 ? renderSection('[special:cloudinit]', drift) : '',
    ...snapshots,
  ].join('');
}

/** SHA-1 of the file's text in hex: a pure content hash. */
export function digestOf(guest: QemuGuest): string {
  return createHash('sha1').update(renderFile(guest)).digest('hex');
}

/** Put the file down after a change: tidy unused entries and record what changed, if anything. */
export function saveGuest(cluster: Cluster, guest: QemuGuest, detail: string): void {
  dropUsedUnused(guest);
  replaceSmp(guest.config);
  const text = renderFile(guest);
  if (textAtLoad.get(guest) === text) return;
  textAtLoad.set(guest, text);
  recordEffect(cluster, 'config', guest.vmid, detail);
}

/** Keep a volume that lost its slot as the lowest free unusedN, unless it is listed already. */
export function addUnused(guest: QemuGuest, volid: string): string | undefined {
  for (const [key, value] of guest.config) {
    if (/^unused\d+$/.test(key) && value === volid) return undefined;
  }
  for (let index = 0; index < 256; index += 1) {
    if (!guest.config.has(`unused${index}`)) {
      guest.config.set(`unused${index}`, volid);
      return `unused${index}`;
    }
  }
  return fail(500, `Too many unused volumes - please delete them first.`);
}

/** Volumes of slots, pending ones included; snapshots do not count. */
function dropUsedUnused(guest: QemuGuest): void {
  const drives = [...drivesOf(guest.config), ...drivesOf(guest.pending)];
  const used = new Set(drives.map((drive) => drive.file));
  for (const [key, value] of [...guest.config]) {
    if (/^unused\d+$/.test(key) && used.has(value)) guest.config.delete(key);
  }
}

function renderSection(title: string, keys: ReadonlyMap<string, string>): string {
  const lines = [...keys.keys()].sort().map((key) => `${key}: ${keys.get(key)}\n`);
  return `${title === '' ? '' : `\n${title}\n`}${lines.join('')}`;
}
