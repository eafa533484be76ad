// Why this exists: what waits in [pve:pending] comes into force on a container that is stopped or
// about to start (vmconfig_apply_pending of pve-container).
import {addUnused, isUnusedKey} from '../guest/file.ts';
import type {Job} from '../qemu/volumes.ts';
import type {LxcGuest} from '../state.ts';
import {findVolume} from '../volume.ts';
import {setValue} from './container-file.ts';
import {createDisk, freeOwn} from './disks.ts';
import {isNetKey} from './keys.ts';
import type {Mount} from './mountpoint.ts';
import {mountsOf, newDiskWish, parseMount, printMount, withVolume} from './mountpoint.ts';
import {normaliseNet} from './network.ts';

/** Apply pending work of those keys, all without a selection; returns the errors by key. */
export function applyPending(
  job: Job,
  guest: LxcGuest,
  selection?: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const errors: Record<string, string> = {};
  const isWanted = (key: string): boolean => selection?.has(key) !== false;
  const attempt = (key: string, action: () => void): void => {
    const text = failureOf(action);
    if (text !== undefined) errors[key] = `unable to apply pending change ${key} : ${text}\n`;
  };
  for (const key of [...guest.pendingDelete.keys()].filter(isWanted).sort()) {
    attempt(key, () => applyDelete(job, guest, key));
  }
  for (const key of [...guest.pending.keys()].filter(isWanted).sort()) {
    attempt(key, () => applySet(job, guest, key));
  }
  return errors;
}

/** The text that an action dies with; undefined when it does not. */
export function failureOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function applyDelete(job: Job, guest: LxcGuest, key: string): void {
  const text = guest.config.get(key);
  if (text !== undefined && /^mp\d+$/.test(key)) {
    const mount = parseMount(job.cluster.version, key, text);
    if (mount.type === 'volume') addUnused(guest.config, mount.volume);
  } else if (text !== undefined && isUnusedKey(key)) freeUnused(job, guest, key, text);
  guest.config.delete(key);
  guest.pendingDelete.delete(key);
}

/** A volume that is in use after all, by a snapshot or a pending mount, only loses its entry. */
export function freeUnused(job: Job, guest: LxcGuest, key: string, text: string): void {
  const {version} = job.cluster;
  const sections = [guest.config, guest.pending, ...guest.snapshots.values()];
  const used = sections.flatMap((section) => mountsOf(version, section));
  if (used.some((mount) => mount.volume === text)) return;
  freeOwn(job, guest.vmid, parseMount(version, key, text));
}

function applySet(job: Job, guest: LxcGuest, key: string): void {
  const text = guest.pending.get(key) ?? '';
  if (/^mp\d+$/.test(key)) applyMount(job, guest, key);
  else {
    const value = isNetKey(key) ? normaliseNet(job.cluster, text) : text;
    setValue(job.cluster.version, guest.config, key, value);
  }
  guest.pending.delete(key);
}

/** A new mount gets its disk, an existing volume its real size; what was there becomes unused. */
export function applyMount(job: Job, guest: LxcGuest, key: string): void {
  const {version} = job.cluster;
  const mount = parseMount(version, key, guest.pending.get(key) ?? '');
  const before = guest.config.get(key);
  const text =
    newDiskWish(mount.volume) === undefined
      ? printMount(version, measured(job, mount))
      : createDisk(job, guest.vmid, mount, []);
  if (before !== undefined) {
    const old = parseMount(version, key, before);
    if (old.type === 'volume') addUnused(guest.config, old.volume);
  }
  guest.config.set(key, text);
}

/** The mount with its volume's size; a volume that is not there keeps what was typed. */
function measured(job: Job, mount: Mount): Mount {
  const volume = findVolume(job.cluster, job.node, mount.volume);
  return volume === undefined ? mount : withVolume(mount, mount.volume, volume.sizeBytes);
}
