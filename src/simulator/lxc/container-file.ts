// Why this exists: a container's configuration file: its text, the digest over it, and the one
// place where a changed file is put down (unused entries of used volumes vanish, and the effect is
// recorded).
import {createHash} from 'node:crypto';
import {fail} from '../failure.ts';
import type {Cluster, LxcGuest, Version} from '../state.ts';
import {recordEffect} from '../state.ts';
import {isUnusedKey, typedValue} from './keys.ts';
import {mountsOf} from './mountpoint.ts';

/** The container on that node, or 500 `Configuration file … does not exist`. */
export function loadContainer(cluster: Cluster, node: string, vmid: number): LxcGuest {
  const guest = cluster.guests.get(vmid);
  if (guest === undefined || guest.kind !== 'lxc' || guest.node !== node) {
    return fail(500, `Configuration file 'nodes/${node}/lxc/${vmid}.conf' does not exist`);
  }
  textAtLoad.set(guest, renderFile(guest));
  return guest;
}

/** The file's text when it was last read or written, to tell real changes from none. */
const textAtLoad = new WeakMap<LxcGuest, string>();

/** A new, empty, stopped container; not yet part of the cluster. */
export function emptyContainer(vmid: number, node: string): LxcGuest {
  return {
    kind: 'lxc',
    vmid,
    node,
    config: new Map(),
    pending: new Map(),
    pendingDelete: new Map(),
    snapshots: new Map(),
    runtime: undefined,
  };
}

/** A copy to work on; `adopt` puts it in the container's place. */
export function draftOf(guest: LxcGuest): LxcGuest {
  return {
    ...guest,
    config: new Map(guest.config),
    pending: new Map(guest.pending),
    pendingDelete: new Map(guest.pendingDelete),
  };
}

/** The container becomes what the draft is. */
export function adopt(guest: LxcGuest, draft: LxcGuest): void {
  guest.config = draft.config;
  guest.pending = draft.pending;
  guest.pendingDelete = draft.pendingDelete;
}

/** SHA-1 of the file's text in hex: a pure content hash. */
export function digestOf(guest: LxcGuest): string {
  return createHash('sha1').update(renderFile(guest)).digest('hex');
}

/** 500 unless the digest is the file's; an empty or absent one is no check. */
export function assertDigest(guest: LxcGuest, digest: string | undefined): void {
  if (digest !== undefined && digest !== '' && digest !== digestOf(guest)) {
    fail(500, 'detected modified configuration - file changed by other user? Try again.');
  }
}

/** 500 `CT is locked (backup)` when the lock key is set. */
export function assertUnlocked(guest: LxcGuest): void {
  const lock = guest.config.get('lock');
  if (lock !== undefined) fail(500, `CT is locked (${lock})`);
}

/** 500 `… - protection mode enabled` on a protected container. */
export function assertUnprotected(guest: LxcGuest, what: string): void {
  if (guest.config.get('protection') === '1') fail(500, `${what} - protection mode enabled`);
}

/** Put the file down after a change: tidy unused entries and record what changed, if anything. */
export function saveContainer(cluster: Cluster, guest: LxcGuest, detail: string): void {
  const used = new Set(mountsOf(cluster.version, guest.config).map((mount) => mount.volume));
  for (const [key, value] of [...guest.config]) {
    if (isUnusedKey(key) && used.has(value)) guest.config.delete(key);
  }
  const text = renderFile(guest);
  if (textAtLoad.get(guest) === text) return;
  textAtLoad.set(guest, text);
  recordEffect(cluster, 'config', guest.vmid, detail);
}

/** Keep a volume that lost its place as the lowest free unusedN, unless it is listed already. */
export function addUnused(section: Map<string, string>, volid: string): void {
  for (const [key, value] of section) {
    if (isUnusedKey(key) && value === volid) return;
  }
  for (let index = 0; index < 256; index += 1) {
    if (!section.has(`unused${index}`)) {
      section.set(`unused${index}`, volid);
      return;
    }
  }
  fail(500, 'Too many unused volumes - please delete them first.');
}

/**
 * A value as the file gives it back: a description ends in exactly one line feed and is absent when
 * empty (undefined), an empty value is a blank, a number has no leading zeros.
 */
export function storedText(version: Version, key: string, text: string): string | undefined {
  if (key === 'description') {
    const lines = text.replace(/\n+$/, '');
    return lines === '' || text === '0' ? undefined : `${lines}\n`;
  }
  const trimmed = key === 'lxc' || key === 'env' ? text : text.trim();
  return trimmed === '' ? ' ' : String(typedValue(version, key, trimmed));
}

/** Put a value into a section as it will read back. */
export function setValue(
  version: Version,
  section: Map<string, string>,
  key: string,
  text: string,
): void {
  const stored = storedText(version, key, text);
  if (stored === undefined) section.delete(key);
  else section.set(key, stored);
}

/** The configuration file's text: sections in a fixed order, keys sorted. */
function renderFile(guest: LxcGuest): string {
  const pending = new Map(guest.pending);
  if (guest.pendingDelete.size > 0) {
    pending.set('delete', [...guest.pendingDelete.keys()].sort().join(','));
  }
  const snapshots = [...guest.snapshots].sort(([left], [right]) => (left < right ? -1 : 1));
  return [
    renderSection('', guest.config),
    pending.size > 0 ? renderSection('[pve:pending]', pending) : '',
    ...snapshots.map(([name, keys]) => renderSection(`[${name}]`, keys)),
  ].join('');
}

function renderSection(title: string, keys: ReadonlyMap<string, string>): string {
  const lines = [...keys.keys()].sort().map((key) => `${key}: ${keys.get(key)}\n`);
  return `${title === '' ? '' : `\n${title}\n`}${lines.join('')}`;
}
