// Why this exists: a config write is checked in three layers, before the lock, under it and while
// it is written; here is all that refuses a call without leaving a trace.
import {fail, paramError} from '../failure.ts';
import {assertDigestIs, assertUnlocked} from '../guest/file.ts';
import {scriptProblem} from '../guest/hook-script.ts';
import {assertReplicable} from '../guest/replication.ts';
import {randomUuid} from '../random.ts';
import type {Context} from '../route.ts';
import {splitList} from '../route.ts';
import type {QemuGuest, Version} from '../state.ts';
import type {Request} from './access-checks.ts';
import {
  checkedDrive,
  requireBridge,
  requireDriveStorage,
  requireKeyPrivileges,
  requireOtherStorage,
} from './access-checks.ts';
import {isDisk, printDrive} from './drive.ts';
import {isDriveKey, isNetKey, optionExists} from './keys.ts';
import {normaliseNet} from './net.ts';
import {checkSshKeys, clampCpuUnits, macPrefix} from './normalise.ts';

/** A config write, checked as far as is possible without the lock. */
export interface Update {
  readonly request: Request;
  /** Keys to set, drives and cards already rewritten. */
  readonly set: Map<string, string>;
  readonly deletes: string[];
  readonly reverts: readonly string[];
  readonly force: boolean;
  readonly skipLock: boolean;
  readonly digest: string | undefined;
  /** `-cores 3 …` for the logs. */
  readonly summary: string;
}

const controls = new Set([
  'delete',
  'revert',
  'force',
  'skiplock',
  'digest',
  'background_delay',
  'import-working-storage',
]);

/** Read a config write's parameters; throws what Proxmox refuses before it looks at the guest. */
export function readUpdate(context: Context, vmid: number): Update {
  const {params, auth, cluster} = context;
  const request: Request = {context, vmid};
  const skipLock = params['skiplock'] === '1';
  if (skipLock && !auth.isRoot) paramError({skiplock: 'Only root may use this option.'});
  if (params['sshkeys'] !== undefined) checkSshKeys(params['sshkeys']);
  const set = settings(params);
  if ((params['delete'] ?? '') === '' && (params['revert'] ?? '') === '' && set.size === 0) {
    fail(500, 'no options specified');
  }
  const reverts = readReverts(cluster.version, params, set);
  const deletes = readDeletes(cluster.version, params, {set, reverts});
  const drives = [...set].filter(([key]) => isDriveKey(key)).sort();
  const checked = drives.map(([key, text]) => checkedDrive(request, key, text));
  for (const {file, options} of checked.filter(isDisk)) {
    if (file !== 'none') assertReplicable(cluster, vmid, {volume: file, options});
  }
  for (const drive of checked) set.set(drive.key, printDrive(drive));
  for (const [key, text] of set) {
    if (isNetKey(key)) set.set(key, normaliseNet(key, text, cluster.random, macPrefix(cluster)));
    if (key === 'vmgenid' && text === '1') set.set(key, randomUuid(cluster.random));
    if (key === 'hookscript') checkHookScript(context, text);
  }
  requireKeyPrivileges(request, deletes);
  requireKeyPrivileges(request, [...set.keys()]);
  for (const drive of checked) requireDriveStorage(request, drive);
  requireOtherStorage(request, set);
  for (const [key, text] of set) requireBridge(request, key, text);
  return {
    request,
    set,
    deletes,
    reverts,
    force: params['force'] === '1',
    skipLock,
    digest: params['digest'],
    summary: summaryOf(params),
  };
}

/** Under the lock: digest, lock, what `revert` means now, balloon against memory. */
export function checkUpdate(guest: QemuGuest, update: Update): void {
  assertDigest(guest, update.digest);
  const forgetsState = update.deletes.includes('vmstate');
  if (forgetsState) addStateKeys(guest, update.deletes);
  const isSuspended = forgetsState && guest.config.get('lock') === 'suspended';
  if (!update.skipLock && !isSuspended) assertUnlocked(guest);
  for (const key of update.reverts) {
    const current = guest.config.get(key);
    if (current !== undefined) update.set.set(key, current);
    else if (guest.pending.has(key)) update.deletes.push(key);
  }
  assertBalloon(guest, update.set);
}

/** With the saved state go the keys that describe it, and the lock of a hibernated guest. */
function addStateKeys(guest: QemuGuest, deletes: string[]): void {
  if (guest.config.get('lock') === 'suspended') deletes.push('lock');
  for (const key of ['runningmachine', 'runningcpu']) {
    if (guest.config.has(key)) deletes.push(key);
  }
}

function checkHookScript({cluster, node}: Context, volid: string): void {
  const problem = scriptProblem(cluster, node, volid);
  if (problem !== undefined) paramError({hookscript: `${problem}\n`});
}

/** 500 unless the digest is the file's; an empty or absent one is no check. */
export function assertDigest(guest: QemuGuest, digest: string | undefined): void {
  assertDigestIs(guest, digest, 'checksum mismatch (file change by other user?)');
}

function settings(params: Readonly<Record<string, string>>): Map<string, string> {
  const set = new Map<string, string>();
  for (const [key, value] of Object.entries(params)) {
    if (controls.has(key)) continue;
    if (key === 'cdrom') {
      if (params['ide2'] !== undefined) {
        paramError({cdrom: 'conflicting drive parameter, already set ide2'});
      }
      set.set('ide2', /media=/.test(value) ? value : `${value},media=cdrom`);
    } else set.set(key, key === 'cpuunits' ? clampCpuUnits(value) : value);
  }
  return set;
}

function readReverts(
  version: Version,
  params: Readonly<Record<string, string>>,
  set: ReadonlyMap<string, string>,
): readonly string[] {
  const keys = splitList(params['revert'] ?? '');
  for (const key of keys) {
    // The old name of ide2 is known here, and nothing bears it.
    const isKnown = key === 'cdrom' || optionExists(version, key);
    if (!isKnown) paramError({revert: `unknown option '${key}'`});
    if (set.has(key)) {
      paramError({delete: `you can't use '-${key}' and -revert ${key}' at the same time`});
    }
  }
  return keys;
}

function readDeletes(
  version: Version,
  params: Readonly<Record<string, string>>,
  written: {readonly set: ReadonlyMap<string, string>; readonly reverts: readonly string[]},
): string[] {
  const {set, reverts} = written;
  const keys = splitList(params['delete'] ?? '').map((key) => (key === 'cdrom' ? 'ide2' : key));
  for (const key of keys) {
    if (set.has(key)) {
      paramError({delete: `you can't use '-${key}' and -delete ${key}' at the same time`});
    }
    if (reverts.includes(key)) {
      paramError({revert: `you can't use '-delete ${key}' and -revert ${key}' at the same time`});
    }
    if (!optionExists(version, key)) paramError({delete: `unknown option '${key}'`});
  }
  return keys;
}

function assertBalloon(guest: QemuGuest, set: ReadonlyMap<string, string>): void {
  if (!set.has('memory') && !set.has('balloon')) return;
  const value = (key: string): string | undefined =>
    set.get(key) ?? guest.pending.get(key) ?? guest.config.get(key);
  const memory = memoryMiB(value('memory'));
  if (Number(value('balloon') ?? 0) > memory) {
    fail(500, 'balloon value too large (must be smaller than assigned memory)');
  }
}

/** MiB of a `memory` value, `[current=]n`; 512 when unset. */
export function memoryMiB(text: string | undefined): number {
  return Number((text ?? '512').replace(/^current=/, ''));
}

function summaryOf(params: Readonly<Record<string, string>>): string {
  return Object.keys(params)
    .filter((key) => key !== 'digest' && key !== 'background_delay')
    .sort()
    .map((key) => `-${key} ${key === 'cipassword' ? '<hidden>' : params[key]}`)
    .join(' ');
}
