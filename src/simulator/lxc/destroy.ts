// Why this exists: the end of a container: what refuses it, which volumes go with it, and what else
// of the cluster forgets it (destroy_vm of pve-container).
import {fail} from '../failure.ts';
import {forgetGuest, leaveBackupJobs} from '../guest/end.ts';
import {assertUnlocked, assertUnprotected} from '../guest/file.ts';
import {assertNotReplicated, endReplications} from '../guest/replication.ts';
import {haResource} from '../qemu/ha.ts';
import type {Job} from '../qemu/volumes.ts';
import {act, forkFor, pause} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag, vmidOf} from '../route.ts';
import type {LxcGuest} from '../state.ts';
import {childrenOf, findVolume, free} from '../volume.ts';
import {loadContainer} from './container-file.ts';
import {freeOwn} from './disks.ts';
import {allMountsOf} from './mountpoint.ts';
import {extinguish} from './power.ts';
import {lockStages, withContainer} from './worker.ts';

/** DELETE of a container. */
export function destroyContainer(context: Context): Reply {
  const vmid = vmidOf(context);
  const {cluster, node} = context;
  const now = loadContainer(cluster, node, vmid);
  assertDestroyable(context, now);
  assertStopped(context, now);
  return data(
    forkFor(context, 'vzdestroy', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest, job) => {
        assertDestroyable(context, guest);
        if (guest.runtime !== undefined) {
          assertStopped(context, guest);
          job.log(`forced to stop CT ${vmid} before destroying!`);
          extinguish(cluster, guest);
        }
        return [
          pause(100),
          act(() => {
            freeVolumes(job, guest, flag(context, 'destroy-unreferenced-disks'));
            if (flag(context, 'purge')) purge(job, vmid);
            forgetGuest(cluster, guest);
          }),
        ];
      }),
    ]),
  );
}

function assertDestroyable(context: Context, guest: LxcGuest): void {
  const {vmid} = guest;
  assertUnprotected(guest, `can't remove CT ${vmid}`);
  assertUnlocked(guest);
  if (haResource(context.cluster, vmid) !== undefined && !flag(context, 'purge')) {
    fail(500, `unable to remove CT ${vmid} - used in HA resources and purge parameter not set.`);
  }
  if (!flag(context, 'purge')) assertNotReplicated(context.cluster, vmid);
}

function assertStopped(context: Context, guest: LxcGuest): void {
  if (guest.runtime !== undefined && !flag(context, 'force')) {
    fail(500, `unable to destroy CT ${guest.vmid} - container is running`);
  }
}

/** Used, unused and pending volumes; on wish also what nothing refers to. */
export function freeVolumes(job: Job, guest: LxcGuest, unreferenced: boolean): void {
  const {version} = job.cluster;
  const freed = new Set<string>();
  for (const section of [guest.config, guest.pending]) {
    for (const mount of allMountsOf(version, section)) {
      if (freed.has(mount.volume)) continue;
      freed.add(mount.volume);
      freeOwn(job, guest.vmid, mount);
    }
  }
  if (!unreferenced) return;
  for (const volume of [...job.cluster.volumes.values()]) {
    const isImage = volume.content === 'images' || volume.content === 'rootdir';
    if (volume.vmid !== guest.vmid || !isImage) continue;
    const isHere = findVolume(job.cluster, job.node, volume.volid) === volume;
    if (isHere && childrenOf(job.cluster, volume).length === 0) {
      free(job.cluster, job.node, volume.volid);
    }
  }
}

/** Replication, backup jobs and HA forget the container; a job without guests goes as a whole. */
function purge(job: Job, vmid: number): void {
  job.log(`purging CT ${vmid} from related configurations..`);
  const {sections} = job.cluster;
  endReplications(job.cluster, vmid);
  leaveBackupJobs(job.cluster, vmid);
  if (sections.get('ha-resources')?.delete(`ct:${vmid}`) === true) {
    job.log(`NOTE: removed CT ${vmid} from HA resource configuration.`);
  }
}
