// Why this exists: a guest of either kind that is replicated cannot be destroyed without purge, and
// gets only volumes that can be replicated (PVE::ReplicationConfig, update_vm of both kinds).
import {fail} from '../failure.ts';
import type {Cluster} from '../state.ts';
import {parseVolid} from '../volume.ts';

/** A volume, or a wish for one, that a guest is to get. */
interface Addition {
  /** `storage:name`, or `storage:8` for a new one of 8 GiB. */
  readonly volume: string;
  readonly options: ReadonlyMap<string, string>;
}

/** 500 when a replicated guest is to get a volume that cannot be and is not left out of it. */
export function assertReplicable(
  cluster: Cluster,
  vmid: number,
  {volume, options}: Addition,
): void {
  if (replicationsOf(cluster, vmid).length === 0) return;
  if (volume === '' || options.get('replicate') === '0') return;
  const {storage: id = ''} = parseVolid(volume) ?? {};
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  if (storage.type === 'zfspool' || storage.shared) return;
  fail(500, 'cannot add non-replicatable volume to a replicated VM');
}

/** 500 when the guest is replicated. */
export function assertNotReplicated(cluster: Cluster, vmid: number): void {
  const [job] = replicationsOf(cluster, vmid);
  if (job === undefined) return;
  const says = `There is a replication job '${job}' for guest '${vmid}'`;
  fail(500, `${says} - Please remove that first.`);
}

/** The ids of the guest's replication jobs. */
function replicationsOf(cluster: Cluster, vmid: number): readonly string[] {
  const ids = [...(cluster.sections.get('replication')?.keys() ?? [])];
  return ids.filter((id) => id.startsWith(`${vmid}-`));
}

/** Nothing replicates the guest any more. */
export function endReplications(cluster: Cluster, vmid: number): void {
  for (const id of replicationsOf(cluster, vmid)) cluster.sections.get('replication')?.delete(id);
}
