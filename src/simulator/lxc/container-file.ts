// Why this exists: a container's configuration file: how it is loaded, what its values read back
// as, and the one place where a changed file is put down.
import {fail} from '../failure.ts';
import {dropUsed, emptySections, noteLoaded, recordChange} from '../guest/file.ts';
import type {Cluster, LxcGuest, Version} from '../state.ts';
import {typedValue} from './keys.ts';
import {mountsOf} from './mountpoint.ts';

/** The container on that node, or 500 `Configuration file … does not exist`. */
export function loadContainer(cluster: Cluster, node: string, vmid: number): LxcGuest {
  const guest = cluster.guests.get(vmid);
  if (guest === undefined || guest.kind !== 'lxc' || guest.node !== node) {
    return fail(500, `Configuration file 'nodes/${node}/lxc/${vmid}.conf' does not exist`);
  }
  noteLoaded(guest);
  return guest;
}

/** A new, empty, stopped container; not yet part of the cluster. */
export function emptyContainer(vmid: number, node: string): LxcGuest {
  return {
    kind: 'lxc',
    vmid,
    node,
    ...emptySections(),
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

/** Put the file down after a change: tidy unused entries and record what changed, if anything. */
export function saveContainer(cluster: Cluster, guest: LxcGuest, detail: string): void {
  const used = new Set(mountsOf(cluster.version, guest.config).map((mount) => mount.volume));
  dropUsed(guest.config, used);
  recordChange(cluster, guest, detail);
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
