// Why this exists: import looks at a cluster as a pass does, but at every guest that was chosen,
// whether or not a manifest names it.
import type {ResourceKind} from '../../core/kind.ts';
import type {Inventory, Observed, ResourceKey} from '../../core/model.ts';
import type {Clock, Pve} from '../../core/ports.ts';
import {createInventoryCache, takeInventory} from '../../pve/inventory.ts';

/** Which guests are meant; all of them where nothing is said. */
export interface Selection {
  readonly vmids: readonly string[];
  readonly pools: readonly string[];
  readonly tags: readonly string[];
}

/** A guest that cannot be imported, and why. */
export interface Skipped {
  readonly id: string;
  readonly name: string | null;
  readonly because: string;
  /** True if it was meant and is left out for a failure, not by its nature. */
  readonly failed: boolean;
}

/** The chosen guests as they are. */
export interface TakenGuests {
  readonly inventory: Inventory;
  readonly guests: readonly {readonly kind: ResourceKind; readonly observed: Observed}[];
  readonly skipped: readonly Skipped[];
  /** Why nothing could be told at all; null when the listing was read. */
  readonly failure: string | null;
}

/** What the cluster is asked with. */
export interface TakeRequest {
  readonly pve: Pick<Pve, 'cluster' | 'read'>;
  readonly clock: Clock;
  readonly kinds: readonly ResourceKind[];
  readonly installation: string;
  readonly readsPerNode: number;
  readonly selection: Selection;
  readonly signal: AbortSignal;
}

const LISTING = '/cluster/resources';

/** Reads the listing, and what each chosen guest needs. */
export async function takeGuests(request: TakeRequest): Promise<TakenGuests> {
  const {pve, clock, kinds, readsPerNode, signal} = request;
  const {inventory} = await takeInventory({
    pve,
    clock,
    first: [{method: 'GET', path: LISTING, params: {}}],
    more: (sofar) =>
      kinds.flatMap((kind) =>
        keysOf(kind, sofar, request.selection).flatMap((key) => kind.reads(key, null, sofar)),
      ),
    cache: createInventoryCache(),
    readsPerNode,
    signal,
  });
  const listing = inventory.reads[LISTING]?.outcome;
  if (listing?.ok !== true) {
    const failure = listing?.error.message ?? 'the list of guests was not read';
    return {inventory, guests: [], skipped: [], failure};
  }
  return {inventory, ...observeAll(inventory, request), failure: null};
}

function observeAll(
  inventory: Inventory,
  {kinds, installation, selection}: TakeRequest,
): Pick<TakenGuests, 'guests' | 'skipped'> {
  const guests: TakenGuests['guests'][number][] = [];
  const skipped: Skipped[] = [];
  for (const kind of kinds) {
    for (const {key, id, name} of kind.listed(inventory) ?? []) {
      if (!isChosen(key, inventory, selection)) continue;
      const seen = kind.observe(key, inventory, installation);
      if (seen.kind === 'present') guests.push({kind, observed: seen.observed});
      else if (seen.kind !== 'absent') {
        skipped.push({id, name, because: seen.because, failed: true});
      }
    }
  }
  const listed = kinds.flatMap((kind) => kind.listed(inventory) ?? []);
  const known = new Set(listed.map(({key}) => key));
  for (const {type, vmid, name} of entries(inventory)) {
    const key = `guest/${vmid}`;
    if (known.has(key) || !isChosen(key, inventory, selection)) continue;
    const what = type === 'lxc' ? 'containers are not managed yet' : `a ${type} is not managed`;
    skipped.push({id: `${type}/${vmid}`, name, because: what, failed: false});
  }
  return {guests: guests.toSorted((a, b) => compare(a.observed.key, b.observed.key)), skipped};
}

function keysOf(
  kind: ResourceKind,
  inventory: Inventory,
  selection: Selection,
): readonly ResourceKey[] {
  const keys = (kind.listed(inventory) ?? []).map(({key}) => key);
  return keys.filter((key) => isChosen(key, inventory, selection));
}

/** The listing says VMID, pool and tags, so that nothing is read in vain. */
function isChosen(key: ResourceKey, inventory: Inventory, selection: Selection): boolean {
  const {vmids, pools, tags} = selection;
  if (vmids.length + pools.length + tags.length === 0) return true;
  const entry = entryOf(key, inventory);
  if (entry === undefined) return false;
  return (
    vmids.some((said) => isWithin(said, entry.vmid)) ||
    (entry.pool !== null && pools.includes(entry.pool)) ||
    entry.tags.some((tag) => tags.some((said) => said.toLowerCase() === tag))
  );
}

/** `150` or `150-299`. */
function isWithin(said: string, vmid: number): boolean {
  const [from = 0, to = from] = said.split('-').map(Number);
  return vmid >= from && vmid <= to;
}

interface Entry {
  readonly type: string;
  readonly vmid: number;
  readonly name: string | null;
  readonly pool: string | null;
  readonly tags: readonly string[];
}

const ENTRIES = new WeakMap<object, ReadonlyMap<ResourceKey, Entry>>();

function entryOf(key: ResourceKey, inventory: Inventory): Entry | undefined {
  const read = inventory.reads[LISTING];
  if (read === undefined) return undefined;
  const known = ENTRIES.get(read);
  if (known !== undefined) return known.get(key);
  const made = new Map(entries(inventory).map((entry) => [`guest/${entry.vmid}`, entry]));
  ENTRIES.set(read, made);
  return made.get(key);
}

function entries(inventory: Inventory): readonly Entry[] {
  const listing = inventory.reads[LISTING]?.outcome;
  if (listing?.ok !== true || !Array.isArray(listing.data)) return [];
  return listing.data.flatMap((entry: unknown): readonly Entry[] => {
    if (typeof entry !== 'object' || entry === null || !('vmid' in entry)) return [];
    const text = (name: string): string | null => {
      const value: unknown = Object.hasOwn(entry, name) ? Reflect.get(entry, name) : null;
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const tags = (text('tags') ?? '').toLowerCase().split(/[;, ]+/);
    const type = text('type') ?? '';
    return [{type, vmid: Number(entry.vmid), name: text('name'), pool: text('pool'), tags}];
  });
}

function compare(a: ResourceKey, b: ResourceKey): number {
  return Number(a.split('/')[1]) - Number(b.split('/')[1]);
}
