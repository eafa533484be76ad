// Why this exists: a pass over guests that are in sync costs one listing and one read of each; what
// else is read, and when, stands here.
import type {
  ApiCall,
  Desired,
  Inventory,
  ResourceKey,
  ResourceRecord,
  Retention,
} from '../../core/model.ts';
import {LISTING_PATH, type ListedGuest, type Listing, listingOf} from '../guest/listing.ts';
import {cloneOf} from './creation.ts';
import {membershipPaths, REPLICATION} from './membership.ts';

/** GETs still needed to observe a guest and to plan for it; empty when it can be told. */
export function reads(
  key: ResourceKey,
  desired: Desired | null,
  inventory: Inventory,
  record?: ResourceRecord,
): readonly ApiCall[] {
  const answer = listingOf(inventory);
  if (answer.kind === 'unread') return [get(LISTING_PATH)];
  if (answer.kind === 'unusable') return [];
  const vmid = vmidOfKey(key);
  if (vmid === null) return [];
  const {listing} = answer;
  const guest = listing.guests.get(vmid);
  const paths = guest ? guestPaths(guest, listing, {desired, record}) : absencePaths(vmid);
  if (!guest || desired?.directives.replace) paths.push(...templatePaths(desired, listing));
  return paths.filter((path) => !(path in inventory.reads)).map(get);
}

/** `150` of `guest/150`; null for another key. */
export function vmidOfKey(key: ResourceKey): number | null {
  const match = /^guest\/([1-9]\d{2,8})$/.exec(key);
  return match ? Number(match[1]) : null;
}

/** Where a guest's configuration, pending work included, is read. */
export function pendingPath(node: string, vmid: number): string {
  return `/nodes/${node}/qemu/${vmid}/pending`;
}

/** Where a guest's run state is read. */
export function statusPath(node: string, vmid: number): string {
  return `/nodes/${node}/qemu/${vmid}/status/current`;
}

/** Where a guest's snapshots are listed. */
export function snapshotPath(node: string, vmid: number): string {
  return `/nodes/${node}/qemu/${vmid}/snapshot`;
}

/**
 * The question that a token may ask of every VMID, also of guests that it may not see: answered
 * with an error when the VMID is taken.
 */
export function freePath(vmid: number): string {
  return `/cluster/nextid?vmid=${vmid}`;
}

interface Wanted {
  readonly desired: Desired | null;
  readonly record: ResourceRecord | undefined;
}

function guestPaths(guest: ListedGuest, listing: Listing, {desired, record}: Wanted): string[] {
  const {vmid, node, type, status} = guest;
  if (type !== 'qemu' || listing.nodes.get(node) !== true) return [];
  const paths = [pendingPath(node, vmid)];
  const wanted = desired?.body['power'];
  const differs = typeof wanted === 'string' && wanted !== status;
  // Nothing wants it any more: what a deletion interrupts is part of what is approved, and the
  // listing may be ten seconds old.
  const leaves = desired === null;
  // The listing may still show it running, and then its debt would look paid.
  const owed = record?.owesStart === true;
  if (status === 'unknown' || differs || leaves || owed) paths.push(statusPath(node, vmid));
  // Not every guest with snapshots can be moved with its local disks.
  const home = desired?.body['node'];
  const moves = typeof home === 'string' && home !== node;
  // A replacement is a deletion too.
  const token = desired?.directives.replace ?? null;
  const goes = leaves || (token !== null && token !== (record?.replaceToken ?? null));
  if (goes || moves) paths.push(snapshotPath(node, vmid));
  // Where a replica is decides where a running guest may go.
  if (moves && status !== 'stopped') paths.push(REPLICATION);
  if (!goes || record === undefined) return paths;
  const keeper = keeperPath(desired === null ? record.retain : desired.retain, listing);
  return [...paths, ...membershipPaths(node, vmid), ...keeper];
}

/** Who takes disks over is looked at before they are given. */
function keeperPath(retain: Retention | undefined, listing: Listing): readonly string[] {
  const keeper = retain === undefined ? undefined : listing.guests.get(vmidOfKey(retain.to) ?? 0);
  if (keeper?.type !== 'qemu' || listing.nodes.get(keeper.node) !== true) return [];
  return [pendingPath(keeper.node, keeper.vmid)];
}

function absencePaths(vmid: number): string[] {
  return [freePath(vmid)];
}

function templatePaths(desired: Desired | null, listing: Listing): readonly string[] {
  const clone = desired === null ? null : cloneOf(desired);
  const template = clone === null ? undefined : listing.guests.get(clone.vmid);
  if (template?.type !== 'qemu' || listing.nodes.get(template.node) !== true) return [];
  return [pendingPath(template.node, template.vmid)];
}

function get(path: string): ApiCall {
  return {method: 'GET', path, params: {}};
}
