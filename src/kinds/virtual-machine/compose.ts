// Why this exists: the way back from fields to Proxmox. A packed key is written as the live string
// with only the named sub-keys replaced, so that MAC addresses and what others set survive.
import {assert} from '../../core/assert.ts';
import type {ApiParam, FieldValue} from '../../core/model.ts';
import type {KeyFacts} from '../guest/facts.ts';
import {LEAF_CODECS} from '../guest/leaf.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {type Marker, withMarker} from '../guest/marker.ts';
import {
  formatProperties,
  isPacked,
  lacksRequired,
  mergeProperties,
  parseProperties,
} from '../guest/property-string.ts';
import {holdsIdentity} from './config-key.ts';
import {type FieldPlace, keyFactsOf, placeOfField} from './field-path.ts';
import {makesDevice} from './same.ts';

/** One field to be set; null takes it out. */
export interface Edit {
  readonly field: string;
  readonly to: FieldValue;
}

/** Edits of one action, by how they are carried out. */
export interface SortedEdits {
  /** Plain and packed keys, network cards included. */
  readonly keys: readonly Edit[];
  /** By slot path: `disks.scsi1`, `cdroms.ide2`, `cloudInit.drive`, `efi`, `tpm`. */
  readonly devices: ReadonlyMap<string, readonly Edit[]>;
  /** `unused0` and so on, to be deleted for good. */
  readonly unused: readonly Edit[];
  readonly node: FieldValue | undefined;
  readonly pool: FieldValue | undefined;
  readonly power: FieldValue | undefined;
  /** True when something takes effect only by a stop and start of the running guest. */
  readonly cycle: boolean;
  /** Fields that Proxmox refuses to take while the guest runs, written after its stop. */
  readonly refusedRunning: readonly string[];
  /** Fields that must not stay pending. */
  readonly inForce: readonly string[];
  /** Every field that is written. */
  readonly writes: readonly string[];
}

/** What a key shall be: a value, or null for "deleted". */
export type KeyEdits = ReadonlyMap<string, ApiParam | null>;

/** Turns edits of fields into edits of keys, on top of the configuration that is there. */
export function composeKeys(edits: readonly Edit[], live: LiveConfig, marker: Marker): KeyEdits {
  const byKey = new Map<string, FieldPlaceEdit[]>();
  for (const {field, to} of edits) {
    const place = placeOfField(field);
    assert(place.key !== null, `${field} is no configuration key`);
    byKey.set(place.key, [...(byKey.get(place.key) ?? []), {place, to}]);
  }
  const keys = new Map<string, ApiParam | null>();
  for (const [key, list] of byKey) keys.set(key, composeKey(list, live.get(key), marker));
  return keys;
}

interface FieldPlaceEdit {
  readonly place: FieldPlace;
  readonly to: FieldValue;
}

function composeKey(
  edits: readonly FieldPlaceEdit[],
  live: string | undefined,
  marker: Marker,
): ApiParam | null {
  const [first] = edits;
  assert(first, 'a key is edited by at least one field');
  const facts = keyFactsOf(first.place);
  if (facts === null || !isPacked(facts)) return plainValue(first, marker);
  if (edits.some(({place, to}) => place.type === 'presence' && to === null)) {
    return holdsIdentity(first.place.key) ? identityOf(live, facts) : null;
  }
  if (edits.some(({place, to}) => to === null && makesDevice(place))) return null;
  const changes = new Map<string, string | null>();
  for (const {place, to} of edits) {
    if (place.sub === null) continue;
    changes.set(place.sub, to === null ? null : LEAF_CODECS[place.type].write(to));
  }
  const base = parseProperties(live ?? '', facts);
  const merged = new Map(mergeProperties(base, changes));
  if (first.place.key === 'boot' && merged.has('order')) merged.delete('legacy');
  const removes = [...changes.values()].includes(null);
  if (merged.size === 0 || (removes && lacksRequired(merged, facts))) return null;
  return formatProperties(merged, facts);
}

/** What is left of a key that may not go: the guest's UUID. */
function identityOf(live: string | undefined, facts: KeyFacts): string | null {
  const uuid = parseProperties(live ?? '', facts).get('uuid');
  return uuid === undefined ? null : `uuid=${uuid}`;
}

function plainValue({place, to}: FieldPlaceEdit, marker: Marker): ApiParam | null {
  if (place.key === 'description') return withMarker(to === null ? '' : String(to), marker);
  if (to === null || (Array.isArray(to) && to.length === 0)) return null;
  if (typeof to === 'object' && 'secretRef' in to) return to;
  return LEAF_CODECS[place.type].write(to);
}
