// Why this exists: one edit of one key, as it is told to the engine, and what facts.md section 7
// says that it does to a guest that runs.
import {familyFacts} from '../../src/kinds/guest/key-facts.ts';
import type {Spec} from '../story/guest.ts';

/**
 * What an edit does to a running guest. `cycle`: written, pending until a stop and start; `cold`:
 * Proxmox refuses it while the guest runs, so that it is written between the two; `lost`: something
 * is lost; `held`: the plan says why not.
 */
export type Effect = 'now' | 'unplug' | 'cycle' | 'cold' | 'lost' | 'held';

/** How a guest stands when it is edited. */
export type Mode = 'stopped' | 'running' | 'full';

/** One edit. */
export interface KeyEdit {
  /** Key or family of the key table. */
  readonly key: string;
  /** The sub-key that the edit is about, where the key has several edits. */
  readonly part?: string;
  /** Raw configuration besides the usual. */
  readonly live?: {readonly [key: string]: string};
  /** What Git said before, besides the usual. */
  readonly former?: Spec;
  readonly patch: Spec;
  /** What the configuration holds afterwards. */
  readonly holds: {readonly [key: string]: string | RegExp | null};
  /** Where the class of the key does not say it all (its note in the key table). */
  readonly effect?: {readonly running: Effect; readonly full: Effect};
  /** The effect on a stopped guest, `now` when left out. */
  readonly stopped?: Effect;
  /** Only 9.x has it. */
  readonly since9?: true;
}

/** The effect on a guest that stands so, by the hot-plug class of the key. */
export function expectedEffect(edit: KeyEdit, mode: Mode): Effect {
  if (mode === 'stopped') return edit.stopped ?? 'now';
  if (edit.effect) return edit.effect[mode];
  const {hotplug} = familyFacts(edit.key);
  if (hotplug === 'immediate') return 'now';
  if (!hotplug.startsWith('class:')) return 'cycle';
  const words = mode === 'full' ? FULL : USUAL;
  return words.includes(hotplug.slice('class:'.length)) ? 'now' : 'cycle';
}

const USUAL = ['network', 'disk', 'usb'];
const FULL = [...USUAL, 'cpu', 'memory', 'cloudinit'];

/** The `hotplug` setting of a mode; null: none is set. */
export function hotplugOf(mode: Mode): string | null {
  return mode === 'full' ? FULL.join(',') : null;
}

/** A title for people. */
export function titleOf({key, part}: KeyEdit): string {
  return part === undefined ? key : `${key} ${part}`;
}

/** The guest that is edited, as Proxmox holds it. */
export const LIVE: {readonly [key: string]: string} = {
  name: 'keys',
  boot: 'order=scsi0',
  cores: '2',
  memory: '2048',
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
  numa: '1',
  ostype: 'l26',
  scsi0: 'local-lvm:vm-150-disk-0,size=8G',
  scsihw: 'virtio-scsi-single',
  smbios1: 'uuid=6f9619ff-8b86-4011-b42d-00c04fc964ff',
  vmgenid: '0f4f5c1e-8d3a-4b62-bb6d-8f1a2c3d4e5f',
};
