// Why this exists: one way to ask what Proxmox knows of a configuration key or a sub-key.
import {assert} from '../../core/assert.ts';
import type {KeyFacts} from './facts.ts';
import {QEMU_KEYS} from './keys.generated.ts';

/** A key's family (`scsiN` for `scsi3`, else the key itself), its facts, and its slot number. */
export interface KnownKey {
  readonly family: string;
  readonly facts: KeyFacts;
  readonly index: number | null;
}

/** All keys and families of a QEMU guest. */
export function qemuFamilies(): readonly (readonly [string, KeyFacts])[] {
  return FAMILIES;
}

/** Made once: every field of every guest asks for it. */
const FAMILIES: readonly (readonly [string, KeyFacts])[] = Object.entries(QEMU_KEYS);

const TABLE: ReadonlyMap<string, KeyFacts> = new Map(FAMILIES);

/** The facts of a concrete key such as `scsi3` or `vga`; null for what Proxmox does not know. */
export function qemuKey(key: string): KnownKey | null {
  const plain = TABLE.get(key);
  if (plain && plain.indexed === undefined) return {family: key, facts: plain, index: null};
  const match = /^([a-z]+)(0|[1-9]\d*)$/.exec(key);
  if (!match) return null;
  const [, stem = '', digits = ''] = match;
  const facts = TABLE.get(`${stem}N`);
  const index = Number(digits);
  if (facts?.indexed === undefined || index >= facts.indexed) return null;
  return {family: `${stem}N`, facts, index};
}

/** The facts of a key that must exist; a wrong name is our own mistake. */
export function familyFacts(family: string): KeyFacts {
  const facts = TABLE.get(family);
  assert(facts, `no such key: ${family}`);
  return facts;
}
