// Why this exists: one way to ask what Proxmox knows of a configuration key or a sub-key.
import {assert} from '../../core/assert.ts';
import {QEMU_KEYS} from './keys.generated.ts';

/** What Proxmox's schema says of one value. */
export interface LeafFacts {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: string | number;
  /** ECMAScript, anchored. */
  readonly pattern?: string;
  /** In a property string: its name may be left out. */
  readonly defaultKey?: true;
  readonly required?: true;
  /** In a property string: another name for that sub-key. */
  readonly alias?: string;
  /** In a property string: the name itself is the value of that sub-key (`virtio=MAC`). */
  readonly keyAlias?: string;
  readonly since?: string;
}

/** What Proxmox knows of one key. */
export interface KeyFacts extends LeafFacts {
  /** When a change takes effect on a running guest: `immediate`, `pending` or `class:<word>`. */
  readonly hotplug: string;
  /** True: refused for every token. */
  readonly rootOnly?: true;
  /** Number of slots of a family. */
  readonly indexed?: number;
  readonly privilege: string;
  readonly properties?: Readonly<Record<string, LeafFacts>>;
}

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
