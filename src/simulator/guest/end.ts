// Why this exists: when a guest of either kind goes, other files of the cluster forget it.
import type {Cluster, Guest} from '../state.ts';
import {recordEffect} from '../state.ts';

/** Backup jobs no longer name the guest; a job left without guests goes as a whole. */
export function leaveBackupJobs(cluster: Cluster, vmid: number): void {
  const jobs = cluster.sections.get('backup-jobs');
  for (const [id, fields] of jobs ?? []) {
    const vmids = fields.get('vmid')?.split(',') ?? [];
    if (!vmids.includes(String(vmid))) continue;
    const rest = vmids.filter((other) => other !== String(vmid));
    if (rest.length === 0) jobs?.delete(id);
    else fields.set('vmid', rest.join(','));
  }
}

/** The guest's file, its places in pools, its permissions and its firewall are gone. */
export function forgetGuest(cluster: Cluster, guest: Guest): void {
  const {vmid, config} = guest;
  cluster.guests.delete(vmid);
  for (const pool of cluster.pools.values()) pool.vms.delete(vmid);
  cluster.access.acl = cluster.access.acl.filter((entry) => entry.path !== `/vms/${vmid}`);
  cluster.firewall.delete(`vm/${vmid}`);
  recordEffect(cluster, 'destroy', vmid, config.get('name') ?? config.get('hostname') ?? '');
}
