// Why this exists: a configuration as Proxmox prints it, in the normal form in which Git's wishes
// are written, so that the two can be compared field by field.
import type {Body, FieldValue} from '../../core/model.ts';
import type {KeyFacts} from '../guest/facts.ts';
import {qemuKey} from '../guest/key-facts.ts';
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

/** Puts the value of one key into a body. */
type Project = (body: Leaves, text: string) => void;

const LEAVES: ReadonlyMap<string, readonly Leaf[]> = groupLeaves();

/** Worked out once a key, for those that Proxmox knows: every guest of every pass has them. */
const PROJECTS = new Map<string, Project>();

/** The body of a configuration: every field that is set, nothing else. */
export function projectConfig(config: LiveConfig): Body {
  const body: Leaves = {};
  for (const [key, text] of config) projectOf(key)?.(body, text);
  // Sockets of old: Proxmox writes them as `sockets` with the next write of whatever key.
  const smp = config.get('smp');
  if (smp !== undefined && !config.has('sockets')) projectOf('sockets')?.(body, smp);
  return body;
}

function projectOf(key: string): Project | null {
  const made = PROJECTS.get(key) ?? makeProject(key);
  if (made !== null) PROJECTS.set(key, made);
  return made;
}

function makeProject(key: string): Project | null {
  if (isDriveSlot(key)) return projectDrive(key);
  const known = qemuKey(key);
  if (!known) return null;
  const {family, facts, index} = known;
  if (family === 'efidisk0' || family === 'tpmstate0') {
    return (body, text) => projectState(body, family, parseProperties(text, facts));
  }
  if (family === 'unusedN') {
    return (body) => {
      body[`unused.${key}`] = true;
    };
  }
  if (isConfigKey(key)) return projectFree(key, facts);
  return projectFields(family, family === 'ipconfigN' ? `net${index}` : key, facts);
}

/** The way of a key whose value is one field, or several in a property string. */
function projectFields(family: string, slot: string, facts: KeyFacts): Project {
  const present = slotOf(family, slot);
  const leaves = leavesAt(family, slot);
  const packed = isPacked(facts);
  return (body, text) => {
    if (present !== null) body[present] = true;
    const parts = packed ? parseProperties(text, facts) : null;
    for (const leaf of leaves) {
      const raw = leaf.sub === null ? text : parts?.get(leaf.sub);
      if (raw !== undefined) put(body, leaf.template, leaf.read(raw));
    }
  };
}

function slotOf(family: string, slot: string): string | null {
  if (family === 'netN') return `networks.${slot}`;
  return family === 'ipconfigN' ? `cloudInit.ipConfig.${slot}` : null;
}

/** The fields of a family with a slot's own name in their paths. */
function leavesAt(family: string, slot: string): readonly Leaf[] {
  const leaves = LEAVES.get(family) ?? [];
  return leaves.map((leaf) => ({...leaf, template: leaf.template.replace('*', slot)}));
}

function projectDrive(key: string): Project {
  const leaves = leavesAt('drive', key).filter(({template}) => template.startsWith('disks.'));
  return (body, text) => {
    const drive = readDrive(key, text);
    if (drive.kind === 'disk') putDisk(body, drive, leaves);
    else putDisc(body, drive);
  };
}

function putDisk(body: Leaves, {slot, file, storage, parts}: Drive, leaves: readonly Leaf[]): void {
  const base = `disks.${slot}`;
  body[base] = true;
  if (storage !== null) body[`${base}.storage`] = storage;
  body[`${base}.format`] = formatOf(file);
  for (const leaf of leaves) {
    const raw = leaf.sub === null ? undefined : parts.get(leaf.sub);
    if (raw !== undefined) put(body, leaf.template, leaf.read(raw));
  }
}

function putDisc(body: Leaves, {slot, kind, file, storage}: Drive): void {
  if (kind === 'cdrom') {
    body[`cdroms.${slot}`] = true;
    body[`cdroms.${slot}.file`] = file;
    return;
  }
  body['cloudInit.drive'] = true;
  body['cloudInit.drive.slot'] = slot;
  if (storage !== null) body['cloudInit.drive.storage'] = storage;
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

function projectFree(key: string, facts: KeyFacts): Project {
  const path = `config.${key}`;
  if (!isPacked(facts)) {
    const {read} = LEAF_CODECS[configLeafType(key, facts)];
    return (body, text) => put(body, path, read(text));
  }
  const leaves = configSubKeys(key, facts).map((sub): Leaf & {readonly sub: string} => {
    const {read} = LEAF_CODECS[configLeafType('', facts.properties?.[sub] ?? {})];
    return {sub, template: `${path}.${sub}`, read};
  });
  return (body, text) => {
    body[path] = true;
    const parts = parseProperties(text, facts);
    for (const {sub, template, read} of leaves) {
      const raw = parts.get(sub);
      if (raw !== undefined) put(body, template, read(raw));
    }
  };
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
