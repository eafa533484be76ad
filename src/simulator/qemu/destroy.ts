// Why this exists: the end of a guest: what refuses it, which volumes go with it, and what else of
// the cluster forgets it (facts.md sections 8 and 10).
import {fail, paramError} from '../failure.ts';
import {forgetGuest, leaveBackupJobs} from '../guest/end.ts';
import {assertUnlocked, assertUnprotected} from '../guest/file.ts';
import {assertNotReplicated, endReplications} from '../guest/replication.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {childrenOf, findVolume} from '../volume.ts';
import {drivesOf, volumeOwner} from './drive.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {haResource} from './ha.ts';
import type {Job} from './volumes.ts';
import {freeImage} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** DELETE of a guest. */
export function destroyGuest(context: Context): Reply {
  const vmid = vmidOf(context);
  const {cluster, node} = context;
  if (flag(context, 'skiplock') && !context.auth.isRoot) {
    paramError({skiplock: 'Only root may use this option.'});
  }
  assertDestroyable(context, loadGuest(cluster, node, vmid));
  return data(
    forkFor(context, 'qmdestroy', vmid, [
      ...lockStages(context, vmid),
      withGuest(context, vmid, (guest, job) => {
        assertDestroyable(context, guest);
        const isSkipped = flag(context, 'skiplock') || guest.config.get('lock') === 'suspended';
        if (!isSkipped) assertUnlocked(guest);
        const doomed = volumesOf(context, guest);
        assertNoClones(job, doomed);
        return [
          pause(150),
          act(() => {
            for (const volid of doomed) freeImage(job, volid);
            if (flag(context, 'purge')) purge(job, vmid);
            forgetGuest(cluster, guest);
            saveGuest(cluster, guest, 'destroyed');
          }),
        ];
      }),
    ]),
  );
}

function assertDestroyable(context: Context, guest: QemuGuest): void {
  const {vmid} = guest;
  assertUnprotected(guest, `can't remove VM ${vmid}`);
  if (haResource(context.cluster, vmid) !== undefined && !flag(context, 'purge')) {
    fail(500, `unable to remove VM ${vmid} - used in HA resources and purge parameter not set.`);
  }
  if (!flag(context, 'purge')) assertNotReplicated(context.cluster, vmid);
  if (guest.runtime !== undefined) fail(500, `VM ${vmid} is running - destroy failed`);
}

/** Referenced and unused volumes of the guest's own; on wish also what nothing refers to. */
function volumesOf(context: Context, guest: QemuGuest): readonly string[] {
  const {cluster, node} = context;
  const found = new Set<string>();
  for (const section of [guest.config, guest.pending, ...guest.snapshots.values()]) {
    for (const drive of drivesOf(section)) found.add(drive.file);
    for (const [key, value] of section) {
      if (/^(unused\d+|vmstate)$/.test(key)) found.add(value);
    }
  }
  if (flag(context, 'destroy-unreferenced-disks')) {
    for (const volume of cluster.volumes.values()) {
      const isHere = volume.node === undefined || volume.node === node;
      if (isHere && volume.vmid === guest.vmid && volume.content === 'images') {
        found.add(volume.volid);
      }
    }
  }
  return [...found].filter((volid) => volumeOwner(volid) === guest.vmid);
}

function assertNoClones(job: Job, volids: readonly string[]): void {
  for (const volid of volids) {
    const volume = findVolume(job.cluster, job.node, volid);
    if (volume !== undefined && childrenOf(job.cluster, volume).length > 0) {
      fail(500, `base volume '${volid}' is still in use by linked cloned`);
    }
  }
}

/** Backup jobs and HA forget the guest; a job left without guests goes as a whole. */
function purge(job: Job, vmid: number): void {
  job.log(`purging VM ${vmid} from related configurations..`);
  const {sections} = job.cluster;
  if (sections.get('ha-resources')?.delete(`vm:${vmid}`) === true) {
    job.log(`NOTE: removed VM ${vmid} from HA resource configuration.`);
  }
  endReplications(job.cluster, vmid);
  leaveBackupJobs(job.cluster, vmid);
}
