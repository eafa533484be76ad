// Why this exists: what of a guest no manifest can say yet, or must not, is written down beside it,
// so that nobody takes silence for "there is nothing".
import {isObject} from '../../core/json.ts';
import type {ExportRequest} from '../../core/kind.ts';
import {fieldRule} from '../../core/kind.ts';
import type {Inventory, Observed} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {configuredOf} from '../guest/live-config.ts';
import {baseOwner, drivesOf} from './drive.ts';
import {FIELDS} from './fields.ts';
import {snapshotPath, vmidOfKey} from './reads.ts';

/** A sentence for people, and where it belongs. */
export interface Note {
  readonly path: string | null;
  readonly says: string;
}

/** Everything about a guest that its manifest does not say. */
export function exportNotes({observed, inventory}: ExportRequest): readonly Note[] {
  return [
    ...identityNotes(observed),
    ...driveNotes(observed),
    ...keyNotes(observed),
    ...pendingNotes(observed),
    ...snapshotNotes(observed, inventory),
  ];
}

function identityNotes({witness, ha, lock, body, ownership}: Observed): readonly Note[] {
  const notes: Note[] = [];
  if (witness === null) {
    const says = 'It has no smbios1 uuid, so it cannot be adopted: give it one, and import again.';
    notes.push({path: null, says});
  }
  if (ownership.kind === 'foreign') {
    notes.push({
      path: null,
      says: `Its description has the marker of another: ${ownership.marker}`,
    });
  }
  if (ha !== null) {
    const says = 'HA manages it, so whether it runs is left to HA and not declared.';
    notes.push({path: null, says});
  }
  if (lock !== null)
    notes.push({path: null, says: `It was locked (${lock}) when it was imported.`});
  if (body['config.template'] === true) {
    notes.push({path: 'spec.config', says: 'A template: it never runs.'});
  }
  return notes;
}

function driveNotes(observed: Observed): readonly Note[] {
  const vmid = vmidOfKey(observed.key);
  const drives = drivesOf(configuredOf(observed)).flatMap((drive): readonly Note[] => {
    const {slot, file, kind, storage} = drive;
    const path = `spec.disks.${slot}`;
    const base = baseOwner(file);
    if (kind !== 'disk') return [];
    if (storage === null) {
      const says = `Not managed: ${slot} is ${file} of the host, which only root@pam may give.`;
      return [{path: null, says}];
    }
    if (base === null || base === vmid) return [];
    return [{path, says: `A linked clone: it stands on a base volume of ${base}.`}];
  });
  const unused = [...configuredOf(observed)].flatMap(([key, volume]): readonly Note[] => {
    if (qemuKey(key)?.family !== 'unusedN') return [];
    const remedy = `to delete it for good, write unused: {${key}: null}.`;
    return [{path: null, says: `Not managed: ${key} is the detached volume ${volume}; ${remedy}`}];
  });
  return [...drives, ...unused];
}

/** Keys that Proxmox writes itself and that say nothing to people. */
const SILENT = new Set([
  'digest',
  'lock',
  'meta',
  'vmgenid',
  'smbios1',
  'parent',
  'runningmachine',
]);

function keyNotes(observed: Observed): readonly Note[] {
  const notes: Note[] = [];
  for (const [key, text] of configuredOf(observed)) {
    if (key === 'cipassword') {
      const remedy = 'to manage it, write cloudInit.password: {secretRef: {name: …, key: …}}.';
      notes.push({path: null, says: `A cloud-init password is set and cannot be read; ${remedy}`});
    } else if (key === 'boot' && !text.includes('order=')) {
      const now = text.trim() === '' ? 'names no device' : `is ${text}, the old spelling`;
      const says = `Not managed: boot ${now}; boot.order replaces it.`;
      notes.push({path: null, says});
    } else if (qemuKey(key) === null && !SILENT.has(key)) {
      notes.push({path: null, says: `Not managed: ${key}, a key that this pvegit does not know.`});
    }
  }
  return notes;
}

function pendingNotes({active, body}: Observed): readonly Note[] {
  return Object.entries(active).flatMap(([path, value]) => {
    const rule = fieldRule(FIELDS, path)?.rule;
    const show = rule?.show ?? String;
    if (rule === undefined) return [];
    const now = `${path} is ${show(value)} now and ${show(body[path])} after a stop and start`;
    return [{path: null, says: `A change is pending in Proxmox: ${now}.`}];
  });
}

function snapshotNotes(observed: Observed, inventory: Inventory): readonly Note[] {
  const vmid = vmidOfKey(observed.key);
  const read = vmid === null ? undefined : inventory.reads[snapshotPath(observed.node, vmid)];
  if (!read?.outcome.ok || !Array.isArray(read.outcome.data)) return [];
  const names = read.outcome.data.flatMap((one: unknown) => {
    return isObject(one) && one['name'] !== 'current' ? [String(one['name'])] : [];
  });
  if (names.length === 0) return [];
  const says = `Snapshots are left alone: ${names.join(', ')}.`;
  return [{path: null, says}];
}
