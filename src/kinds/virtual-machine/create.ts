// Why this exists: a guest comes to exist marked, and everything that can be foreseen follows in
// the same action. What cannot (options of a cloned disk need its volume id) is the next pass's
// update on the stopped guest, and only then is it started.
import type {Finding} from '../../core/action.ts';
import type {StepRequest} from '../../core/kind.ts';
import type {ApiParam, Claim, Desired} from '../../core/model.ts';
import {type Listing, listingOf} from '../guest/listing.ts';
import {type LiveConfig, readPending} from '../guest/live-config.ts';
import {excessOf, type Marker, withMarker, withoutMarker} from '../guest/marker.ts';
import {clonePlace} from './clone-place.ts';
import {cloneTail} from './clone-tail.ts';
import {emptySteps} from './create-empty.ts';
import {type CloneCreation, cloneOf, saysHow} from './creation.ts';
import {migrate} from './drafts.ts';
import {type Drive, drivesOf} from './drive.ts';
import {volumesOf} from './migration.ts';
import {pendingPath} from './reads.ts';
import {type Draft, WAIT_MS} from './step-draft.ts';
import {absentStorages} from './transfer.ts';

/** Calls that create a guest, with what speaks against them. */
export interface CreateSteps {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
  /** Where the guest appears first; a move may follow. */
  readonly node: string;
  readonly loads: readonly string[];
  /** Declared fields that are left to a next pass. */
  readonly later: readonly string[];
  /** What is copied though it is no template. */
  readonly claims: readonly Claim[];
  /** What of another's configuration comes along; none where it is made from nothing. */
  readonly base?: LiveConfig;
}

/** A template as the inventory shows it. */
interface Template {
  readonly node: string;
  readonly config: ReadonlyMap<string, string>;
  readonly isTemplate: boolean;
}

/** The calls that create a guest. */
export function createSteps(request: StepRequest, desired: Desired, marker: Marker): CreateSteps {
  const answer = listingOf(request.inventory);
  const wanted = desired.body['node'];
  const node = typeof wanted === 'string' ? wanted : '';
  if (answer.kind !== 'listing')
    return refused(node, 'incomplete', 'the list of guests is missing');
  if (!saysHow(desired)) {
    return refused(
      node,
      'waiting',
      'it is not there and the manifest does not say how to create it (clone, image or empty)',
    );
  }
  const clone = cloneOf(desired);
  if (clone === null) {
    const findings = nodeFindings(node, answer.listing);
    const made = emptySteps(desired, node, marker);
    const loads = [`task:${node}`];
    const all = [
      ...findings,
      ...made.findings,
      ...(findings.length > 0 ? [] : absentStorages(made.drafts, request.inventory)),
    ];
    return {...made, findings: all, node, loads, later: [], claims: []};
  }
  const template = findTemplate(clone, request, answer.listing);
  if ('reason' in template) return refused(node, template.reason, template.detail);
  return cloneSteps({desired, marker, clone, template, listing: answer.listing});
}

interface CloneInput {
  readonly desired: Desired;
  readonly marker: Marker;
  readonly clone: CloneCreation;
  readonly template: Template;
  readonly listing: Listing;
}

function cloneSteps(input: CloneInput): CreateSteps {
  const {desired, marker, clone, template, listing} = input;
  const wanted = desired.body['node'];
  const node = typeof wanted === 'string' ? wanted : template.node;
  const full = clone.full ?? (clone.storage !== undefined || !template.isTemplate);
  const place = clonePlace({clone, full, template, wanted: node, listing});
  const described = withMarker(cloneText(desired.body['description'], template), marker);
  const tail = cloneTail({desired, marker, template: template.config, node});
  const {move} = place;
  const made = {node: place.node, vmid: marker.vmid};
  return {
    drafts: [
      cloneDraft(input, {described, full, params: place.params}),
      ...(move === null ? [] : [migrate(made, move.target, move.options, move.volumes)]),
      ...tail.drafts,
    ],
    findings: [
      ...nodeFindings(node, listing),
      ...place.findings,
      ...roomFindings(described),
      ...tail.findings,
    ],
    node: place.node,
    loads: [
      `task:${template.node}`,
      ...(move === null ? [] : [`task:${move.target}`]),
      ...place.storages.map((storage) => `clone:${storage}`),
    ],
    later: tail.later,
    claims: [
      ...(template.isTemplate ? [] : [copiedGuest(clone.vmid)]),
      ...(clone.storage === undefined ? inheritedStorages(volumesOf(template.config)) : []),
    ],
    base: copied(template.config),
  };
}

/** Volumes get names of their own; devices and media are the same. */
function copied(config: LiveConfig): LiveConfig {
  const own = new Set([
    ...['efidisk0', 'tpmstate0'],
    ...drivesOf(config).flatMap(({slot, kind}) => (kind === 'cdrom' ? [] : [slot])),
  ]);
  return new Map([...config].filter(([key]) => !own.has(key)));
}

/** A template is there to be cloned; the disks of another guest are for those who may touch it. */
function copiedGuest(vmid: number): Claim {
  return {space: 'vmid', value: String(vmid), exclusive: false, path: 'clone.vmid'};
}

/** Without a storage of its own, a clone lands where its template lies. */
function inheritedStorages(drives: readonly Drive[]): readonly Claim[] {
  const storages = new Set(drives.flatMap(({storage}) => storage ?? []));
  return [...storages].map((value): Claim => {
    return {space: 'storage', value, exclusive: false, path: 'clone.storage'};
  });
}

function roomFindings(text: string): readonly Finding[] {
  const excess = excessOf(text);
  if (excess === 0) return [];
  const much = `the template's description is ${excess} characters too long for the marker`;
  return [{reason: 'waiting', detail: `${much}; declare a description, or shorten it there`}];
}

function cloneDraft(
  {desired, marker, clone, template}: CloneInput,
  call: {
    readonly described: string;
    readonly full: boolean;
    readonly params: {readonly [key: string]: ApiParam};
  },
): Draft {
  const {body} = desired;
  const {described, full} = call;
  const {storage, target} = call.params;
  const params: {readonly [key: string]: ApiParam} = {
    newid: marker.vmid,
    ...(typeof body['name'] === 'string' ? {name: body['name']} : {}),
    description: described,
    full: full ? 1 : 0,
    ...(storage === undefined ? {} : {storage}),
    ...(clone.format === undefined ? {} : {format: clone.format}),
    ...(clone.snapname === undefined ? {} : {snapname: clone.snapname}),
    ...(typeof body['pool'] === 'string' ? {pool: body['pool']} : {}),
    ...(target === undefined ? {} : {target}),
  };
  return {
    kind: 'task',
    operation: 'clone',
    says: `${full ? 'clone' : 'make a linked clone of'} ${clone.vmid} as ${marker.vmid}`,
    method: 'POST',
    path: `/nodes/${template.node}/qemu/${clone.vmid}/clone`,
    params,
    digest: false,
    fields: [],
    expect: typeof body['name'] === 'string' ? {name: body['name']} : {},
    timeoutMs: WAIT_MS.copy,
    target: {source: clone.vmid, node: template.node},
    leaves: 'stopped',
  };
}

/** Undeclared, the template's own words come along; its marker does not. */
function cloneText(wanted: unknown, template: Template): string {
  if (typeof wanted === 'string') return wanted;
  if (wanted === null) return '';
  return withoutMarker(template.config.get('description') ?? '');
}

function findTemplate(
  clone: CloneCreation,
  {inventory}: StepRequest,
  listing: Listing,
): Template | Finding {
  const guest = listing.guests.get(clone.vmid);
  if (guest?.type !== 'qemu') {
    return {reason: 'waiting', detail: `there is no virtual machine ${clone.vmid} to clone`};
  }
  const read = inventory.reads[pendingPath(guest.node, clone.vmid)];
  const config = read?.outcome.ok ? readPending(read.outcome.data) : null;
  if (config === null) {
    return {reason: 'incomplete', detail: `guest ${clone.vmid}, to be cloned, could not be read`};
  }
  const lock = config.configured.get('lock');
  if (lock !== undefined) {
    return {reason: 'waiting', detail: `guest ${clone.vmid}, to be cloned, is locked (${lock})`};
  }
  const isTemplate = guest.template || config.active.get('template') === '1';
  return {node: guest.node, config: config.active, isTemplate};
}

function nodeFindings(node: string, listing: Listing): readonly Finding[] {
  const online = listing.nodes.get(node);
  if (online === true) return [];
  const detail = online === false ? `node ${node} is offline` : `there is no node "${node}"`;
  return [{reason: 'waiting', detail}];
}

function refused(node: string, reason: Finding['reason'], detail: string): CreateSteps {
  return {drafts: [], findings: [{reason, detail}], node, loads: [], later: [], claims: []};
}
