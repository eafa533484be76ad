// Why this exists: a container's volume moves to another storage, or is given to another container
// (move_volume of pve-container).
import {fail, paramError} from '../failure.ts';
import {lxcLockFile} from '../flock.ts';
import {addUnused, assertUnlocked, assertUnmodified, isUnusedKey} from '../guest/file.ts';
import {require403} from '../permission.ts';
import {requireOnGuest} from '../qemu/access-checks.ts';
import type {Job} from '../qemu/volumes.ts';
import {freeImage, volumeNamed} from '../qemu/volumes.ts';
import {act, forkFor, pause} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag, integer, underLock, vmidOf} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import {logLine} from '../state.ts';
import type {Stage} from '../task.ts';
import {renameVolume} from '../volume.ts';
import {updateDraft} from './config-update.ts';
import {loadContainer, saveContainer} from './container-file.ts';
import {copyLog, copyTimeMs, copyVolume, mountHas} from './disks.ts';
import type {Mount} from './mountpoint.ts';
import {mountsOf, parseMount, printMount, storageOf, withVolume} from './mountpoint.ts';
import {toBases} from './template.ts';
import {lockStages, withContainer} from './worker.ts';

/** POST move_volume. */
export function moveVolume(context: Context): Reply {
  const target = integer(context, 'target-vmid');
  const storage = context.params['storage'];
  if (target !== undefined && storage !== undefined) {
    fail(500, 'either set storage or target-vmid, but not both');
  }
  if (target !== undefined) return reassign(context, target);
  if (storage !== undefined) return moveToStorage(context, storage);
  const text = "both 'storage' and 'target-vmid' missing, either needs to be set";
  return paramError({'target-vmid': text, storage: text});
}

function moveToStorage(context: Context, storage: string): Reply {
  const {cluster, node, params} = context;
  const vmid = vmidOf(context);
  const key = params['volume'] ?? '';
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  return underLock(cluster, {file: lxcLockFile(vmid)}, () => {
    const guest = loadContainer(cluster, node, vmid);
    const mount = movable(context, guest, key);
    guest.config.set('lock', 'disk');
    saveContainer(cluster, guest, `move of ${key} begins`);
    return data(forkFor(context, 'move_volume', vmid, moveStages(context, {mount, storage})));
  });
}

function movable(context: Context, guest: LxcGuest, key: string): Mount {
  const {cluster, params} = context;
  assertUnlocked(guest);
  if (guest.runtime !== undefined) fail(500, 'cannot move volumes of a running container');
  if (isUnusedKey(key)) {
    const hint = 'only configured volumes can be moved to another storage';
    fail(500, `cannot move volume '${key}', ${hint}`);
  }
  const mount = parseMount(cluster.version, key, guest.config.get(key) ?? '');
  if (flag(context, 'delete') && isInSnapshot(context, guest, mount.volume)) {
    fail(500, "you can't move a volume with snapshots and delete the source");
  }
  assertUnmodified(guest, params['digest']);
  return mount;
}

function isInSnapshot({cluster}: Context, guest: LxcGuest, volid: string): boolean {
  const mounts = [...guest.snapshots.values()].flatMap((one) => mountsOf(cluster.version, one));
  return mounts.some((mount) => mount.volume === volid);
}

function moveStages(
  context: Context,
  move: {readonly mount: Mount; readonly storage: string},
): readonly Stage[] {
  const {cluster, node, auth} = context;
  const {mount, storage} = move;
  const vmid = vmidOf(context);
  let made = '';
  return [
    {
      kind: 'undo',
      run: () => {
        if (made !== '') freeImage({cluster, node, log: () => {}}, made);
        unlock(context, vmid);
      },
    },
    withContainer(context, vmid, (guest, job) => {
      const what = `move --volume ${mount.key} --storage ${storage}`;
      logLine(cluster, node, auth.authid, `move volume CT ${vmid}: ${what}`);
      if (mount.type !== 'volume') fail(500, `unable to parse volume ID '${mount.volume}'`);
      const source = volumeNamed(cluster, node, mount.volume);
      const copy = copyVolume(job, source, {vmid, storage});
      made = copy.volid;
      return [
        pause(50 + copyTimeMs(cluster, source, storage) / 10),
        act(() => {
          for (const line of copyLog(source)) job.log(line);
          const moved = withVolume(mount, made, copy.sizeBytes);
          const place = new Map([[mount.key, printMount(cluster.version, moved)]]);
          if (guest.config.get('template') === '1') toBases(job, vmid, place);
          for (const [key, text] of place) guest.config.set(key, text);
          made = '';
          if (flag(context, 'delete')) freeImage(job, mount.volume);
          else addUnused(guest.config, mount.volume);
          guest.config.delete('lock');
          saveContainer(cluster, guest, `move ${mount.key} to ${storage}`);
        }),
      ];
    }),
  ];
}

function unlock({cluster}: Context, vmid: number): void {
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'lxc') return;
  guest.config.delete('lock');
  saveContainer(cluster, guest, 'move failed');
}

interface Gift {
  readonly key: string;
  readonly target: number;
  readonly targetKey: string;
}

function reassign(context: Context, target: number): Reply {
  const {params, auth} = context;
  const vmid = vmidOf(context);
  const key = params['volume'] ?? '';
  const gift: Gift = {key, target, targetKey: params['target-volume'] ?? key};
  if (!auth.isRoot) requireOnGuest({context, vmid: target}, ['VM.Config.Disk']);
  const {mount} = checkGift(context, gift);
  require403(context, `/storage/${storageOf(mount.volume)}`, ['Datastore.AllocateSpace']);
  const id = `${vmid}-${key}>${target}-${gift.targetKey}`;
  return data(
    forkFor(context, 'move_volume', id, [
      ...lockStages(context, vmid),
      ...(target === vmid ? [] : lockStages(context, target)),
      pause(100),
      withContainer(context, vmid, (_, job) => [act(() => give(job, context, gift))]),
    ]),
  );
}

interface Parties {
  readonly giver: LxcGuest;
  readonly receiver: LxcGuest;
  readonly mount: Mount;
}

function checkGift(context: Context, gift: Gift): Parties {
  const {cluster, node, params} = context;
  const {key, target, targetKey} = gift;
  const vmid = vmidOf(context);
  if (key === 'rootfs' || targetKey === 'rootfs') fail(500, "Cannot move to/from 'rootfs'");
  if (isUnusedKey(key) && !isUnusedKey(targetKey)) {
    fail(500, 'Moving an unused volume to a used one is not possible');
  }
  const source = cluster.guests.get(vmid) ?? fail(500, `could not find CT ${vmid}`);
  const other = cluster.guests.get(target) ?? fail(500, `could not find CT ${target}`);
  if (source.node !== other.node) {
    const nodes = `${source.node} != ${other.node}`;
    fail(500, `Both containers need to be on the same node (${nodes})`);
  }
  const giver = loadContainer(cluster, node, vmid);
  assertUnlocked(giver);
  const receiver = target === vmid ? giver : loadContainer(cluster, node, target);
  assertUnlocked(receiver);
  if (giver.config.get('template') === '1' || receiver.config.get('template') === '1') {
    fail(500, "Can't move volumes from or to template CT");
  }
  assertDigestOf(giver, params['digest']);
  assertDigestOf(receiver, params['target-digest']);
  const text =
    giver.config.get(key) ?? fail(500, `volume '${key}' for container '${vmid}' does not exist`);
  if (receiver.config.has(targetKey)) {
    const where = `is already in use for container '${target}'`;
    fail(500, `Target volume key '${targetKey}' ${where}`);
  }
  const mount = parseMount(cluster.version, key, text);
  assertGivable(context, giver, mount);
  return {giver, receiver, mount};
}

function assertDigestOf(guest: LxcGuest, digest: string | undefined): void {
  try {
    assertUnmodified(guest, digest);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    fail(500, `Container ${guest.vmid}: ${text}`);
  }
}

function assertGivable(context: Context, giver: LxcGuest, mount: Mount): void {
  if (isInSnapshot(context, giver, mount.volume)) {
    fail(500, 'Cannot move volume used by a snapshot to another container');
  }
  if (!mountHas(context.cluster, mount, 'rename')) {
    fail(500, 'Storage does not support moving of this disk to another container');
  }
  if (giver.runtime !== undefined && !isUnusedKey(mount.key)) {
    const hint = 'detach or shutdown first';
    fail(500, `Cannot move in-use volume while the source CT is running - ${hint}`);
  }
}

function give(job: Job, context: Context, gift: Gift): void {
  const {key, target, targetKey} = gift;
  const {giver, receiver, mount} = checkGift(context, gift);
  const {cluster, node} = job;
  job.log(`moving volume '${key}' from container '${giver.vmid}' to '${target}'`);
  const volume = volumeNamed(cluster, node, mount.volume);
  const renamed = renameVolume(cluster, volume, {node, vmid: target});
  giver.config.delete(key);
  job.log(`removing volume '${key}' from container '${giver.vmid}' config`);
  saveContainer(cluster, giver, `${key} reassigned to ${target}`);
  if (isUnusedKey(targetKey)) receiver.config.set(targetKey, renamed.volid);
  else {
    const text = printMount(cluster.version, withVolume({...mount, key: targetKey}, renamed.volid));
    updateDraft(job, receiver, {set: new Map([[targetKey, text]]), deletes: [], reverts: []});
  }
  saveContainer(cluster, receiver, `${targetKey} received from ${giver.vmid}`);
  job.log(`target container '${target}' updated with '${targetKey}'`);
}
