// Why this exists: what a change does to a running container: some keys come into force at once,
// new mounts and cards are plugged, the rest waits (vmconfig_hotplug_pending of pve-container).
import {fail} from '../failure.ts';
import {isUnusedKey} from '../guest/file.ts';
import type {Job} from '../qemu/volumes.ts';
import type {LxcGuest} from '../state.ts';
import {applyMount, failureOf, freeUnused} from './apply.ts';
import {setValue} from './container-file.ts';
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

/** Plug what can be plugged of those keys; returns the errors by key. */
export function hotplugPending(
  job: Job,
  guest: LxcGuest,
  selection: ReadonlySet<string>,
): Readonly<Record<string, string>> {
  const errors: Record<string, string> = {};
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
    attempt(key, () => plug(job, guest, key));
  }
  // 9.1 plugs new devices too; 8.4 leaves them for the next start.
  for (const key of chosen(guest.pending, selection).filter((one) => /^dev\d+$/.test(one))) {
    if (job.cluster.version === '9.1' && !guest.config.has(key)) take(job, guest, key);
  }
  return errors;
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

function plug(job: Job, guest: LxcGuest, key: string): void {
  const text = guest.pending.get(key) ?? '';
  if (isNetKey(key)) {
    const {cluster, node} = job;
    const bridge = parseProperties(cluster.version, 'net0', text).get('bridge');
    if (bridge !== undefined && cluster.nodes.get(node)?.bridges.has(bridge) !== true) {
      fail(500, `bridge '${bridge}' does not exist`);
    }
    guest.config.set(key, normaliseNet(cluster, text));
  } else if (/^mp\d+$/.test(key)) applyMount(job, guest, key);
  else setValue(job.cluster.version, guest.config, key, text);
  guest.pending.delete(key);
}
