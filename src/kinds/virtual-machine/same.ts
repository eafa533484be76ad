// Why this exists: two values that mean the same to Proxmox are no difference: a default that is
// spelt out, an absent key, a size in another unit.
import type {FieldValue, Observed} from '../../core/model.ts';
import {equalValues} from '../guest/leaf.ts';
import {holdsIdentity} from './config-key.ts';
import {absentValue, type FieldPlace, factsOf} from './field-path.ts';

/** Packed keys whose absence means the same as their defaults; all others add a device. */
const ABSENT_IS_DEFAULT = new Set(['vga', 'machine', 'spice_enhancements']);

/** True when the live value means what is wanted; null wants the field absent. */
export function sameField(
  place: FieldPlace,
  live: FieldValue | undefined,
  wanted: FieldValue,
  observed: Pick<Observed, 'body'>,
): boolean {
  if (wanted === null && place.spec.sticky === true) return true;
  if (place.type === 'secret') return isSet(live) === isSet(wanted);
  if (wanted === null && makesDevice(place)) return !isSet(live);
  if (isClamped(place, live, wanted)) return true;
  if (wanted === null && place.sub === null && holdsIdentity(place.key)) return true;
  if (place.type === 'tags') return equalValues(lowered(live), lowered(wanted));
  const absent = isThere(place, observed) ? absentValue(place) : undefined;
  return equalValues(meaning(live, absent), meaning(wanted, absent));
}

/** True for the sub-key with which a device under `config:` comes and goes (`watchdog: model`). */
export function makesDevice(place: FieldPlace): boolean {
  const {key, sub, spec} = place;
  if (spec.key !== 'config' || key === null || sub === null || ABSENT_IS_DEFAULT.has(key))
    return false;
  const facts = factsOf(place);
  return facts?.defaultKey === true || facts?.required === true;
}

/** The most weight that cgroup v2 takes; Proxmox lowers what is more (`clamp_cpu_shares`). */
const MOST_CPU_UNITS = 10_000;

function isClamped({path}: FieldPlace, live: FieldValue | undefined, wanted: FieldValue): boolean {
  const more = typeof wanted === 'number' && wanted > MOST_CPU_UNITS;
  return path === 'cpu.units' && live === MOST_CPU_UNITS && more;
}

/** Tags whose case alone differs are the same to most clusters. */
function lowered(value: FieldValue | undefined): FieldValue | undefined {
  if (!isSet(value)) return undefined;
  return Array.isArray(value) ? value.map((item) => item.toLowerCase()) : value;
}

function meaning(
  value: FieldValue | undefined,
  absent: FieldValue | undefined,
): FieldValue | undefined {
  if (isSet(value)) return value;
  return isSet(absent) ? absent : undefined;
}

function isSet(value: FieldValue | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/**
 * Whether the key that holds the sub-key is there, or need not be, for its default to count. Slots
 * have a presence of their own, so that only keys under `config:` have to be looked at.
 */
function isThere({key, sub, spec}: FieldPlace, observed: Pick<Observed, 'body'>): boolean {
  if (spec.key !== 'config' || key === null || sub === null) return true;
  return ABSENT_IS_DEFAULT.has(key) || observed.body[`config.${key}`] === true;
}
