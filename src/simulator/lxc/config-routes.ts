// Why this exists: the endpoints that read and write a container's configuration; a write happens
// whole or not at all, within the call and under the lock file.
import {fail, paramError} from '../failure.ts';
import {lxcLockFile} from '../flock.ts';
import {assertUnlocked, assertUnmodified, digestOf} from '../guest/file.ts';
import {mergedConfig} from '../guest/pending.ts';
import {assertReplicable} from '../guest/replication.ts';
import {snapshotNamed} from '../guest/snapshots.ts';
import {clampCpuUnits} from '../qemu/normalise.ts';
import type {Job} from '../qemu/volumes.ts';
import type {Context, Reply, Route} from '../route.ts';
import {afterDelay, data, flag, list, nothing, route, underLock, vmidOf} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import {requireChanges} from './access-checks.ts';
import type {Update} from './config-update.ts';
import {assertUsable, updateDraft} from './config-update.ts';
import {adopt, draftOf, loadContainer, saveContainer} from './container-file.ts';
import {allocationMs} from './disks.ts';
import {isMountKey, keyFacts} from './keys.ts';
import {parseMount} from './mountpoint.ts';
import {configView, pendingView} from './view.ts';

const base = '/nodes/{node}/lxc/{vmid}';

function readConfig(context: Context): Reply {
  const {cluster, node, params} = context;
  const guest = loadContainer(cluster, node, vmidOf(context));
  const name = params['snapshot'];
  if (name !== undefined && flag(context, 'current')) {
    const text = "cannot use 'snapshot' parameter with 'current'";
    paramError({snapshot: text, current: text});
  }
  if (name === undefined) {
    const section = flag(context, 'current') ? guest.config : mergedConfig(guest);
    return data(configView(context, guest.vmid, section, digestOf(guest)));
  }
  const section = snapshotNamed(guest, name);
  return data(configView(context, guest.vmid, section, digestOf(guest)));
}

function readPending(context: Context): Reply {
  const guest = loadContainer(context.cluster, context.node, vmidOf(context));
  return data(pendingView(context, guest, digestOf(guest)));
}

function putConfig(context: Context): Reply {
  const {cluster, node, params} = context;
  const vmid = vmidOf(context);
  if (Object.keys(params).every((key) => key === 'digest')) fail(500, 'no options specified');
  const update = readUpdate(context);
  return underLock(cluster, {file: lxcLockFile(vmid)}, () => {
    const guest = loadContainer(cluster, node, vmid);
    assertUnlocked(guest);
    assertUnmodified(guest, params['digest']);
    requireUpdate(context, guest, update);
    return afterDelay(cluster, newDisksMs(context, update), () => {
      write({cluster, node, log: () => {}}, guest, update);
      return nothing;
    });
  });
}

function readUpdate(context: Context): Update {
  const controls = new Set(['delete', 'revert', 'digest']);
  const set = new Map<string, string>();
  for (const [key, value] of Object.entries(context.params)) {
    if (!controls.has(key)) set.set(key, key === 'cpuunits' ? clampCpuUnits(value) : value);
  }
  return {set, deletes: list(context, 'delete'), reverts: list(context, 'revert')};
}

/** Privileges of deletes and reverts, then whether they make sense, then those of values. */
function requireUpdate(context: Context, guest: LxcGuest, update: Update): void {
  const request = {context, vmid: guest.vmid};
  const before = guest.config;
  const unprivileged = before.get('unprivileged') === '1';
  const none = new Map<string, string>();
  const common = {request, before, unprivileged};
  requireChanges({...common, set: none, deletes: update.deletes});
  requireChanges({...common, set: none, deletes: update.reverts});
  assertKeys(context, update);
  requireChanges({...common, set: update.set, deletes: []});
  for (const [key, text] of update.set) {
    if (!isMountKey(key)) continue;
    const mount = parseMount(context.cluster.version, key, text);
    if (mount.type === 'volume') assertReplicable(context.cluster, guest.vmid, mount);
  }
}

function assertKeys(context: Context, update: Update): void {
  const {version} = context.cluster;
  const {set, deletes, reverts} = update;
  for (const key of reverts) {
    if (keyFacts(version, key) === undefined) paramError({revert: `unknown option '${key}'`});
    if (set.has(key)) {
      paramError({revert: `you can't use '-${key}' and '-revert ${key}' at the same time`});
    }
  }
  for (const key of deletes) {
    if (keyFacts(version, key) === undefined) paramError({delete: `unknown option '${key}'`});
    if (set.has(key)) {
      paramError({delete: `you can't use '-${key}' and -delete ${key}' at the same time`});
    }
    if (reverts.includes(key)) {
      paramError({delete: `you can't use '-delete ${key}' and '-revert ${key}' at the same time`});
    }
  }
}

function newDisksMs(context: Context, update: Update): number {
  const {cluster} = context;
  return [...update.set]
    .filter(([key]) => isMountKey(key))
    .map(([key, text]) => allocationMs(cluster, parseMount(cluster.version, key, text).volume))
    .reduce((sum, ms) => sum + ms, 0);
}

function write(job: Job, guest: LxcGuest, update: Update): void {
  const draft = draftOf(guest);
  const {errors, written} = updateDraft(job, draft, update);
  const failed = Object.keys(errors).length > 0;
  const keys = [...update.set.keys(), ...update.deletes, ...update.reverts].sort();
  const file = failed ? written : draft;
  if (file !== undefined) {
    adopt(guest, file);
    saveContainer(job.cluster, guest, `update ${keys.join(' ')}`);
  }
  if (failed) paramError(errors);
  assertUsable(job, guest);
}

/** The configuration endpoints. */
export const configRoutes: readonly Route[] = [
  route('GET', `${base}/config`, readConfig),
  route('GET', `${base}/pending`, readPending),
  route('PUT', `${base}/config`, putConfig),
];
