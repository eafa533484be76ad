// Why this exists: a config write goes into [pve:pending] of a draft, and what cannot wait refuses
// the whole call; applying is for apply.ts and hotplug.ts (update_pct_config of pve-container).
import {fail} from '../failure.ts';
import {assertUnprotected} from '../guest/file.ts';
import {scriptProblem} from '../guest/hook-script.ts';
import {cleanUpPending} from '../guest/pending.ts';
import {normaliseTags} from '../qemu/normalise.ts';
import type {Job} from '../qemu/volumes.ts';
import {storageNamed} from '../qemu/volumes.ts';
import {splitList} from '../route.ts';
import type {Cluster, LxcGuest} from '../state.ts';
import {applyPending} from './apply.ts';
import {storedText} from './container-file.ts';
import {takesContainers} from './disks.ts';
import type {Outcome} from './hotplug.ts';
import {hotplugPending} from './hotplug.ts';
import {isMountKey, isNetKey, parseProperties} from './keys.ts';
import {parseMount, storageOf} from './mountpoint.ts';
import {cardProblem} from './network.ts';

/** What a write asks for. */
export interface Update {
  readonly set: ReadonlyMap<string, string>;
  readonly deletes: readonly string[];
  readonly reverts: readonly string[];
}

/** Write to the draft and apply what can be applied. */
export function updateDraft(job: Job, draft: LxcGuest, update: Update): Outcome {
  for (const key of update.reverts) {
    draft.pending.delete(key);
    draft.pendingDelete.delete(key);
  }
  const modified = new Set<string>();
  for (const key of update.deletes) {
    if (!draft.config.has(key) && !draft.pending.has(key)) continue;
    modified.add(key);
    assertDeletable(draft, key);
    draft.pendingDelete.set(key, 'normal');
  }
  for (const key of [...update.set.keys()].sort()) {
    modified.add(key);
    const value = checkedValue(job, draft, key, update.set.get(key) ?? '');
    const stored = storedText(job.cluster.version, key, value);
    // An empty description is written as none.
    draft.pending.set(key, stored ?? '');
    draft.pendingDelete.delete(key);
  }
  cleanUpPending(draft);
  return draft.runtime === undefined
    ? {errors: applyPending(job, draft, modified)}
    : hotplugPending(job, draft, modified);
}

/** 500 when lxc's own configuration could not be made of it; the file is written by then. */
export function assertUsable(job: Job, guest: LxcGuest): void {
  const {config} = guest;
  if (config.get('template') === '1') return;
  const line = job.cluster.version === '8.4' ? 676 : 724;
  if (!config.has('arch')) {
    fail(500, `missing 'arch' - internal error at /usr/share/perl5/PVE/LXC.pm line ${line}.`);
  }
  if (!config.has('rootfs')) fail(500, "missing 'rootfs' configuration");
  for (const key of [...config.keys()].filter(isNetKey).sort()) {
    const problem = cardProblem(job.cluster, job.node, key, config.get(key) ?? '');
    if (problem !== undefined) fail(500, problem);
  }
}

function assertDeletable(draft: LxcGuest, key: string): void {
  if (key === 'memory' || key === 'rootfs' || key === 'ostype') {
    fail(500, `unable to delete required option '${key}'`);
  }
  if (key === 'unprivileged') fail(500, `unable to delete read-only option: '${key}'`);
  if (/^(unused|mp)\d+$/.test(key)) {
    assertUnprotected(draft, `can't remove CT ${draft.vmid} drive '${key}'`);
  }
}

function checkedValue(job: Job, draft: LxcGuest, key: string, text: string): string {
  const {cluster} = job;
  if (isMountKey(key)) {
    assertUnprotected(draft, `can't update CT ${draft.vmid} drive '${key}'`);
    assertStorage(cluster, key, text);
  } else if (key === 'hookscript') assertHookscript(job, text);
  else if (key === 'nameserver' || key === 'searchdomain') return splitList(text).join(' ');
  else if (key === 'unprivileged') fail(500, `unable to modify read-only option: '${key}'`);
  else if (key === 'tags') return normaliseTags(cluster, text);
  else if (isNetKey(key)) assertCard(job, key, text);
  else if (/^dev\d+$/.test(key) && !parseProperties(cluster.version, key, text).has('path')) {
    fail(500, 'Path has to be defined');
  }
  return text;
}

/** A card of a given width must fit its bridge; a host does not configure itself by SLAAC. */
function assertCard({cluster, node}: Job, key: string, text: string): void {
  const net = parseProperties(cluster.version, 'net0', text);
  const problem = net.has('mtu') ? cardProblem(cluster, node, key, text) : undefined;
  if (problem !== undefined) fail(500, problem);
  const isUp = net.get('link_down') !== '1';
  if (isUp && net.get('host-managed') === '1' && net.get('ip6') === 'auto') {
    fail(500, `${key}: SLAAC is not supported for host-managed network configuration.`);
  }
}

function assertStorage(cluster: Cluster, key: string, text: string): void {
  const mount = parseMount(cluster.version, key, text);
  if (mount.type !== 'volume') return;
  const id = storageOf(mount.volume);
  if (!takesContainers(storageNamed(cluster, id))) {
    fail(500, `storage '${id}' does not allow content type 'rootdir' (Container)`);
  }
}

function assertHookscript({cluster, node}: Job, volid: string): void {
  const problem = scriptProblem(cluster, node, volid);
  if (problem !== undefined) fail(500, problem);
}
