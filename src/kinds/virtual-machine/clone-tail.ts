// Why this exists: what a fresh clone looks like can be foreseen from its template, but for volume
// ids, MAC addresses and its UUID; so most of what makes it the wanted guest is planned at once.
import type {Change, Finding} from '../../core/action.ts';
import type {Body, Desired, FieldValue, Inventory, Observed} from '../../core/model.ts';
import {familyFacts, qemuKey} from '../guest/key-facts.ts';
import {type LiveConfig, rawConfig} from '../guest/live-config.ts';
import {type Marker, withMarker} from '../guest/marker.ts';
import {formatProperties, mergeProperties, parseProperties} from '../guest/property-string.ts';
import {cloneOf} from './creation.ts';
import {driveFacts, isDriveSlot, readDrive} from './drive.ts';
import {deviceOf} from './edits.ts';
import {placeOfField} from './field-path.ts';
import {projectConfig} from './project.ts';
import {sameField} from './same.ts';
import type {Draft} from './step-draft.ts';
import {updateSteps} from './update.ts';

/** What the calls after a clone are foreseen from. */
export interface TailInput {
  readonly desired: Desired;
  readonly marker: Marker;
  readonly template: LiveConfig;
  readonly node: string;
}

/** The calls after the clone; the guest is started only when nothing is left for a next pass. */
export function cloneTail(input: TailInput): {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
  readonly later: readonly string[];
} {
  const {desired, marker} = input;
  const observed = foresee(input);
  // In one order, whatever the document's: new volumes get their numbers as they come.
  const declared = Object.entries(desired.body).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const differing = declared.filter(([field, wanted]) => {
    if (field === 'power' || field === 'node' || field === 'pool') return false;
    return !sameField(placeOfField(field), observed.body[field], wanted, observed);
  });
  const planned = differing.filter(([field]) => isForeseeable(field, observed));
  const later = differing
    .map(([field]) => field)
    .filter((field) => !isForeseeable(field, observed));
  const power = desired.body['power'];
  if (power === 'running' && later.length === 0) planned.push(['power', power]);
  else if (power === 'running') later.push('power');
  const changes = planned.map(([field, to]) => changeOf(field, to, observed));
  const {drafts, findings} = updateSteps(requestOf(input, observed, changes), observed, marker);
  const calls = drafts.filter(({operation}) => operation !== 'cloud-init');
  return {drafts: calls.map(renewingMacs), findings, later};
}

/** A clone's MAC is random, and writing a NIC without one gives it another: nothing is lost. */
function renewingMacs(draft: Draft): Draft {
  const nics = draft.fields.flatMap((field) => /^networks\.net\d+/.exec(field) ?? []);
  const macs = [...new Set(nics)].map((nic) => `${nic}.mac`);
  return {...draft, fields: [...new Set([...draft.fields, ...macs])]};
}

/** The clone as it will be observed: stopped, with unknown volume ids and without MAC addresses. */
function foresee({desired, marker, template, node}: TailInput): Observed {
  const clone = cloneOf(desired);
  const wanted = desired.body['description'];
  const description = typeof wanted === 'string' ? wanted : '';
  const config = new Map<string, string>();
  for (const [key, text] of template) {
    const copied = copyKey(key, text, clone?.storage);
    if (copied !== null) config.set(key, copied);
  }
  const name = desired.body['name'];
  const former = template.get('name');
  config.set('name', typeof name === 'string' ? name : `Copy-of-VM-${former ?? clone?.vmid}`);
  config.set('description', withMarker(description, marker));
  const {configured, active} = rawConfig({configured: config, active: config, digest: null});
  const place: Body = {node, power: 'stopped'};
  return {
    key: desired.key,
    kind: desired.kind,
    name: null,
    node,
    body: {...projectConfig(config), ...place},
    active: {},
    unreadable: config.has('cipassword') ? ['cloudInit.password'] : [],
    ownership: {kind: 'ours'},
    witness: null,
    lock: null,
    digest: null,
    power: 'stopped',
    protection: config.get('protection') === '1',
    ha: null,
    raw: {configured, active},
  };
}

/** One key as a clone has it; null for what is not copied. */
function copyKey(key: string, text: string, storage: string | undefined): string | null {
  if (key === 'template' || key === 'lock' || key === 'parent' || key === 'vmgenid') return null;
  if (/^unused\d+$/.test(key)) return null;
  if (isDriveSlot(key)) return copyDrive(key, text, storage);
  const known = qemuKey(key);
  if (known?.family === 'netN') {
    const parts = mergeProperties(parseProperties(text, known.facts), new Map([['macaddr', null]]));
    return formatProperties(parts, known.facts);
  }
  if (key === 'efidisk0' || key === 'tpmstate0') return copyVolume(text, key, storage);
  return text;
}

function copyDrive(slot: string, text: string, storage: string | undefined): string {
  const drive = readDrive(slot, text);
  if (drive.kind === 'cdrom' || drive.storage === null || storage === undefined) return text;
  const file = drive.file.replace(/^[^:]*/, storage);
  return formatProperties(
    mergeProperties(drive.parts, new Map([['file', file]])),
    driveFacts(slot),
  );
}

function copyVolume(text: string, key: string, storage: string | undefined): string {
  const facts = familyFacts(key);
  const parts = parseProperties(text, facts);
  const file = parts.get('file');
  if (file === undefined || storage === undefined) return text;
  const moved = file.replace(/^[^:]*/, storage);
  return formatProperties(mergeProperties(parts, new Map([['file', moved]])), facts);
}

/**
 * Whether a difference can be carried out without knowing the clone's volume ids: a slot that is
 * added or leaves, a size, a medium; not the options of a disk that is cloned.
 */
function isForeseeable(field: string, observed: Observed): boolean {
  const device = deviceOf(field);
  if (device === null || device === field) return true;
  if (observed.body[device] !== true) return true;
  return field.endsWith('.size') || device.startsWith('cdroms.');
}

function changeOf(field: string, to: FieldValue, observed: Observed): Change {
  return {
    field,
    from: observed.body[field],
    to,
    risk: 'benign',
    because: '',
    cause: 'pending',
    shown: {from: '', to: ''},
  };
}

function requestOf(input: TailInput, observed: Observed, changes: readonly Change[]) {
  const {desired, marker} = input;
  const inventory: Inventory = {
    cluster: marker.cluster,
    takenAt: 0,
    reads: {},
    release: null,
    clockOffsetMs: {},
  };
  return {
    installation: marker.installation,
    cluster: marker.cluster,
    verb: 'create' as const,
    key: desired.key,
    desired,
    observed,
    record: null,
    changes,
    inventory,
    secretHashes: {},
  };
}
