// Why this exists: on a running guest each waiting change is applied at once, plugged, left waiting
// or refused; recording 10 and facts.md section 7 are the oracle for which.
import {ApiFailure} from '../failure.ts';
import {isUnusedKey} from '../guest/file.ts';
import type {QemuGuest} from '../state.ts';
import type {Request} from './access-checks.ts';
import {storeValue} from './apply.ts';
import {noteDrift, regenerate} from './cloud-init.ts';
import {isCdrom, isCloudInit, parseDrive} from './drive.ts';
import {detachDrive, removeDrive} from './drive-detach.ts';
import {saveGuest} from './guest-file.ts';
import {isDriveKey, isNetKey, keyFacts} from './keys.ts';
import {isWindows} from './normalise.ts';
import type {Plug} from './plug.ts';
import {judgeDrive, judgeMemory, judgeNet, judgeVcpus} from './plug.ts';
import {parseProperties} from './property-string.ts';
import type {Job} from './volumes.ts';

/** What becomes of one change of a running guest. */
export type Verdict =
  | {readonly kind: 'apply'; readonly ms: number; readonly pulls?: boolean; readonly value?: string}
  | {readonly kind: 'wait'}
  | {readonly kind: 'error'; readonly ms: number; readonly text: string};

/** One waiting change: a new value, or a removal. */
export interface Waiting {
  readonly key: string;
  readonly value: string | undefined;
}

/** Measured in recording 10. */
const usbMs = 900;

const now: Verdict = {kind: 'apply', ms: 0};
const wait: Verdict = {kind: 'wait'};

/** The waiting changes among the keys of a request, removals first. */
export function waitingChanges(guest: QemuGuest, keys: ReadonlySet<string>): readonly Waiting[] {
  const removals = [...guest.pendingDelete.keys()].sort();
  return [
    ...removals.filter((key) => keys.has(key)).map((key) => ({key, value: undefined})),
    ...[...guest.pending].filter(([key]) => keys.has(key) || isAlwaysFast(key)).map(toWaiting),
  ];
}

/** The words of the guest's hotplug option; `1` and none at all mean the default three. */
export function hotplugWords(guest: QemuGuest): ReadonlySet<string> {
  const text = guest.config.get('hotplug') ?? '1';
  if (text === '0') return new Set();
  return new Set((text === '1' ? 'network,disk,usb' : text).split(/[,;\s]+/));
}

/** Judge one change of a running guest. */
export function judge(where: Plug['where'], guest: QemuGuest, change: Waiting): Verdict {
  const {key, value} = change;
  const words = hotplugWords(guest);
  const plug = (word: string): Plug => ({where, guest, mayPlug: words.has(word)});
  if (isNetKey(key)) return judgeNet(plug('network'), change);
  if (isDriveKey(key)) return judgeDrive(plug('disk'), change);
  if (key === 'hotplug') {
    const deep = /cpu|memory/;
    return deep.test(guest.config.get(key) ?? '') || deep.test(value ?? '') ? wait : now;
  }
  if (key === 'balloon') return judgeBalloon(guest, value);
  if (key === 'vcpus') return words.has('cpu') ? judgeVcpus(plug('cpu'), value) : wait;
  if (key === 'memory') return words.has('memory') ? judgeMemory(plug('memory'), value) : wait;
  if (key === 'tablet') return words.has('usb') ? now : wait;
  if (/^usb\d+$/.test(key)) return canPlugUsb(guest, words) ? {kind: 'apply', ms: usbMs} : wait;
  if (key === 'agent') return judgeAgent(guest, value);
  if (isUnusedKey(key)) return wait;
  return keyFacts(key)?.hotplug === 'immediate' ? now : wait;
}

/** Carry out what was judged; returns the errors by key. Changes left waiting stay pending. */
export function carryOut(
  job: Job,
  guest: QemuGuest,
  judged: readonly {readonly change: Waiting; readonly verdict: Verdict}[],
  request?: Request,
): Readonly<Record<string, string>> {
  const errors: Record<string, string> = {};
  for (const {change, verdict} of cloudInitLast(judged)) {
    if (verdict.kind === 'error') errors[change.key] = problem(verdict.text);
    if (verdict.kind !== 'apply') continue;
    try {
      if (change.value === undefined) remove(job, guest, change.key, request);
      else replace(job, guest, change.key, verdict.value ?? change.value);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      errors[change.key] = problem(error.message);
    }
  }
  saveGuest(job.cluster, guest, 'hot-plugged');
  if (hotplugWords(guest).has('cloudinit') && guest.cloudInitDrift.size > 0) regenerate(job, guest);
  return errors;
}

/** The cloud-init image is made from what the other changes leave. */
function cloudInitLast<Judged extends {readonly change: Waiting}>(
  judged: readonly Judged[],
): readonly Judged[] {
  const makesImage = ({change: {key, value}}: Judged): boolean =>
    value !== undefined && isDriveKey(key) && isCloudInit(parseDrive(key, value));
  return [...judged.filter((one) => !makesImage(one)), ...judged.filter(makesImage)];
}

function problem(text: string): string {
  return `hotplug problem - ${text}\n`;
}

function remove(job: Job, guest: QemuGuest, key: string, request: Request | undefined): void {
  const force = guest.pendingDelete.get(key) === 'force';
  if (isDriveKey(key)) removeDrive(job, guest, {key, force, request});
  noteDrift(guest, key, {from: guest.config.get(key), to: undefined});
  guest.config.delete(key);
  guest.pendingDelete.delete(key);
}

function replace(job: Job, guest: QemuGuest, key: string, value: string): void {
  const old = guest.config.get(key);
  if (isDriveKey(key) && old !== undefined) {
    const before = parseDrive(key, old);
    const isSwap = parseDrive(key, value).file !== before.file;
    if (isSwap && (!isCdrom(before) || isCloudInit(before))) detachDrive(job, guest, before);
  }
  noteDrift(guest, key, {from: old, to: value});
  guest.pending.delete(key);
  storeValue(guest, key, value);
  if (isDriveKey(key) && isCloudInit(parseDrive(key, value))) regenerate(job, guest);
}

function judgeBalloon(guest: QemuGuest, value: string | undefined): Verdict {
  const old = guest.config.get('balloon');
  if (value === undefined) return old === '0' ? wait : now;
  return (old === '0') === (value === '0') ? now : wait;
}

function judgeAgent(guest: QemuGuest, value: string | undefined): Verdict {
  if (value === undefined) return wait;
  const before = parseProperties('agent', guest.config.get('agent') ?? '');
  const after = parseProperties('agent', value);
  const names = new Set([...before.keys(), ...after.keys()]);
  names.delete('fstrim_cloned_disks');
  return [...names].some((name) => before.get(name) !== after.get(name)) ? wait : now;
}

function canPlugUsb(guest: QemuGuest, words: ReadonlySet<string>): boolean {
  const ostype = guest.config.get('ostype');
  const known = ostype === 'l26' || (isWindows(ostype) && /^win(8|10|11)$/.test(ostype ?? ''));
  const machine = /-(\d+)\.(\d+)/.exec(guest.runtime?.machine ?? '');
  const version = Number(machine?.[1] ?? 0) * 100 + Number(machine?.[2] ?? 0);
  return words.has('usb') && known && version >= 701;
}

/** Keys without effect on the process are committed by any write, whatever keys it names. */
function isAlwaysFast(key: string): boolean {
  if (key === 'hotplug' || key === 'balloon') return false;
  return keyFacts(key)?.hotplug === 'immediate' && !isDriveKey(key);
}

function toWaiting([key, value]: readonly [string, string]): Waiting {
  return {key, value};
}
