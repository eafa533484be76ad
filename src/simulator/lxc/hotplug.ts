// Why this exists: what a change does to a running container: some keys come into force at once,
// new mounts and cards are plugged, the rest waits (vmconfig_hotplug_pending of pve-container).
import {fail} from '../failure.ts';
import {isUnusedKey} from '../guest/file.ts';
import type {Job} from '../qemu/volumes.ts';
import type {LxcGuest} from '../state.ts';
import {applyMount, failureOf, freeUnused} from './apply.ts';
import {draftOf, setValue} from './container-file.ts';
import type {Properties} from './keys.ts';
import {isNetKey, parseProperties} from './keys.ts';
import {normaliseNet} from './network.ts';

/** Keys that are only configuration, or read by others than the container. */
const immediate = new Set([
  'description',
  'onboot',
  'startup',
  'protection',
  'hostname',
  'hookscript',
  'cores',
  'tags',
  'lock',
]);
/** Limits of the control group, which can be changed from outside. */
const limits = new Set(['cpulimit', 'cpuunits', 'memory', 'swap']);

/** What came of a write: errors by key, and the file as it was put down before they were known. */
export interface Outcome {
  readonly errors: Readonly<Record<string, string>>;
  readonly written?: LxcGuest;
}

/** Plug what can be plugged of those keys. */
export function hotplugPending(job: Job, guest: LxcGuest, selection: ReadonlySet<string>): Outcome {
  const errors: Record<string, string> = {};
  let written: LxcGuest | undefined;
  const write = (): void => {
    written = draftOf(guest);
  };
  const attempt = (key: string, action: () => void): void => {
    const text = failureOf(action);
    if (text !== undefined) errors[key] = `unable to hotplug ${key}: ${text}\n`;
  };
  for (const key of chosen(guest.pending, selection).filter((one) => immediate.has(one))) {
    take(job, guest, key);
  }
  for (const key of chosen(guest.pendingDelete, selection).filter(isUnpluggable)) {
    attempt(key, () => unplug(job, guest, key));
  }
  for (const key of chosen(guest.pending, selection).filter((one) => isPluggable(guest, one))) {
    attempt(key, () => plug(job, guest, key, write));
  }
  // 9.1 plugs new devices too; 8.4 leaves them for the next start.
  for (const key of chosen(guest.pending, selection).filter((one) => /^dev\d+$/.test(one))) {
    if (job.cluster.version === '9.1' && !guest.config.has(key)) take(job, guest, key);
  }
  return written === undefined ? {errors} : {errors, written};
}

function chosen(
  pending: ReadonlyMap<string, unknown>,
  selection: ReadonlySet<string>,
): readonly string[] {
  return [...pending.keys()].filter((key) => selection.has(key)).sort();
}

function take(job: Job, guest: LxcGuest, key: string): void {
  setValue(job.cluster.version, guest.config, key, guest.pending.get(key) ?? '');
  guest.pending.delete(key);
}

/** Of the cards only net0 to net9 can be pulled: the pattern there has one digit. */
function isUnpluggable(key: string): boolean {
  return immediate.has(key) || isUnusedKey(key) || /^(swap|cpulimit|cpuunits|net\d)$/.test(key);
}

function unplug(job: Job, guest: LxcGuest, key: string): void {
  const text = guest.config.get(key);
  if (isUnusedKey(key) && text !== undefined) freeUnused(job, guest, key, text);
  guest.config.delete(key);
  guest.pendingDelete.delete(key);
}

function isPluggable(guest: LxcGuest, key: string): boolean {
  return limits.has(key) || isNetKey(key) || (/^mp\d+$/.test(key) && !guest.config.has(key));
}

function plug(job: Job, guest: LxcGuest, key: string, write: () => void): void {
  const text = guest.pending.get(key) ?? '';
  if (isNetKey(key)) plugCard(job, guest, {key, text, write});
  else if (/^mp\d+$/.test(key)) applyMount(job, guest, key);
  else setValue(job.cluster.version, guest.config, key, text);
  guest.pending.delete(key);
}

/** One card to plug; `write` puts the file down, as Proxmox does in the midst of it. */
interface Card {
  readonly key: string;
  readonly text: string;
  readonly write: () => void;
}

/** A card with another name or MAC is pulled for good before the new one is tried. */
function plugCard(job: Job, guest: LxcGuest, {key, text, write}: Card): void {
  const {version} = job.cluster;
  const before = guest.config.get(key);
  const now = normaliseNet(job.cluster, text);
  const net = parseProperties(version, 'net0', now);
  const old = parseProperties(version, 'net0', before ?? '');
  const isNew =
    before === undefined || ['name', 'hwaddr'].some((one) => old.get(one) !== net.get(one));
  if (isNew) {
    if (guest.config.delete(key)) write();
    if (!net.has('bridge')) fail(500, 'unable to get bridge setting');
    requireBridgeThere(job, net, 'does not exist');
  } else if (isReplugged(old, net) && net.get('link_down') !== '1') {
    requireBridgeThere(job, net, 'is neither a linux nor an OVS bridge!\n');
  }
  guest.config.set(key, now);
  write();
}

function requireBridgeThere({cluster, node}: Job, net: Properties, otherwise: string): void {
  const bridge = net.get('bridge') ?? '';
  if (cluster.nodes.get(node)?.bridges.has(bridge) === true) return;
  fail(500, `bridge '${bridge}' ${otherwise}`);
}

/** Whether the host's end of a card that stays is taken out and put in again. */
function isReplugged(old: Properties, net: Properties): boolean {
  const differs = (name: string): boolean => (old.get(name) ?? '0') !== (net.get(name) ?? '0');
  return ['bridge', 'tag', 'firewall', 'link_down'].some(differs);
}
