// Why this exists: a volume goes from one node's storage to another's as a stream, and not every
// storage can make or take every stream; what cannot be sent is said before a task fails on it.
// Source: pve-storage 0c56bad's volume_export_formats and qemu-server's scan_local_volumes.
import type {Finding} from '../../core/action.ts';
import type {Inventory} from '../../core/model.ts';
import {type ListedStorage, type Listing, listingOf} from '../guest/listing.ts';
import {type Drive, formatOf, isDriveSlot, readDrive, storageOf} from './drive.ts';
import type {Draft} from './step-draft.ts';

/** Types whose volumes `qm migrate` copies at all. */
const SENT: ReadonlySet<string> = new Set(['dir', 'btrfs', 'zfspool', 'lvmthin', 'lvm']);
/** Formats that travel with their own header, so that they stay what they are. */
const WITH_HEADER: ReadonlySet<string> = new Set(['qcow2', 'vmdk']);

/** One storage as a node sees it; undefined where the node has none of that name. */
export function storageOn(
  storage: string,
  node: string,
  listing: Listing,
): ListedStorage | undefined {
  return listing.storages.find((entry) => entry.storage === storage && entry.node === node);
}

/** True when the storage is the same from every node. */
export function isShared(storage: string, node: string, listing: Listing): boolean {
  return storageOn(storage, node, listing)?.shared === true;
}

/** Names of the storages of a node that take disks. */
export function diskStorages(node: string, listing: Listing): readonly string[] {
  const names = listing.storages
    .filter((entry) => entry.node === node && entry.images)
    .map(({storage}) => storage);
  return [...new Set(names)].toSorted();
}

/** What a disk is to be copied to or made on, and its node does not have, or not for disks. */
export function absentStorages(drafts: readonly Draft[], inventory: Inventory): readonly Finding[] {
  const answer = listingOf(inventory);
  if (answer.kind !== 'listing') return [];
  const {listing} = answer;
  return drafts.flatMap(({path, fields, ...draft}): readonly Finding[] => {
    const node = /^\/nodes\/([^/]+)\//.exec(path)?.[1] ?? '';
    return goesTo(draft).flatMap((storage): readonly Finding[] => {
      // One that is nowhere in the list may only be hidden from the token.
      if (!listing.storages.some((entry) => entry.storage === storage)) return [];
      const there = storageOn(storage, node, listing);
      if (there?.images === true) return [];
      const detail =
        there === undefined
          ? `${node} has no storage ${storage}`
          : `storage ${storage} takes no disks (its content lacks images)`;
      // A creation is held as a whole.
      return [{reason: 'in-use', detail, ...(draft.operation === 'create' ? {} : {fields})}];
    });
  });
}

/** Storages on which a call makes volumes. */
function goesTo({operation, target, params}: Omit<Draft, 'path' | 'fields'>): readonly string[] {
  if (operation === 'move-disk') return [String(target['storage'])];
  const slot = target['slot'];
  if (operation === 'allocate' && typeof slot === 'string') {
    const storage = storageOf(String(params[slot]));
    return storage === null ? [] : [storage];
  }
  return operation === 'create' ? storagesMade(params) : [];
}

/** Of the drives that a new guest gets: those that are made, not media that are put in. */
function storagesMade(params: Draft['params']): readonly string[] {
  const drives = Object.entries(params)
    .filter(([key]) => isDriveSlot(key) || key === 'efidisk0' || key === 'tpmstate0')
    .map(([key, text]) => readDrive(key, String(text)))
    .filter(({kind}) => kind !== 'cdrom');
  return [...new Set(drives.flatMap(({storage}) => storage ?? []))];
}

/** Why a volume cannot be sent from one storage to the other; null when it can. */
export function whyNotSent(drive: Drive, from: ListedStorage, to: ListedStorage): string | null {
  const [source, target] = [from.type, to.type];
  // The listing does not say what they are: Proxmox finds out.
  if (source === null || target === null) return null;
  if (!SENT.has(source)) return `volumes of a storage of type ${source} are not copied`;
  if (from.storage === to.storage) return null;
  const between = `${source} (${from.storage}) to ${target} (${to.storage})`;
  if ((source === 'zfspool') !== (target === 'zfspool')) {
    return `no volume goes from ${between}`;
  }
  const format = formatOf(drive.file);
  const isFile = target === 'dir' || target === 'btrfs';
  if (WITH_HEADER.has(format) && !isFile) return `no ${format} goes from ${between}`;
  return null;
}
