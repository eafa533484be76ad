// Why this exists: a container becomes a template: its volumes are renamed to base volumes, for
// good. The call answers null although a worker does it.
import {fail} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {volumeOwner} from '../qemu/drive.ts';
import type {Job} from '../qemu/volumes.ts';
import {isBase, volumeNamed} from '../qemu/volumes.ts';
import {act, pause} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {nothing, vmidOf} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import {renameVolume} from '../volume.ts';
import {loadContainer, saveContainer} from './container-file.ts';
import {mountHas} from './disks.ts';
import {mountsOf, printMount, withVolume} from './mountpoint.ts';
import {forkHoldingLock, withContainer} from './worker.ts';

/** POST template. */
export function makeTemplate(context: Context): Reply {
  const vmid = vmidOf(context);
  return forkHoldingLock(context, vmid, () => {
    assertConvertible(loadContainer(context.cluster, context.node, vmid));
    const stages = [
      pause(40),
      withContainer(context, vmid, (guest, job) => [act(() => convert(job, guest))]),
    ];
    return {type: 'vztemplate', stages, answer: () => nothing};
  });
}

function assertConvertible(guest: LxcGuest): void {
  assertUnlocked(guest);
  if (guest.snapshots.size > 0) {
    fail(500, 'unable to create template, because CT contains snapshots');
  }
  if (guest.config.get('template') === '1') fail(500, "you can't convert a template to a template");
  if (guest.runtime !== undefined) {
    fail(500, "you can't convert a CT to template if the CT is running");
  }
}

function convert(job: Job, guest: LxcGuest): void {
  toBases(job, guest.vmid, guest.config);
  guest.config.set('template', '1');
  recordEffect(job.cluster, 'template', guest.vmid, '');
  saveContainer(job.cluster, guest, 'template');
}

/** Rename the volumes of a configuration to base volumes; 500 where a storage has none. */
export function toBases(job: Job, vmid: number, config: Map<string, string>): void {
  const {cluster, node} = job;
  const mounts = mountsOf(cluster.version, config);
  for (const mount of mounts) {
    if (!mountHas(cluster, mount, 'template')) {
      fail(500, `Template feature is not available for '${mount.volume}'`);
    }
  }
  for (const mount of mounts) {
    const volume = volumeNamed(cluster, node, mount.volume);
    if (isBase(volume)) continue;
    const owner = volumeOwner(mount.volume) ?? vmid;
    const index = /-disk-(\d+)/.exec(mount.volume)?.[1] ?? '0';
    const prefix = volume.format === 'subvol' ? 'basevol' : 'base';
    const name = `${prefix}-${owner}-disk-${index}`;
    const renamed = renameVolume(cluster, volume, {node, vmid: owner, name});
    config.set(mount.key, printMount(cluster.version, withVolume(mount, renamed.volid)));
  }
}
