// Why this exists: a config write goes key by key into [PENDING]: deletes in the given order, then
// the keys in random order; a key that fails leaves those before it behind (facts.md section 7).
import {fail} from '../failure.ts';
import {assertUnprotected, isUnusedKey} from '../guest/file.ts';
import {cleanUpPending} from '../guest/pending.ts';
import type {Random} from '../random.ts';
import type {QemuGuest} from '../state.ts';
import {free} from '../volume.ts';
import {requireBridge, requireDrivePrivileges, requireOnGuest} from './access-checks.ts';
import type {Update} from './config-update.ts';
import {requireDevice} from './device-access.ts';
import type {Drive} from './drive.ts';
import {
  isCdrom,
  isCloudInit,
  isSoundDrive,
  parseBootOrder,
  parseDrive,
  printBootOrder,
} from './drive.ts';
import {detachDrive, freeIfOwned} from './drive-detach.ts';
import {writeDrive} from './drive-write.ts';
import {saveGuest} from './guest-file.ts';
import {assertClipboard, assertMachine} from './hardware-rules.ts';
import {isDriveKey, isNetKey} from './keys.ts';
import {hashPassword, isWindows, normaliseTags, pinnedMachine, storedText} from './normalise.ts';
import {addPendingDelete} from './pending.ts';
import {parseProperties} from './property-string.ts';
import {qemuVersion} from './runtime.ts';
import {requireTags} from './tag-access.ts';
import type {Job} from './volumes.ts';

/** A write in progress: the boot order it keeps in step with the devices. */
interface Writing {
  readonly job: Job;
  readonly guest: QemuGuest;
  readonly update: Update;
  readonly modified: Set<string>;
  order: readonly string[];
}

/** Put all changes into [PENDING]; returns the keys to apply. A failure keeps what was put. */
export function writePending(job: Job, guest: QemuGuest, update: Update): ReadonlySet<string> {
  const order = parseBootOrder(guest.config.get('boot'));
  const writing: Writing = {job, guest, update, modified: new Set(), order};
  try {
    for (const key of update.deletes) deleteKey(writing, key);
    for (const [key, text] of shuffled(job.cluster.random, [...update.set])) {
      writing.modified.add(key);
      if (guest.pending.get(key) === text) continue;
      setKey(writing, key, text);
      guest.pendingDelete.delete(key);
    }
    cleanUpPending(guest);
  } finally {
    saveGuest(job.cluster, guest, update.summary);
  }
  return writing.modified;
}

function deleteKey(writing: Writing, key: string): void {
  const {guest, update, job} = writing;
  const {request} = update;
  const value = guest.config.get(key) ?? guest.pending.get(key);
  if (value === undefined) {
    job.log(`cannot delete '${key}' - not set in current configuration!`);
    return;
  }
  writing.modified.add(key);
  const wasPending = guest.pending.get(key);
  // What is refused leaves the boot order and what was waiting as they are.
  const forget = (): void => {
    guest.pending.delete(key);
    const order = writing.order.filter((device) => device !== key);
    if (order.length < writing.order.length) setOrder(writing, order);
  };
  if (isUnusedKey(key)) {
    assertUnprotected(guest, `can't remove unused disk '${value}'`);
    requireOnGuest(request, ['VM.Config.Disk']);
    freeIfOwned(job, guest, {key, volid: value, request});
    forget();
    guest.config.delete(key);
    return;
  }
  if (isDriveKey(key)) {
    assertUnprotected(guest, `can't remove drive '${key}'`);
    requireDrivePrivileges(request, parseDrive(key, value));
    forget();
    if (wasPending !== undefined) detachDrive(job, guest, parseDrive(key, wasPending));
  } else if (key === 'tags') {
    requireTags(request, value, '');
    forget();
    guest.config.delete(key);
    return;
  } else if (key === 'vmstate') {
    assertUnprotected(guest, `can't remove vmstate '${value}'`);
    freeIfOwned(job, guest, {key, volid: value, request});
    guest.config.delete(key);
    return;
  } else if (isNetKey(key)) {
    const current = guest.config.get(key);
    if (current !== undefined) requireBridge(request, key, current);
  } else requireDevice(request, key, value, 'delete');
  forget();
  addPendingDelete(guest, key, update.force);
}

function setKey(writing: Writing, key: string, text: string): void {
  const {guest, update, job} = writing;
  if (isDriveKey(key)) {
    // What is no drive any more, now that an empty slot is a CD drive, is passed over.
    const drive = parseDrive(key, text);
    if (isSoundDrive(drive) && !isEmptyFirmware(drive)) setDrive(writing, key, text);
    return;
  }
  requireSlot(writing, key, text);
  const stored = storedText(key, text);
  if (key === 'sshkeys' && stored === '') return;
  if (key === 'vga') assertClipboard(stored);
  if (key === 'machine') assertMachine(stored);
  if (key === 'tags') {
    requireTags(update.request, guest.config.get(key) ?? '', text);
    guest.pending.set(key, normaliseTags(job.cluster, text));
  } else if (key === 'cipassword') {
    // Not by way of [PENDING], so that no image is known to be out of date for it.
    const hash = hashPassword(job.cluster.random, stored, guest.config.get('ostype'));
    guest.config.set(key, hash);
  } else if (key === 'boot') {
    guest.pending.set(key, stored);
    setBoot(writing, stored);
  } else guest.pending.set(key, stored);
  if (key === 'ostype') pinForWindows(writing, stored);
}

function isEmptyFirmware({key, file}: Drive): boolean {
  return /^(efidisk|tpmstate)/.test(key) && /^(none|cdrom)$/.test(file);
}

/** Rights on what is in a device's slot now and on what is to be there. */
function requireSlot({guest, update}: Writing, key: string, text: string): void {
  const current = guest.config.get(key);
  if (isNetKey(key)) {
    if (current !== undefined) requireBridge(update.request, key, current);
    return;
  }
  const isSerial = key.startsWith('serial');
  if (current !== undefined) {
    requireDevice(update.request, key, current, isSerial ? 'modify' : 'set');
  }
  requireDevice(update.request, key, text, isSerial ? 'modify' : 'set');
}

function setDrive(writing: Writing, key: string, text: string): void {
  const {guest, update, job} = writing;
  const current = guest.config.get(key);
  const drive = parseDrive(key, text);
  if (current !== undefined) requireDrivePrivileges(update.request, parseDrive(key, current));
  requireDrivePrivileges(update.request, drive);
  if (key === 'tpmstate0' && current !== undefined) assertSameTpm(current, text);
  const waiting = guest.pending.get(key);
  if (waiting !== undefined) detachDrive(job, guest, parseDrive(key, waiting));
  const created: string[] = [];
  const sections = [guest.config, guest.pending];
  try {
    guest.pending.set(key, writeDrive(job, {vmid: guest.vmid, key, text, sections, created}));
  } catch (error) {
    for (const volid of created) free(job.cluster, job.node, volid);
    throw error;
  }
  const stored = parseDrive(key, guest.pending.get(key) ?? '');
  const isNewCd = isCdrom(stored) && !isCloudInit(stored);
  if (writing.order.length > 0 && isNewCd && !writing.order.includes(key)) {
    setOrder(writing, [...writing.order, key]);
  }
}

function setOrder(writing: Writing, order: readonly string[]): void {
  writing.order = order;
  writing.guest.pending.set('boot', printBootOrder(order));
  writing.modified.add('boot');
}

function setBoot(writing: Writing, text: string): void {
  const {guest, update} = writing;
  const devices = parseBootOrder(text);
  if (devices.length === 0) return;
  for (const device of devices) {
    const exists = guest.config.has(device) || guest.pending.has(device) || update.set.has(device);
    if (!exists || update.deletes.includes(device)) {
      guest.pending.delete('boot');
      fail(500, `invalid bootorder: device '${device}' does not exist'`);
    }
  }
  guest.pending.set('boot', printBootOrder(devices));
  if (guest.config.has('bootdisk')) addPendingDelete(guest, 'bootdisk', false);
}

function pinForWindows(writing: Writing, ostype: string): void {
  const {guest, update} = writing;
  const isGiven = update.set.has('machine') || guest.pending.has('machine');
  if (!isWindows(ostype) || isGiven || writing.modified.has('machine')) return;
  const machine = guest.config.get('machine');
  const pinned = pinnedMachine(machine, qemuVersion(writing.job.cluster).short);
  if (pinned === undefined) return;
  guest.pending.set('machine', pinned);
  writing.modified.add('machine');
}

function assertSameTpm(current: string, text: string): void {
  const before = parseProperties('tpmstate0', current);
  const now = parseProperties('tpmstate0', text);
  const version = (properties: ReadonlyMap<string, string>): string =>
    properties.get('version') ?? 'v1.2';
  if (before.get('file') === now.get('file') && version(before) !== version(now)) {
    fail(500, 'cannot change TPM state version after creation');
  }
}

function shuffled<Item>(random: Random, items: readonly Item[]): readonly Item[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    const [here, there] = [result[index], result[other]];
    if (here !== undefined && there !== undefined) [result[index], result[other]] = [there, here];
  }
  return result;
}
