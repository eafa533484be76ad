// Why this exists: how full a storage is, counted from the volumes it holds.
import type {Cluster, StorageDefinition} from '../state.ts';
import {volumesOn} from '../volume.ts';

/** Bytes in total, used and available of a storage as one node sees it. */
export interface Usage {
  readonly total: number;
  readonly used: number;
  readonly avail: number;
}

/** The usage of a storage; a tenth is always taken by the system. */
export function usage(cluster: Cluster, node: string, storage: StorageDefinition): Usage {
  const total = storage.totalBytes;
  const volumes = volumesOn(cluster, node, storage.id);
  const used = volumes.reduce((sum, one) => sum + one.usedBytes, Math.floor(total / 10));
  return {total, used: Math.min(used, total), avail: Math.max(0, total - used)};
}
