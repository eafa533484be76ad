// Why this exists: a configuration as Proxmox prints it, in the normal form in which Git's wishes
// are written, so that the two can be compared field by field.
import type {Body, FieldValue} from '../../core/model.ts';
import {type KeyFacts, qemuKey} from '../guest/key-facts.ts';
import {LEAF_CODECS} from '../guest/leaf.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {withoutMarker} from '../guest/marker.ts';
import {isPacked, type PropertyString, parseProperties} from '../guest/property-string.ts';
import {configLeafType, configSubKeys, isConfigKey} from './config-key.ts';
import {type Drive, formatOf, isDriveSlot, readDrive, storageOf} from './drive.ts';
import {fieldEntries} from './field-table.ts';

/** Fields of one family: the sub-key (null: the whole value), the template, the codec. */
interface Leaf {
  readonly sub: string | null;
  readonly template: string;
  readonly read: (text: string) => FieldValue;
}

type Leaves = {[path: string]: FieldValue};

const LEAVES: ReadonlyMap<string, readonly Leaf[]> = groupLeaves();

/** The body of a configuration: every field that is set, nothing else. */
export function projectConfig(config: LiveConfig): Body {
  const body: Leaves = {};
  for (const [key, text] of config) projectKey(body, key, text);
  return body;
}

function projectKey(body: Leaves, key: string, text: string): void {
  if (isDriveSlot(key)) return projectDrive(body, readDrive(key, text));
  const known = qemuKey(key);
  if (!known) return;
  if (known.family === 'efidisk0' || known.family === 'tpmstate0') {
    return projectState(body, known.family, parseProperties(text, known.facts));
  }
  if (known.family === 'unusedN') {
    body[`unused.${key}`] = true;
    return;
  }
  if (isConfigKey(key)) return projectFree(body, key, text, known.facts);
  const leaves = LEAVES.get(known.family) ?? [];
  const slot = known.family === 'ipconfigN' ? `net${known.index}` : key;
  if (known.family === 'netN') body[`networks.${slot}`] = true;
  if (known.family === 'ipconfigN') body[`cloudInit.ipConfig.${slot}`] = true;
  const parts = isPacked(known.facts) ? parseProperties(text, known.facts) : null;
  for (const leaf of leaves) {
    const raw = leaf.sub === null ? text : parts?.get(leaf.sub);
    if (raw !== undefined) put(body, leaf.template.replace('*', slot), leaf.read(raw));
  }
}

function projectDrive(body: Leaves, drive: Drive): void {
  const {slot, kind, file, storage} = drive;
  if (kind === 'cloud-init') {
    body['cloudInit.drive'] = true;
    body['cloudInit.drive.slot'] = slot;
    if (storage !== null) body['cloudInit.drive.storage'] = storage;
    return;
  }
  if (kind === 'cdrom') {
    body[`cdroms.${slot}`] = true;
    body[`cdroms.${slot}.file`] = file;
    return;
  }
  const base = `disks.${slot}`;
  body[base] = true;
  if (storage !== null) body[`${base}.storage`] = storage;
  body[`${base}.format`] = formatOf(file);
  for (const leaf of LEAVES.get('drive') ?? []) {
    const raw = leaf.sub === null ? undefined : drive.parts.get(leaf.sub);
    if (raw === undefined || !leaf.template.startsWith('disks.')) continue;
    put(body, leaf.template.replace('*', slot), leaf.read(raw));
  }
}

function projectState(body: Leaves, key: string, parts: PropertyString): void {
  const group = key === 'efidisk0' ? 'efi' : 'tpm';
  body[group] = true;
  const storage = storageOf(parts.get('file') ?? '');
  if (storage !== null) body[`${group}.storage`] = storage;
  for (const leaf of LEAVES.get(key) ?? []) {
    const raw = leaf.sub === null ? undefined : parts.get(leaf.sub);
    if (raw !== undefined) put(body, leaf.template, leaf.read(raw));
  }
}

function projectFree(body: Leaves, key: string, text: string, facts: KeyFacts): void {
  const path = `config.${key}`;
  if (!isPacked(facts)) {
    put(body, path, LEAF_CODECS[configLeafType(key, facts)].read(text));
    return;
  }
  body[path] = true;
  const parts = parseProperties(text, facts);
  for (const sub of configSubKeys(key, facts)) {
    const raw = parts.get(sub);
    const type = configLeafType('', facts.properties?.[sub] ?? {});
    if (raw !== undefined) put(body, `${path}.${sub}`, LEAF_CODECS[type].read(raw));
  }
}

/** Empty text and empty lists are how Proxmox stores "nothing". */
function put(body: Leaves, path: string, value: FieldValue): void {
  const shown = path === 'description' ? withoutMarker(String(value)) : value;
  if (shown === '' || (Array.isArray(shown) && shown.length === 0)) return;
  body[path] = shown;
}

function groupLeaves(): ReadonlyMap<string, readonly Leaf[]> {
  const groups = new Map<string, Leaf[]>();
  for (const [template, spec] of fieldEntries()) {
    const {key, type, derived} = spec;
    if (key === null || key === 'config' || type === 'presence' || derived !== undefined) continue;
    const leaf = {sub: spec.sub ?? null, template, read: LEAF_CODECS[type].read};
    groups.set(key, [...(groups.get(key) ?? []), leaf]);
  }
  return groups;
}
