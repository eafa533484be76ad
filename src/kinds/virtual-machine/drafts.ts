// Why this exists: each call that a virtual machine ever receives, written down once.
import type {ApiParam, Body, FieldValue} from '../../core/model.ts';
import {formatDiskSize} from '../guest/quantity.ts';
import {type Draft, WAIT_MS} from './step-draft.ts';

/** Which guest a call is for. */
export interface GuestPlace {
  readonly node: string;
  readonly vmid: number;
}

/** What a configuration write is about. */
export interface ConfigWrite {
  readonly says: string;
  readonly set?: {readonly [key: string]: ApiParam};
  readonly remove?: readonly string[];
  readonly revert?: readonly string[];
  readonly fields: readonly string[];
  readonly expect: Body;
  /** Fields that must not stay pending on a running guest. */
  readonly inForce?: readonly string[];
  /** What the marker must say afterwards, where the write is about it. */
  readonly marker?: 'ours' | 'unmarked';
}

/** Pending changes are applied by a stop or start, and may set a volume free or pin a machine. */
const POWER_FIELDS = ['power', 'unused', 'boot.order', 'config.machine'];

/** A synchronous configuration write. */
export function writeConfig(guest: GuestPlace, write: ConfigWrite): Draft {
  return {
    ...configDraft(guest, write),
    kind: 'call',
    operation: 'config',
    method: 'PUT',
    timeoutMs: WAIT_MS.call,
  };
}

/** A configuration write that allocates, imports or copies: Proxmox makes it a task. */
export function allocate(guest: GuestPlace, slot: string, write: ConfigWrite): Draft {
  return {
    ...configDraft(guest, write),
    kind: 'task',
    operation: 'allocate',
    method: 'POST',
    timeoutMs: WAIT_MS.copy,
    target: {slot},
  };
}

/** Grows a disk to a size. */
export function resize(guest: GuestPlace, slot: string, field: string, bytes: number): Draft {
  return {
    kind: 'task',
    operation: 'resize',
    says: `grow ${slot} to ${formatDiskSize(bytes)}`,
    method: 'PUT',
    path: `${base(guest)}/resize`,
    params: {disk: slot, size: formatDiskSize(bytes)},
    digest: true,
    fields: [field],
    expect: {[field]: bytes},
    timeoutMs: WAIT_MS.short,
    target: {disk: slot, bytes},
  };
}

/** Copies a disk to another storage; the old volume is kept as `unused`. */
export function moveDisk(
  guest: GuestPlace,
  slot: string,
  to: {readonly storage: string; readonly format?: string},
  about: {readonly fields: readonly string[]; readonly expect: Body},
): Draft {
  return {
    kind: 'task',
    operation: 'move-disk',
    says: `copy ${slot} to ${to.storage} and keep the old volume`,
    method: 'POST',
    path: `${base(guest)}/move_disk`,
    params: {disk: slot, ...to, delete: 0},
    digest: true,
    ...about,
    timeoutMs: WAIT_MS.copy,
    target: {disk: slot, storage: to.storage},
  };
}

/** Gives a volume to another guest on the same node, where it stands as `unusedN`. */
export function reassign(
  guest: GuestPlace,
  slot: string,
  to: Draft['other'] & {},
  about: {readonly unused: string; readonly field: string; readonly live: string},
): Draft {
  return {
    kind: 'task',
    operation: 'reassign',
    says: `give ${slot} to guest ${to.vmid}, which keeps it as ${about.unused}`,
    method: 'POST',
    path: `${base(guest)}/move_disk`,
    params: {
      disk: slot,
      'target-vmid': to.vmid,
      'target-disk': about.unused,
      'target-digest': {from: 'other-digest'},
    },
    digest: true,
    fields: [about.live, 'boot.order'],
    expect: {[about.live]: null},
    timeoutMs: WAIT_MS.short,
    target: {disk: slot, field: about.field},
    other: to,
  };
}

/** Starts the guest. */
export function start(guest: GuestPlace): Draft {
  return {
    ...taskDraft(guest, 'start', '/status/start', {}),
    says: 'start',
    fields: POWER_FIELDS,
    expect: {power: 'running'},
    timeoutMs: WAIT_MS.short,
    leaves: 'running',
  };
}

/** Shuts the guest down, and stops it at the deadline. */
export function shutdown(guest: GuestPlace, seconds: number): Draft {
  return {
    ...taskDraft(guest, 'shutdown', '/status/shutdown', {timeout: seconds, forceStop: 1}),
    says: `shut down, stop after ${seconds} s`,
    fields: POWER_FIELDS,
    expect: {power: 'stopped'},
    timeoutMs: (seconds + 120) * 1000,
    leaves: 'stopped',
  };
}

/** Stops a guest that cannot be asked to shut down. */
export function stop(guest: GuestPlace): Draft {
  return {
    ...taskDraft(guest, 'stop', '/status/stop', {}),
    says: 'stop',
    fields: POWER_FIELDS,
    expect: {power: 'stopped'},
    timeoutMs: WAIT_MS.short,
    leaves: 'stopped',
  };
}

/** Deletes the guest with its own volumes; jobs and unreferenced volumes stay. */
export function destroy(guest: GuestPlace): Draft {
  const params = {purge: 0, 'destroy-unreferenced-disks': 0};
  return {
    ...taskDraft(guest, 'destroy', '', params),
    method: 'DELETE',
    says: 'delete the guest and its disks',
    fields: [],
    expect: {},
    timeoutMs: WAIT_MS.copy,
  };
}

/** Moves the guest to another node; `copied` volumes may get other names and storages there. */
export function migrate(
  guest: GuestPlace,
  target: string,
  options: {readonly [key: string]: ApiParam},
  copied: readonly {readonly slot: string}[] = [],
): Draft {
  const {targetstorage: onto} = options;
  return {
    ...taskDraft(guest, 'migrate', '/migrate', {target, ...options}),
    says: onto === undefined ? `migrate to ${target}` : `migrate to ${target}, disks to ${onto}`,
    fields: ['node', ...copied.flatMap(({slot}) => volumeFields(slot))],
    expect: {node: target},
    timeoutMs: WAIT_MS.copy,
    target: {node: target},
    moves: target,
  };
}

/** What a copy of a volume may change: its id and what follows from it, never an option. */
function volumeFields(slot: string): readonly string[] {
  if (slot === 'efidisk0') return ['efi.storage'];
  if (slot === 'tpmstate0') return ['tpm.storage'];
  const leaves = ['file', 'storage', 'format', 'size'].map((leaf) => `disks.${slot}.${leaf}`);
  return [...leaves, 'cloudInit.drive.storage'];
}

/** Writes the cloud-init data to its drive again. */
export function regenerateCloudInit(guest: GuestPlace): Draft {
  return {
    kind: 'call',
    operation: 'cloud-init',
    says: 'write the cloud-init drive again',
    method: 'PUT',
    path: `${base(guest)}/cloudinit`,
    params: {},
    digest: false,
    fields: [],
    expect: {},
    timeoutMs: WAIT_MS.call,
    target: {},
  };
}

/** Puts the guest into a pool, or takes it out of the one it is in. */
export function setPool(
  guest: GuestPlace,
  wanted: FieldValue,
  live: FieldValue | undefined,
): Draft {
  const leaves = wanted === null;
  const pool = String(leaves ? live : wanted);
  return {
    kind: 'call',
    operation: 'pool',
    says: leaves ? `take out of pool ${pool}` : `put into pool ${pool}`,
    method: 'PUT',
    path: '/pools',
    params: {poolid: pool, vms: String(guest.vmid), ...(leaves ? {delete: 1} : {'allow-move': 1})},
    digest: false,
    fields: ['pool'],
    expect: {pool: wanted},
    timeoutMs: WAIT_MS.call,
    target: {},
  };
}

/** `/nodes/pve1/qemu/150`. */
function base({node, vmid}: GuestPlace): string {
  return `/nodes/${node}/qemu/${vmid}`;
}

function configDraft(guest: GuestPlace, write: ConfigWrite) {
  const {set = {}, remove = [], revert = [], inForce = []} = write;
  return {
    says: write.says,
    path: `${base(guest)}/config`,
    params: {
      ...set,
      ...(remove.length > 0 ? {delete: remove.join(',')} : {}),
      ...(revert.length > 0 ? {revert: revert.join(',')} : {}),
    },
    digest: true,
    fields: write.fields,
    expect: write.expect,
    target: {
      ...(inForce.length > 0 ? {inForce: [...inForce]} : {}),
      ...(write.marker === undefined ? {} : {marker: write.marker}),
    },
  };
}

function taskDraft(
  guest: GuestPlace,
  operation: Draft['operation'],
  suffix: string,
  params: {readonly [key: string]: ApiParam},
) {
  return {
    kind: 'task' as const,
    operation,
    method: 'POST' as const,
    path: `${base(guest)}${suffix}`,
    params,
    digest: false,
    target: {},
  };
}
