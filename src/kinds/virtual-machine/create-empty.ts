// Why this exists: a guest without a template is created whole in one call, with its marker; only
// the password follows by itself, because the creating call would store it in plain text.
import type {Finding} from '../../core/action.ts';
import type {ApiParam, Desired, Observed} from '../../core/model.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {type Marker, withMarker} from '../guest/marker.ts';
import {composeKeys, type Edit} from './compose.ts';
import {importOf} from './creation.ts';
import {resize, start, writeConfig} from './drafts.ts';
import {deviceOf} from './edits.ts';
import {placeOfField} from './field-path.ts';
import {keyFindings} from './key-findings.ts';
import {aboutEdits} from './key-steps.ts';
import {newStartFindings} from './startable.ts';
import {type Draft, WAIT_MS} from './step-draft.ts';
import {newDisk, newState, type VolumeText} from './volume.ts';

/** The calls that create a guest from nothing or from images. */
export function emptySteps(
  desired: Desired,
  node: string,
  marker: Marker,
): {readonly drafts: readonly Draft[]; readonly findings: readonly Finding[]} {
  const edits = editsOf(desired);
  const guest = {node, vmid: marker.vmid};
  const params: {[key: string]: ApiParam} = {vmid: marker.vmid, ...plainKeys(edits, marker)};
  const findings: Finding[] = [];
  for (const [device, slot, volume] of devices(desired)) {
    if (volume.ok) params[slot] = volume.text;
    else findings.push({reason: 'waiting', detail: `${device}: ${volume.because}`});
  }
  const {pool, power} = desired.body;
  findings.push(...keyFindings(keyEdits(edits), {desired, observed: nothing(desired), marker}));
  if (power === 'running') findings.push(...newStartFindings(textOf(params)));
  if (typeof pool === 'string') params['pool'] = pool;
  const drafts: Draft[] = [
    {
      kind: 'task',
      operation: 'create',
      says: `create guest ${marker.vmid} on ${node}`,
      method: 'POST',
      path: `/nodes/${node}/qemu`,
      params,
      digest: false,
      fields: edits.map(({field}) => field),
      expect: typeof desired.body['name'] === 'string' ? {name: desired.body['name']} : {},
      timeoutMs: WAIT_MS.copy,
      target: {},
      leaves: 'stopped',
    },
    ...passwordDrafts(desired, guest),
    ...growth(desired, guest),
    ...(power === 'running' ? [start(guest)] : []),
  ];
  return {drafts, findings};
}

/** Only what is declared, and nothing that must be absent: nothing is there yet. */
function editsOf(desired: Desired): readonly Edit[] {
  return Object.entries(desired.body)
    .filter(([, to]) => to !== null)
    .map(([field, to]) => ({field, to}));
}

function keyEdits(edits: readonly Edit[]): readonly Edit[] {
  return edits.filter(
    ({field}) => deviceOf(field) === null && placeOfField(field).key !== null && !isSecret(field),
  );
}

/** What plain keys are judged beside: nothing is there yet. */
function nothing({key, kind, body}: Desired): Observed {
  return {
    key,
    kind,
    name: null,
    node: String(body['node']),
    body: {},
    active: {},
    unreadable: [],
    ownership: {kind: 'unmarked'},
    witness: null,
    lock: null,
    digest: null,
    power: 'stopped',
    protection: false,
    ha: null,
    raw: {configured: {}, active: {}},
  };
}

function textOf(params: {readonly [key: string]: ApiParam}): LiveConfig {
  return new Map(Object.entries(params).map(([key, value]) => [key, String(value)]));
}

function plainKeys(edits: readonly Edit[], marker: Marker): {readonly [key: string]: ApiParam} {
  const params: {[key: string]: ApiParam} = {description: withMarker('', marker)};
  for (const [key, value] of composeKeys(keyEdits(edits), new Map(), marker)) {
    if (value !== null) params[key] = value;
  }
  return params;
}

function devices(desired: Desired): readonly (readonly [string, string, VolumeText])[] {
  const {body} = desired;
  const found = Object.keys(body).filter((path) => deviceOf(path) === path && body[path] === true);
  // In one order, whatever the document's: new volumes get their numbers as they come.
  return found.toSorted().map((device) => {
    if (device === 'efi') return [device, 'efidisk0', newState('efi', body)];
    if (device === 'tpm') return [device, 'tpmstate0', newState('tpm', body)];
    if (device === 'cloudInit.drive') {
      const slot = String(body['cloudInit.drive.slot'] ?? 'ide2');
      const storage = String(body['cloudInit.drive.storage'] ?? 'local');
      return [device, slot, {ok: true, text: `${storage}:cloudinit`}];
    }
    const slot = device.slice(device.indexOf('.') + 1);
    if (!device.startsWith('cdroms.')) {
      return [device, slot, newDisk(slot, body, importOf(desired, slot))];
    }
    const medium = String(body[`${device}.file`] ?? 'none');
    return [device, slot, {ok: true, text: `${medium},media=cdrom`}];
  });
}

function passwordDrafts(
  desired: Desired,
  guest: {readonly node: string; readonly vmid: number},
): readonly Draft[] {
  const field = 'cloudInit.password';
  const value = desired.body[field];
  if (typeof value !== 'object' || value === null || !('secretRef' in value)) return [];
  const about = aboutEdits([{field, to: value}]);
  return [writeConfig(guest, {says: 'set the password', set: {cipassword: value}, ...about})];
}

/** An imported volume has its image's size. */
function growth(
  desired: Desired,
  guest: {readonly node: string; readonly vmid: number},
): readonly Draft[] {
  return Object.entries(desired.body).flatMap(([path, size]) => {
    const slot = /^disks\.([a-z]+\d+)\.size$/.exec(path)?.[1];
    if (slot === undefined || typeof size !== 'number' || importOf(desired, slot) === null)
      return [];
    return [resize(guest, slot, path, size)];
  });
}

function isSecret(field: string): boolean {
  return placeOfField(field).type === 'secret';
}
