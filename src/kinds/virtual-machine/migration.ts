// Why this exists: what forbids a migration is known beforehand, and is said as a reason instead of
// found out by a failing task.
import type {Finding} from '../../core/action.ts';
import type {ApiParam, Inventory, Observed} from '../../core/model.ts';
import {type Listing, listingOf} from '../guest/listing.ts';
import {activeOf, type LiveConfig} from '../guest/live-config.ts';
import {baseOwner, type Drive, drivesOf, readDrive} from './drive.ts';
import {snapshotsOf} from './snapshots.ts';

/** Parameters of a migration, and what speaks against it. */
export interface Migration {
  readonly options: {readonly [key: string]: ApiParam};
  readonly findings: readonly Finding[];
}

/**
 * Online for a running guest, with its local disks where it has some; offline for a stopped one.
 */
export function migrationOptions(
  observed: Observed,
  target: string,
  inventory: Inventory,
): Migration {
  const answer = listingOf(inventory);
  if (answer.kind !== 'listing') {
    return {
      options: {},
      findings: [{reason: 'incomplete', detail: 'the list of nodes is missing'}],
    };
  }
  const {listing} = answer;
  const config = activeOf(observed);
  const runs = observed.power !== 'stopped';
  const volumes = volumesOf(config);
  const local = volumes.filter(({storage}) => {
    return storage !== null && !isShared(storage, observed.node, listing);
  });
  return {
    options: {
      ...(runs ? {online: 1} : {}),
      ...(runs && local.length > 0 ? {'with-local-disks': 1} : {}),
    },
    findings: [
      ...targetFindings(target, listing),
      ...volumes.flatMap((drive) => storageFindings(drive, target, listing)),
      ...local.flatMap(linkedFindings),
      ...deviceFindings(config, observed.node, listing),
      ...(runs && local.length > 0 ? snapshotFindings(observed, inventory) : []),
    ],
  };
}

/** True when the storage is the same from every node. */
export function isShared(storage: string, node: string, listing: Listing): boolean {
  return listing.storages.some(
    (entry) => entry.storage === storage && entry.node === node && entry.shared,
  );
}

function targetFindings(target: string, listing: Listing): readonly Finding[] {
  const online = listing.nodes.get(target);
  if (online === undefined) return [inUse(`there is no node ${target}`)];
  return online ? [] : [{reason: 'waiting', detail: `node ${target} is offline`}];
}

/** Everything that has to be there on the other node, firmware and TPM state too. */
function volumesOf(config: LiveConfig): readonly Drive[] {
  const state = ['efidisk0', 'tpmstate0'].flatMap((slot) => {
    const text = config.get(slot);
    return text === undefined ? [] : [readDrive(slot, text)];
  });
  return [...drivesOf(config).filter(({kind}) => kind !== 'cdrom'), ...state];
}

function storageFindings(
  {slot, storage}: Drive,
  target: string,
  listing: Listing,
): readonly Finding[] {
  if (storage === null || listing.nodes.get(target) !== true) return [];
  const there = listing.storages.some((entry) => {
    return entry.storage === storage && entry.node === target;
  });
  return there ? [] : [inUse(`${target} has no storage ${storage}, where ${slot} is`)];
}

function linkedFindings({slot, file}: Drive): readonly Finding[] {
  const base = baseOwner(file);
  return base === null ? [] : [inUse(`${slot} is a linked clone of guest ${base}`)];
}

/** Copying a disk while the guest runs copies what it is now, never its snapshots. */
function snapshotFindings(observed: Observed, inventory: Inventory): readonly Finding[] {
  const vmid = Number(observed.key.slice('guest/'.length));
  const names = snapshotsOf(observed.node, vmid, inventory);
  if (names.length === 0) return [];
  const detail = `it runs on local disks with the snapshots ${names.join(', ')}`;
  return [inUse(`${detail}; stop it or delete them first`)];
}

function deviceFindings(config: LiveConfig, node: string, listing: Listing): readonly Finding[] {
  const cds = drivesOf(config).filter(
    ({kind, file, storage}) =>
      kind === 'cdrom' &&
      (file === 'cdrom' || (storage !== null && !isShared(storage, node, listing))),
  );
  const devices = [...config].filter(([key, text]) => isHostDevice(key, text)).map(([key]) => key);
  return [
    ...cds.map(({slot}) => inUse(`${slot} holds a CD that only ${node} has`)),
    ...devices.map((key) => inUse(`${key} is a device of ${node}`)),
  ];
}

function isHostDevice(key: string, text: string): boolean {
  if (/^(hostpci|parallel)\d+$/.test(key)) return !text.includes('mapping=');
  if (/^usb\d+$/.test(key)) return !/spice/i.test(text) && !text.includes('mapping=');
  return /^serial\d+$/.test(key) && text !== 'socket';
}

function inUse(detail: string): Finding {
  return {reason: 'in-use', detail};
}
