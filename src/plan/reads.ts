// Why this exists: what must be read follows from what is declared and recorded, and from nothing
// else; the inventory runner asks again after each round until nothing is missing.
import type {Manifests, ResourceKind} from '../core/kind.ts';
import type {ApiCall, Desired, Inventory, ResourceKey, ResourceRecord} from '../core/model.ts';
import {readPath} from '../core/read-path.ts';
import {runSteps, type Steps} from '../core/steps.ts';

/** What the needed reads are a function of. */
export interface ReadsInput {
  readonly kinds: readonly ResourceKind[];
  readonly manifests: readonly Manifests[];
  readonly records: readonly ResourceRecord[];
  readonly inventory: Inventory;
}

/** GETs still missing, and what they are for. */
export interface NeededReads {
  /** Each once, in the order of their paths. */
  readonly calls: readonly ApiCall[];
  /** By path a resource that needs it; where several do, any of them. */
  readonly keyOf: ReadonlyMap<string, ResourceKey>;
}

/**
 * GETs still missing to observe every declared or recorded resource. None when a plan can be made.
 * A path that was tried is never asked for again.
 */
export function* readSteps(input: ReadsInput): Steps<NeededReads> {
  const kinds = new Map(input.kinds.map((kind) => [kind.name, kind]));
  const calls = new Map<string, ApiCall>();
  const keyOf = new Map<string, ResourceKey>();
  for (const {key, kind, desired, record} of wantedKeys(input)) {
    for (const call of kinds.get(kind)?.reads(key, desired, input.inventory, record) ?? []) {
      const path = readPath(call);
      if (Object.hasOwn(input.inventory.reads, path)) continue;
      calls.set(path, call);
      keyOf.set(path, key);
    }
    yield;
  }
  const sorted = [...calls].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {calls: sorted.map(([, call]) => call), keyOf};
}

/** The same without what they are for. */
export function neededReads(input: ReadsInput): readonly ApiCall[] {
  return runSteps(readSteps(input)).calls;
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
