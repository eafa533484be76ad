// Why this exists: the reads of one pass: the listing, the cluster's health, what each resource
// needs, and the node's own word on guests that were acted upon within the last minute.

import {isObject} from '../core/json.ts';
import type {Manifests} from '../core/kind.ts';
import type {ApiCall, Inventory, ResourceRecord} from '../core/model.ts';
import {neededReads} from '../plan/reads.ts';
import {takeInventory, timeReads} from '../pve/inventory.ts';
import {resourceKinds} from './follow.ts';
import type {ClusterParts} from './parts.ts';
import type {PassMemory} from './pass.ts';

/** What a pass read, and how much it cost. */
export interface ObservedCluster {
  readonly inventory: Inventory;
  /** Null when it could not be read. */
  readonly quorate: boolean | null;
  readonly requests: number;
}

const RESOURCES = '/cluster/resources';
const STATUS = '/cluster/status';

/** Reads everything that the plan will need; never fails as a whole. */
export async function observe(
  parts: ClusterParts,
  memory: PassMemory,
  subjects: {
    readonly manifests: readonly Manifests[];
    readonly records: readonly ResourceRecord[];
  },
  signal: AbortSignal,
): Promise<ObservedCluster> {
  const kinds = resourceKinds(parts.kinds);
  const {inventory, requests} = await takeInventory({
    pve: parts.pve,
    clock: parts.clock,
    first: [get(RESOURCES), get(STATUS), ...freshStates(parts, memory)],
    more: (inventory) => [...timeReads(inventory), ...neededReads({...subjects, kinds, inventory})],
    cache: memory.inventory,
    readsPerNode: parts.limits.readsPerNode,
    signal,
  });
  return {inventory, requests, quorate: quorateOf(inventory)};
}

function freshStates(parts: ClusterParts, memory: PassMemory): readonly ApiCall[] {
  return memory.history.recent(parts.clock.now()).flatMap(({kind, node, vmid, verb}) => {
    const prefix = resourceKinds(parts.kinds).find(({name}) => name === kind)?.idPrefix;
    if (prefix === undefined || node === null || vmid === null || verb === 'delete') return [];
    return [get(`/nodes/${node}/${prefix}/${vmid}/status/current`)];
  });
}

function quorateOf(inventory: Inventory): boolean | null {
  const outcome = inventory.reads[STATUS]?.outcome;
  if (!outcome?.ok || !Array.isArray(outcome.data)) return null;
  const cluster = outcome.data.find((entry) => isObject(entry) && entry['type'] === 'cluster');
  // A single node without a cluster has no such entry and is always quorate.
  return isObject(cluster) ? cluster['quorate'] === 1 || cluster['quorate'] === true : true;
}

function get(path: string): ApiCall {
  return {method: 'GET', path, params: {}};
}
