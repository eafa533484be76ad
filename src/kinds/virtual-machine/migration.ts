// Why this exists: what forbids a migration is known beforehand, and is said as a reason instead of
// found out by a failing task.
import type {Finding} from '../../core/action.ts';
import type {ApiParam, Inventory, Observed} from '../../core/model.ts';
import {type Listing, listingOf} from '../guest/listing.ts';
import {activeOf, type LiveConfig} from '../guest/live-config.ts';
import {baseOwner, type Drive, drivesOf, formatOf, readDrive} from './drive.ts';
import {linkedClones} from './linked-clones.ts';
import {replicasOf} from './membership.ts';
import {snapshotsOf} from './snapshots.ts';
import {isShared, storageOn, whyNotSent} from './transfer.ts';

/** Parameters of a migration, what it copies, and what speaks against it. */
export interface Migration {
  readonly options: {readonly [key: string]: ApiParam};
  readonly volumes: readonly Drive[];
  readonly findings: readonly Finding[];
}

/** Which move is asked about. */
export interface MigrationInput {
  readonly observed: Observed;
  readonly target: string;
  readonly inventory: Inventory;
  /** Where local disks go; null: to the storage of the same name. */
  readonly onto: string | null;
}

/**
 * Online for a running guest, with its local disks where it has some; offline for a stopped one.
 */
export function migrationOptions(input: MigrationInput): Migration {
  const {observed, target, inventory, onto} = input;
  const answer = listingOf(inventory);
  if (answer.kind !== 'listing') {
    const findings = [{reason: 'incomplete', detail: 'the list of nodes is missing'}] as const;
    return {options: {}, volumes: [], findings};
  }
  const {listing} = answer;
  const config = activeOf(observed);
  const runs = observed.power !== 'stopped';
  const volumes = [...volumesOf(config), ...unusedOf(config)];
  const local = volumes.filter(({storage}) => {
    return storage !== null && !isShared(storage, observed.node, listing);
  });
  const attached = local.filter(({slot}) => !slot.startsWith('unused'));
  const to = (drive: Drive) => (onto !== null && local.includes(drive) ? onto : drive.storage);
  return {
    options: {
      ...(runs ? {online: 1} : {}),
      ...(runs && attached.length > 0 ? {'with-local-disks': 1} : {}),
      ...(onto === null ? {} : {targetstorage: onto}),
    },
    volumes: local,
    findings: [
      ...targetFindings(target, listing),
      ...volumes.flatMap((drive) => storageFindings(drive, to(drive), input, listing)),
      ...local.flatMap(linkedFindings),
      ...baseFindings(input, local),
      ...deviceFindings(config, observed.node, listing),
      ...snapshotFindings(input, attached, listing),
      ...(runs ? replicaFindings(input) : []),
    ],
  };
}

function targetFindings(target: string, listing: Listing): readonly Finding[] {
  const online = listing.nodes.get(target);
  if (online === undefined) return [inUse(`there is no node ${target}`)];
  return online ? [] : [{reason: 'waiting', detail: `node ${target} is offline`}];
}

/** Everything that has to be there on the other node, firmware and TPM state too. */
export function volumesOf(config: LiveConfig): readonly Drive[] {
  const state = ['efidisk0', 'tpmstate0'].flatMap((slot) => {
    const text = config.get(slot);
    return text === undefined ? [] : [readDrive(slot, text)];
  });
  return [...drivesOf(config).filter(({kind}) => kind !== 'cdrom'), ...state];
}

/** Volumes without a slot move too. */
function unusedOf(config: LiveConfig): readonly Drive[] {
  const unused = [...config].filter(([key]) => /^unused\d+$/.test(key));
  return unused.map(([key, text]) => readDrive(key, text));
}

function storageFindings(
  drive: Drive,
  to: string | null,
  {observed, target}: MigrationInput,
  listing: Listing,
): readonly Finding[] {
  const {slot, storage} = drive;
  if (storage === null || to === null || listing.nodes.get(target) !== true) return [];
  const source = storageOn(storage, observed.node, listing);
  if (source === undefined) {
    const detail = `storage ${storage}, where ${slot} is, is not in the list`;
    return [{reason: 'incomplete', detail: `${detail}; the token needs Datastore.Audit on it`}];
  }
  const there = storageOn(to, target, listing);
  if (there === undefined) return [inUse(`${target} has no storage ${to}, where ${slot} is`)];
  const why = source.shared ? null : whyNotSent(drive, source, there);
  return why === null ? [] : [inUse(`${slot} cannot be copied to ${target}: ${why}`)];
}

function linkedFindings({slot, file}: Drive): readonly Finding[] {
  const base = baseOwner(file);
  return base === null ? [] : [inUse(`${slot} is a linked clone of guest ${base}`)];
}

/** A local base volume stays where the clones that stand on it are. */
function baseFindings(
  {observed, inventory}: MigrationInput,
  local: readonly Drive[],
): readonly Finding[] {
  if (local.length === 0) return [];
  const users = linkedClones(vmidIn(observed), inventory);
  return users.map((user) => inUse(`${user} stands on its local disks (linked clone)`));
}

/**
 * Copying a disk while the guest runs copies what it is now, never its snapshots; offline only some
 * storages send them along.
 */
function snapshotFindings(
  {observed, inventory}: MigrationInput,
  attached: readonly Drive[],
  listing: Listing,
): readonly Finding[] {
  const runs = observed.power !== 'stopped';
  const stuck = attached.filter((drive) => runs || !sendsSnapshots(drive, observed.node, listing));
  if (stuck.length === 0) return [];
  const names = snapshotsOf(observed.node, vmidIn(observed), inventory);
  if (names.length === 0) return [];
  if (runs) {
    const detail = `it runs on local disks with the snapshots ${names.join(', ')}`;
    return [inUse(`${detail}; stop it or delete them first`)];
  }
  const slots = stuck.map(({slot}) => slot).join(', ');
  const detail = `the storage of ${slots} does not send the snapshots ${names.join(', ')} along`;
  return [inUse(`${detail}; delete them first`)];
}

/** A running guest that is replicated goes only where its replica is. */
function replicaFindings({observed, target, inventory}: MigrationInput): readonly Finding[] {
  const replicas = replicasOf(vmidIn(observed), inventory);
  if (replicas.length === 0 || replicas.includes(target)) return [];
  const detail = `it runs and is replicated to ${replicas.join(', ')}, not to ${target}`;
  return [inUse(`${detail}; stop it, or move its replication first`)];
}

function sendsSnapshots({storage, file}: Drive, node: string, listing: Listing): boolean {
  const type = storage === null ? null : (storageOn(storage, node, listing)?.type ?? null);
  // Not told what it is: Proxmox finds out.
  if (type === null || type === 'zfspool' || type === 'btrfs') return true;
  return formatOf(file) === 'qcow2';
}

function vmidIn(observed: Observed): number {
  return Number(observed.key.slice('guest/'.length));
}

/** Devices and media that only one node has. */
export function deviceFindings(
  config: LiveConfig,
  node: string,
  listing: Listing,
): readonly Finding[] {
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
