// Why this exists: what a running guest lets happen to its disks, cards, CPUs and memory; texts and
// order as vm_deviceplug, vm_deviceunplug and vmconfig_update_… of PVE/QemuServer.pm.
import type {QemuGuest} from '../state.ts';
import {memoryMiB} from './config-update.ts';
import {isCdrom, parseBootOrder, parseDrive} from './drive.ts';
import type {Verdict, Waiting} from './hotplug.ts';
import {dimmsFor, largestMiB, staticMiB} from './memory.ts';
import {needsReplug} from './net.ts';
import {parseProperties} from './property-string.ts';
import type {Job} from './volumes.ts';

/** What a verdict is asked about: the guest, where it runs, and what may be plugged. */
export interface Plug {
  readonly where: Pick<Job, 'cluster' | 'node'>;
  readonly guest: QemuGuest;
  readonly mayPlug: boolean;
}

// Durations measured in recording 10.
const plugMs = 900;
const pullMs = 1_300;
const failedPullMs = 6_000;

const now: Verdict = {kind: 'apply', ms: 0};
const wait: Verdict = {kind: 'wait'};
const refuse = (text: string): Verdict => ({kind: 'error', ms: 0, text});

/** A network card: most changes touch only the tap device, some replace the card. */
export function judgeNet(plug: Plug, {key, value}: Waiting): Verdict {
  const {guest, mayPlug} = plug;
  const old = guest.config.get(key);
  if (value === undefined) return mayPlug ? pull(plug, key, 0) : wait;
  const lacks = missingBridge(plug, key, value);
  if (old !== undefined && !needsReplug(key, old, value)) {
    const moves = lacks !== undefined && differs(key, old, value, 'bridge');
    return moves
      ? refuse(`bridge '${lacks}' is neither a linux nor an OVS bridge!`)
      : {kind: 'apply', ms: 300};
  }
  if (!mayPlug) return wait;
  const verdict =
    old === undefined ? {kind: 'apply' as const, ms: plugMs} : pull(plug, key, plugMs);
  return verdict.kind === 'apply' && lacks !== undefined ? refuse(scriptText(guest)) : verdict;
}

function scriptText({vmid}: QemuGuest): string {
  const script = '/usr/libexec/qemu-server/pve-bridge-hotplug';
  const why = `network script ${script} failed with status 512`;
  return `VM ${vmid} qmp command 'netdev_add' failed - ${why}`;
}

/** The bridge that a card names and the node does not have. */
function missingBridge({where, guest}: Plug, key: string, value: string): string | undefined {
  const bridge = parseProperties(key, value).get('bridge');
  const bridges = where.cluster.nodes.get(guest.node)?.bridges;
  return bridge !== undefined && bridges?.has(bridge) === false ? bridge : undefined;
}

function differs(key: string, before: string, after: string, name: string): boolean {
  return parseProperties(key, before).get(name) !== parseProperties(key, after).get(name);
}

const coldOptions = [
  'aio',
  'discard',
  'iothread',
  'queues',
  'product',
  'cache',
  'ssd',
  'vendor',
  'ro',
];

/** A drive: options, a CD's medium, or the whole device. */
export function judgeDrive(plug: Plug, {key, value}: Waiting): Verdict {
  const {guest, mayPlug} = plug;
  if (/^(efidisk|tpmstate)/.test(key)) return wait;
  const isCold = /^(ide|sata)\d/.test(key);
  if (value === undefined) return !mayPlug || isCold ? wait : pullDisk(plug, key, 800);
  const old = guest.config.get(key);
  if (old === undefined) return !mayPlug || isCold ? wait : plugDisk(key, value);
  const before = parseDrive(key, old);
  const after = parseDrive(key, value);
  const media = [before, after].map((drive) => drive.options.get('media') ?? 'disk');
  if (media[0] !== media[1]) return refuse('unable to change media type');
  if (isCdrom(before)) return now;
  if (before.file !== after.file) return mayPlug ? pullDisk(plug, key, 100) : wait;
  const changed = (name: string): boolean => before.options.get(name) !== after.options.get(name);
  return coldOptions.some(changed) ? wait : now;
}

/** A new device is first made ready in its storage, and an empty CD drive has none. */
function plugDisk(key: string, value: string): Verdict {
  const {file} = parseDrive(key, value);
  const isEmpty = file === 'none' || file === 'cdrom';
  return isEmpty ? refuse(`unable to parse volume ID '${file}'`) : {kind: 'apply', ms: 100};
}

/** Disks that the guest boots from stay, and the buses of IDE and SATA let nothing go. */
function pullDisk(plug: Plug, key: string, moreMs: number): Verdict {
  const {config} = plug.guest;
  const legacy = config.get('bootdisk');
  const order = parseBootOrder(config.get('boot'));
  const boots = order.length > 0 ? order : legacy === undefined ? [] : [legacy];
  if (boots.includes(key)) return refuse(`can't unplug bootdisk '${key}'`);
  if (/^(ide|sata)\d/.test(key)) return refuse(`can't unplug device '${key}'`);
  return pull(plug, key, moreMs);
}

function pull({guest}: Plug, key: string, moreMs: number): Verdict {
  return guest.runtime?.guestAnswers === true
    ? {kind: 'apply', ms: pullMs + moreMs, pulls: true}
    : {kind: 'error', ms: failedPullMs, text: `error on hot-unplugging device '${key}'`};
}

/** A parameter error inside of a hot-plug problem keeps its own head. */
function inner(name: string, text: string): string {
  return `400 Parameter verification failed.\n${name}: ${text}`;
}

/** CPUs come and go one by one, between one and all of the sockets' cores. */
export function judgeVcpus({guest}: Plug, value: string | undefined): Verdict {
  const count = (key: string): number => Number(guest.config.get(key) ?? 1);
  const most = count('cores') * count('sockets');
  const running = Number(guest.config.get('vcpus') ?? most);
  const wanted = value === undefined ? most : Number(value);
  if (wanted > most) return refuse("you can't add more vcpus than maxcpus");
  if (wanted < running && guest.runtime?.guestAnswers !== true) {
    const text = inner('vcpus', `error unplugging cpu${running}`);
    return {kind: 'error', ms: failedPullMs, text};
  }
  return now;
}

/** Memory grows by modules of fixed sizes, so that more may come than was asked for. */
export function judgeMemory({guest}: Plug, value: string | undefined): Verdict {
  const wanted = memoryMiB(value);
  const running = memoryMiB(guest.config.get('memory'));
  if (wanted === running) return now;
  const place = 'at /usr/share/perl5/PVE/QemuServer/Memory.pm line 236.';
  if (wanted < staticMiB) return refuse(`memory can't be lower than ${staticMiB} MB ${place}`);
  if (wanted > largestMiB) {
    return refuse(`you cannot add more memory than max mem ${largestMiB} MB!`);
  }
  if (wanted > running) return {kind: 'apply', ms: 200, value: String(dimmsFor(wanted).totalMiB)};
  const {count} = dimmsFor(running);
  if (guest.runtime?.guestAnswers !== true) {
    const text = inner(`dimm${count - 1}`, 'error unplug memory module');
    return {kind: 'error', ms: 21_000, text};
  }
  return {kind: 'apply', ms: 3_000 * (count - dimmsFor(wanted).count)};
}
