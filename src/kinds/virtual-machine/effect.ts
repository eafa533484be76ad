// Why this exists: what a change does to a guest that runs. Proxmox applies some keys at once, some
// when a word of `hotplug` allows it, and leaves the rest pending until the guest was stopped and
// started; predicting this is what keeps a reboot from hiding in an "update".
import type {FieldValue, Observed} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {activeOf, type LiveConfig} from '../guest/live-config.ts';
import {MEBIBYTE} from '../guest/quantity.ts';
import {isBootDisk} from './boot-order.ts';
import {type FieldPlace, placeOfField} from './field-path.ts';
import {hotplugWordsOf} from './hotplug-words.ts';
import {sameField} from './same.ts';
import {moduleObstacle} from './startable.ts';

/** When a change takes effect: now, by (un)plugging a device now, or by a stop and start. */
export type Effect =
  | {readonly kind: 'now'; readonly because: string}
  | {readonly kind: 'unplug'; readonly because: string}
  | {
      readonly kind: 'cycle';
      readonly because: string;
      /** Proxmox answers the write with an error while the guest runs: it comes after the stop. */
      readonly refusedRunning?: true;
    };

/** One change as the effect is judged. */
export interface EffectInput {
  readonly field: string;
  readonly from: FieldValue | undefined;
  readonly to: FieldValue | undefined;
  readonly observed: Observed;
}

const COLD_DRIVE_PARTS = new Set([
  'aio',
  'discard',
  'iothread',
  'queues',
  'product',
  'cache',
  'ssd',
  'vendor',
  'ro',
]);
const COLD_NET_PARTS = new Set(['model', 'macaddr', 'queues', 'mtu']);
const HOT_BUSES = new Set(['scsiN', 'virtioN']);

/** The effect of a change on a running guest. */
export function effectOf(input: EffectInput): Effect {
  const {field, to, observed} = input;
  const place = placeOfField(field);
  const wanted = to ?? null;
  if (Object.hasOwn(observed.active, field)) {
    const active = observed.active[field] ?? undefined;
    if (sameField(place, observed.body[field], wanted, observed)) {
      return cycle(place, 'it is already written and waits for that');
    }
    if (sameField(place, active, wanted, observed)) {
      return now('it only drops a pending change; the running guest has this value');
    }
  }
  return judge(place, input);
}

function hotplugWords(observed: Observed): ReadonlySet<string> {
  return hotplugWordsOf(activeOf(observed));
}

function judge(place: FieldPlace, input: EffectInput): Effect {
  const {spec} = place;
  if (spec.key === null || place.template.startsWith('cloudInit.')) {
    return place.template.startsWith('cloudInit.drive') ? driveEffect(place, input) : now();
  }
  if (spec.key === 'drive') return driveEffect(place, input);
  if (spec.key === 'netN') return netEffect(place, input);
  return keyEffect(place, input);
}

/** Disks and CD drives: the slot itself, or one sub-key of a drive that is there. */
function driveEffect(place: FieldPlace, {field, to, observed}: EffectInput): Effect {
  const [slot] = place.slots;
  const base = slot === undefined ? 'cloudInit.drive' : field.split('.').slice(0, 2).join('.');
  const key = slot ?? slotOfCloudInit(observed, to);
  const present = observed.body[base] === true && observed.active[base] !== null;
  const hot = HOT_BUSES.has(qemuKey(key)?.family ?? '') && hotplugWords(observed).has('disk');
  const removes = place.spec.type === 'presence' && (to ?? null) === null;
  const boots = hot && isBootDisk(key, activeOf(observed));
  if (removes && !hot) return cycle(place, busReason(key));
  if (removes && boots) return keptPlugged(place, key);
  if (removes) return {kind: 'unplug', because: `${key} is unplugged while the guest runs`};
  if (!present)
    return hot ? now('the disk is plugged in while the guest runs') : cycle(place, busReason(key));
  if (base === 'cloudInit.drive') return cycle(place, busReason(key));
  if (place.spec.derived !== undefined) return now('the volume is copied while the guest runs');
  if (place.sub === 'size') return now('the disk grows while the guest runs, it never shrinks');
  if (place.sub === 'file' && field.startsWith('cdroms.')) return now('only the medium changes');
  if (place.sub === 'file' && boots) return keptPlugged(place, key);
  if (place.sub === 'file' && hot) {
    return {kind: 'unplug', because: `another volume takes the place of that of ${key}`};
  }
  if (place.sub === 'file') return cycle(place, 'another volume takes the slot');
  if (COLD_DRIVE_PARTS.has(place.sub ?? ''))
    return cycle(place, `\`${place.sub}\` of a disk is cold`);
  return restOfKey(key, observed, now());
}

/** Proxmox answers with an error while the guest runs. */
function keptPlugged(place: FieldPlace, key: string): Effect {
  const why = `${key} is in the boot order, and such a disk is not unplugged`;
  return {...cycle(place, why), refusedRunning: true};
}

function netEffect(place: FieldPlace, {to, observed}: EffectInput): Effect {
  const key = place.key ?? '';
  const base = `networks.${key}`;
  const present = observed.body[base] === true && observed.active[base] !== null;
  const hot = hotplugWords(observed).has('network');
  const removes = place.spec.type === 'presence' && (to ?? null) === null;
  // A card without a bridge is of another sort, and is plugged anew for one.
  const anew = COLD_NET_PARTS.has(place.sub ?? '') || isFirstBridge(place, observed);
  if (!hot && (removes || !present || anew)) return cycle(place, 'hotplug lacks `network`');
  if (!present && !removes) return now('the card is plugged in while the guest runs');
  if (removes || anew) {
    return {kind: 'unplug', because: `${key} is unplugged while the guest runs`};
  }
  if (place.sub === 'link_down' && to === true) {
    return {kind: 'unplug', because: `the cable of ${key} is unplugged`};
  }
  return restOfKey(key, observed, now());
}

function isFirstBridge({sub, key}: FieldPlace, observed: Observed): boolean {
  return sub === 'bridge' && observed.body[`networks.${key}.bridge`] === undefined;
}

/** A hot sub-key stays pending when another sub-key of the same string already does. */
function restOfKey(key: string, observed: Observed, effect: Effect): Effect {
  const waits = Object.keys(observed.active).some((path) => placeOfField(path).key === key);
  if (!waits) return effect;
  return {kind: 'cycle', because: `another change of ${key} already waits for a stop and start`};
}

function keyEffect(place: FieldPlace, input: EffectInput): Effect {
  const {observed} = input;
  const key = place.key ?? '';
  if (key === 'balloon') return balloonEffect(place, input);
  if (key === 'hotplug') return hotplugEffect(place, input);
  const alive = activeOf(observed).has('agent');
  if (key === 'agent' && place.sub === 'fstrim_cloned_disks' && alive) {
    return restOfKey(key, observed, now());
  }
  if (place.template === 'tpm.storage') {
    return {
      ...cycle(place, 'the TPM state is copied while the guest is off'),
      refusedRunning: true,
    };
  }
  const hotplug = qemuKey(key)?.facts.hotplug ?? 'pending';
  if (hotplug === 'immediate') return now();
  if (!hotplug.startsWith('class:')) return cycle(place);
  const word = hotplug.slice('class:'.length);
  if (!hotplugWords(observed).has(word)) return cycle(place, `hotplug lacks \`${word}\``);
  const obstacle = classObstacle(word, input);
  if (obstacle === null) return now(`hotplug has \`${word}\``);
  return word === 'usb'
    ? cycle(place, obstacle)
    : {...cycle(place, obstacle), refusedRunning: true};
}

/** What a hot-plug class asks for besides its word; null when all is there. */
function classObstacle(word: string, input: EffectInput): string | null {
  const config = activeOf(input.observed);
  if (word === 'memory') return memoryObstacle(input, config);
  if (word === 'cpu') return cpuObstacle(input, config);
  // The tablet is plugged whatever runs in the guest.
  return /^usb\d+$/.test(placeOfField(input.field).key ?? '') ? usbObstacle(config) : null;
}

function memoryObstacle({from, to}: EffectInput, config: LiveConfig): string | null {
  if (config.get('numa') !== '1') return 'memory hot-plug needs NUMA';
  const blocking = [...config.keys()].find((key) => /^(numa\d+|virtiofs\d+)$/.test(key));
  if (blocking !== undefined) return `memory hot-plug does not work with ${blocking}`;
  for (const value of [from, to]) {
    const size = typeof value === 'number' ? value / MEBIBYTE : 0;
    const obstacle = moduleObstacle(size, config);
    if (obstacle !== null) return obstacle;
  }
  return null;
}

function cpuObstacle({to}: EffectInput, config: LiveConfig): string | null {
  const most = Number(config.get('sockets') ?? 1) * Number(config.get('cores') ?? 1);
  // Not named: all of them, which is what it was started with room for.
  return typeof to === 'number' && to > most ? `the guest was started with room for ${most}` : null;
}

/** Devices are plugged for Linux 2.6 and Windows 8 and later, into machines from 7.1 on. */
function usbObstacle(config: LiveConfig): string | null {
  const pinned = /-(\d+)\.(\d+)/.exec(config.get('machine') ?? '');
  if (pinned && Number(pinned[1]) * 100 + Number(pinned[2]) < 701) {
    return `USB hot-plug needs a machine of version 7.1 (it is ${pinned[1]}.${pinned[2]})`;
  }
  const type = config.get('ostype') ?? 'other';
  return ['l26', 'win8', 'win10', 'win11'].includes(type)
    ? null
    : `USB hot-plug does not work with ostype ${type}`;
}

function balloonEffect(place: FieldPlace, {from, to}: EffectInput): Effect {
  const toggles = (from === 0) !== (to === 0);
  return toggles ? cycle(place, 'ballooning is turned on or off') : now();
}

function hotplugEffect(place: FieldPlace, {to, observed}: EffectInput): Effect {
  const former = [...hotplugWords(observed)].join(',');
  const cold = [former, String(to ?? '')].some((words) => /cpu|memory/.test(words));
  return cold ? cycle(place, 'cpu and memory hot-plug are set up at start') : now();
}

function slotOfCloudInit(observed: Observed, to: FieldValue | undefined): string {
  const live = observed.body['cloudInit.drive.slot'];
  return typeof live === 'string' ? live : typeof to === 'string' ? to : 'ide2';
}

function busReason(slot: string): string {
  const family = qemuKey(slot)?.family ?? '';
  return HOT_BUSES.has(family) ? 'hotplug lacks `disk`' : `${slot} is on a bus without hot-plug`;
}

function now(because = 'it takes effect at once'): Effect {
  return {kind: 'now', because};
}

function cycle(place: FieldPlace, reason?: string): Effect & {readonly kind: 'cycle'} {
  const what = place.key ?? place.path;
  const why = reason === undefined ? '' : `; ${reason}`;
  return {kind: 'cycle', because: `\`${what}\` takes effect at the next stop and start${why}`};
}
