// Why this exists: which keys may stand under `config:`, what type each value and sub-key has, and
// where a refused key belongs instead.
import type {KeyFacts, LeafFacts} from '../guest/facts.ts';
import {type KnownKey, qemuFamilies, qemuKey} from '../guest/key-facts.ts';
import type {LeafType} from '../guest/leaf.ts';
import {isPacked} from '../guest/property-string.ts';
import {DRIVE_FAMILIES, fieldEntries} from './field-table.ts';

/** What a key under `config:` is: manageable there, or why not and what to write instead. */
export type ConfigKey =
  | {readonly kind: 'allowed'; readonly known: KnownKey}
  | {readonly kind: 'field'; readonly field: string}
  | {readonly kind: 'refused'; readonly because: string}
  | {readonly kind: 'unknown'};

const REFUSED: Readonly<Record<string, string>> = {
  lock: 'locks belong to Proxmox and to people',
  digest: 'it is computed by Proxmox',
  meta: 'it is written by Proxmox',
  vmgenid: 'it is the identity of a boot, and only root@pam may set it',
};

const ALIASES: Readonly<Record<string, string>> = {cdrom: 'cdroms.ide2', smp: 'cpu.sockets'};

const FIELD_BY_KEY: ReadonlyMap<string, string> = new Map(
  fieldEntries().flatMap(([template, spec]) =>
    spec.key === null || spec.key === 'config' ? [] : [[spec.key, groupOf(template, spec.sub)]],
  ),
);

/** Judges a key that somebody wrote under `config:`. */
export function judgeConfigKey(key: string): ConfigKey {
  const because = Object.hasOwn(REFUSED, key) ? REFUSED[key] : undefined;
  if (because !== undefined) return {kind: 'refused', because};
  const alias = Object.hasOwn(ALIASES, key) ? ALIASES[key] : undefined;
  if (alias !== undefined) return {kind: 'field', field: alias};
  const known = qemuKey(key);
  if (!known) return {kind: 'unknown'};
  const field = fieldOfFamily(known.family);
  return field === null ? {kind: 'allowed', known} : {kind: 'field', field};
}

/** True for keys of a live configuration that show under `config` of a body. */
export function isConfigKey(key: string): boolean {
  return judgeConfigKey(key).kind === 'allowed';
}

/** Families that may stand under `config:`, for the schema and the documentation. */
export function configFamilies(): readonly (readonly [string, KeyFacts])[] {
  return qemuFamilies().filter(
    ([family]) =>
      !Object.hasOwn(REFUSED, family) &&
      !Object.hasOwn(ALIASES, family) &&
      fieldOfFamily(family) === null,
  );
}

/** Every concrete key that may stand under `config:` (`usb0` … `usb13`). */
export function configKeys(): readonly (readonly [string, KeyFacts])[] {
  return configFamilies().flatMap(([family, facts]) =>
    facts.indexed === undefined
      ? [[family, facts] as const]
      : Array.from({length: facts.indexed}, (_, index) => {
          return [`${family.slice(0, -1)}${index}`, facts] as const;
        }),
  );
}

/** True for the key that holds the UUID by which a guest is told from another: it never goes. */
export function holdsIdentity(key: string | null): boolean {
  return key === 'smbios1';
}

/** Sub-keys that may be managed: no aliases, and not the UUID that is a guest's witness. */
export function configSubKeys(key: string, facts: KeyFacts): readonly string[] {
  if (!isPacked(facts)) return [];
  return Object.entries(facts.properties ?? {})
    .filter(([sub, leaf]) => leaf.alias === undefined && !(holdsIdentity(key) && sub === 'uuid'))
    .map(([sub]) => sub);
}

/** How a value under `config:` is spelt. */
export function configLeafType(key: string, facts: LeafFacts): LeafType {
  if (key === 'hotplug') return 'hotplug';
  if (facts.type === 'boolean') return 'boolean';
  if (facts.type === 'integer') return 'integer';
  return facts.type === 'number' ? 'number' : 'text';
}

/** `cpu.cores` for a field of its own, `agent` for one of several in a packed key. */
function groupOf(template: string, sub: string | undefined): string {
  const plain = template.split('.*')[0] ?? '';
  return sub === undefined ? plain : plain.replace(/\.[^.]*$/, '');
}

function fieldOfFamily(family: string): string | null {
  if (DRIVE_FAMILIES.some((name) => name === family)) return 'disks';
  return FIELD_BY_KEY.get(family) ?? null;
}
