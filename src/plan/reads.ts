// Why this exists: what must be read follows from what is declared and recorded, and from nothing
// else; the inventory runner asks again after each round until nothing is missing.
import type {Manifests, ResourceKind} from '../core/kind.ts';
import type {ApiCall, Desired, Inventory, ResourceKey, ResourceRecord} from '../core/model.ts';
import {readPath} from '../core/read-path.ts';

/** What the needed reads are a function of. */
export interface ReadsInput {
  readonly kinds: readonly ResourceKind[];
  readonly manifests: readonly Manifests[];
  readonly records: readonly ResourceRecord[];
  readonly inventory: Inventory;
}

/**
 * GETs still missing to observe every declared or recorded resource, each once, in the order of
 * their paths. Empty when a plan can be made. A path that was tried is never asked for again.
 */
export function neededReads(input: ReadsInput): readonly ApiCall[] {
  const kinds = new Map(input.kinds.map((kind) => [kind.name, kind]));
  const calls = new Map<string, ApiCall>();
  for (const {key, kind, desired, record} of wantedKeys(input)) {
    for (const call of kinds.get(kind)?.reads(key, desired, input.inventory, record) ?? []) {
      if (!Object.hasOwn(input.inventory.reads, readPath(call))) calls.set(readPath(call), call);
    }
  }
  const sorted = [...calls].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map(([, call]) => call);
}

interface WantedKey {
  readonly key: ResourceKey;
  readonly kind: string;
  readonly desired: Desired | null;
  readonly record?: ResourceRecord;
}

function wantedKeys(input: ReadsInput): readonly WantedKey[] {
  const wanted = new Map<string, WantedKey>();
  for (const record of input.records) {
    const {key, kind} = record;
    wanted.set(key, {key, kind, desired: null, record});
  }
  for (const manifests of input.manifests) {
    for (const desired of manifests.desired) {
      const {key, kind} = desired;
      wanted.set(key, {...wanted.get(key), key, kind, desired});
    }
  }
  return [...wanted.values()];
}
