// Why this exists: `/cluster/resources` says where guests are, which nodes are online and which
// storages are shared. An answer that failed or was cut short must never look like "nothing there".
import {isObject} from '../../core/json.ts';
import type {Inventory} from '../../core/model.ts';

/** Path of the listing. */
export const LISTING_PATH = '/cluster/resources';

/** One guest of the listing. Status and name lag by up to ten seconds, the rest does not. */
export interface ListedGuest {
  readonly vmid: number;
  readonly type: 'qemu' | 'lxc';
  readonly node: string;
  readonly status: 'running' | 'stopped' | 'unknown';
  readonly name: string | null;
  readonly template: boolean;
  readonly pool: string | null;
  readonly lock: string | null;
  readonly ha: string | null;
}

/** One storage on one node. */
export interface ListedStorage {
  readonly node: string;
  readonly storage: string;
  readonly shared: boolean;
  /** As `storage.cfg` names it (`lvmthin`, `dir`); null where the listing does not say. */
  readonly type: string | null;
  /** Whether guests' disks may lie there, as far as the listing says. */
  readonly images: boolean;
}

/** The listing, taken apart. */
export interface Listing {
  readonly guests: ReadonlyMap<number, ListedGuest>;
  /** Node names with whether they are online. */
  readonly nodes: ReadonlyMap<string, boolean>;
  /** CPUs of those nodes of which the listing tells. */
  readonly cpus: ReadonlyMap<string, number>;
  readonly storages: readonly ListedStorage[];
}

/** The listing, or why it cannot be used. */
export type ListingAnswer =
  | {readonly kind: 'listing'; readonly listing: Listing}
  | {readonly kind: 'unread'}
  | {readonly kind: 'unusable'; readonly because: string};

const CACHE = new WeakMap<object, ListingAnswer>();

/** Takes the listing of an inventory apart, once per answer. */
export function listingOf(inventory: Inventory): ListingAnswer {
  const read = inventory.reads[LISTING_PATH];
  if (!read) return {kind: 'unread'};
  const known = CACHE.get(read);
  if (known) return known;
  const answer = read.outcome.ok
    ? parseListing(read.outcome.data)
    : unusable(`the list of guests could not be read: ${read.outcome.error.message}`);
  CACHE.set(read, answer);
  return answer;
}

function parseListing(data: unknown): ListingAnswer {
  if (!Array.isArray(data)) return unusable('the list of guests is not a list');
  const guests = new Map<number, ListedGuest>();
  const nodes = new Map<string, boolean>();
  const cpus = new Map<string, number>();
  const storages: ListedStorage[] = [];
  for (const entry of data) {
    if (!isObject(entry)) return unusable('the list of guests holds something else');
    const node = text(entry['node']);
    if (node === null) continue;
    const guest = guestOf(entry, node);
    if (guest) guests.set(guest.vmid, guest);
    if (entry['type'] === 'node') nodes.set(node, entry['status'] === 'online');
    const most = Number(entry['maxcpu']);
    if (entry['type'] === 'node' && most > 0) cpus.set(node, most);
    if (entry['type'] === 'storage') storages.push(storageEntry(entry, node));
  }
  if (nodes.size === 0) return unusable('the list of guests names no node, so it is not complete');
  return {kind: 'listing', listing: {guests, nodes, cpus, storages}};
}

function guestOf(entry: {readonly [key: string]: unknown}, node: string): ListedGuest | null {
  const {type, status} = entry;
  if (type !== 'qemu' && type !== 'lxc') return null;
  const vmid = Number(entry['vmid']);
  if (!Number.isSafeInteger(vmid)) return null;
  return {
    vmid,
    type,
    node,
    status: status === 'running' || status === 'stopped' ? status : 'unknown',
    name: text(entry['name']),
    template: isSet(entry['template']),
    pool: text(entry['pool']),
    lock: text(entry['lock']),
    ha: entry['hastate'] === 'ignored' ? null : text(entry['hastate']),
  };
}

function storageEntry(entry: {readonly [key: string]: unknown}, node: string): ListedStorage {
  return {
    node,
    storage: text(entry['storage']) ?? '',
    shared: isSet(entry['shared']),
    type: text(entry['plugintype']),
    images: (text(entry['content']) ?? 'images').split(',').includes('images'),
  };
}

function unusable(because: string): ListingAnswer {
  return {kind: 'unusable', because};
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isSet(value: unknown): boolean {
  return value === 1 || value === '1' || value === true;
}
