// Why this exists: an action becomes final calls, together with what the gate must know: what would
// be lost or interrupted, and what speaks against it.

import type {Change, Finding, Operation, Step} from '../../core/action.ts';
import {assert} from '../../core/assert.ts';
import type {JsonObject} from '../../core/json.ts';
import type {StepAnswer, StepRequest} from '../../core/kind.ts';
import type {ApiCall, Desired, Observed} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {configuredOf} from '../guest/live-config.ts';
import {excessOf, type Marker, withMarker, withoutMarker} from '../guest/marker.ts';
import {comesAlong} from './along.ts';
import {type CreateSteps, createSteps} from './create.ts';
import {deleteDrafts, deleteFacts, deleteFindings} from './delete.ts';
import {detachesOf} from './detached.ts';
import {type GuestPlace, writeConfig} from './drafts.ts';
import {effectOf} from './effect.ts';
import {placeOfField} from './field-path.ts';
import {leftBehind} from './left-behind.ts';
import {type Ahead, lookAhead, lookAheadOfNew} from './look-ahead.ts';
import {vmidOfKey} from './reads.ts';
import {releaseMistakes} from './release.ts';
import {keptOf} from './retain.ts';
import {freedBy} from './set-aside.ts';
import {type ChainStart, chain, type Draft} from './step-draft.ts';
import {absentStorages} from './transfer.ts';
import {updateSteps} from './update.ts';

const HA_OPERATIONS: ReadonlySet<Operation> = new Set([
  'start',
  'stop',
  'shutdown',
  'reboot',
  'reset',
  'migrate',
  'destroy',
]);

/** The final calls of an action. */
export function steps(request: StepRequest): StepAnswer {
  const answer = answerOf(request);
  const mistakes = [...releaseMistakes(request), ...leftBehind(request)];
  return mistakes.length === 0
    ? answer
    : {...answer, diagnostics: [...answer.diagnostics, ...mistakes]};
}

function answerOf(request: StepRequest): StepAnswer {
  const vmid = vmidOfKey(request.key);
  assert(vmid !== null, `not a guest: ${request.key}`);
  const marker = {installation: request.installation, cluster: request.cluster, vmid};
  const {verb, observed, desired} = request;
  switch (verb) {
    case 'create':
      assert(desired, 'a create has a document');
      return create(request, desired, marker);
    case 'adopt':
      assert(observed, 'what is adopted was observed');
      return mark(observed, marker, true);
    case 'release':
      assert(observed, 'what is released was observed');
      return mark(observed, marker, false);
    case 'update':
      assert(observed, 'what is updated was observed');
      return update(request, observed, marker);
    case 'delete':
      assert(observed, 'what is deleted was observed');
      return remove(request, observed, marker);
    case 'replace':
      assert(observed && desired, 'a replace has a document and a guest');
      return replace(request, observed, desired, marker);
  }
}

function create(request: StepRequest, desired: Desired, marker: Marker): StepAnswer {
  const made = createSteps(request, desired, marker);
  const {drafts, node, loads, later, claims} = made;
  const ahead = aheadOf(request, desired, made);
  const findings = [...made.findings, ...ahead.findings];
  const start: ChainStart = {
    vmid: marker.vmid,
    node,
    state: 'absent',
    witness: null,
    digest: null,
    power: null,
  };
  const writes = Object.entries(desired.body)
    .filter(([, value]) => value !== null)
    .map(([path]) => path);
  const {looks} = ahead;
  const told = answer(chain(start, drafts), {findings, loads, writes, facts: {}, looks});
  return {...told, later, claims};
}

/** What is made only to be off, or cannot be made at all, needs nothing to start. */
function aheadOf(request: StepRequest, desired: Desired, made: CreateSteps): Ahead {
  const {key, inventory, verb} = request;
  const {drafts, base = new Map<string, string>()} = made;
  const wanted = desired.body['node'];
  const node = typeof wanted === 'string' ? wanted : made.node;
  if (drafts.length === 0 || desired.body['power'] !== 'running') return {findings: [], looks: []};
  const vmid = vmidOfKey(key) ?? 0;
  return lookAheadOfNew({vmid, node, drafts, base, inventory, replaces: verb === 'replace'});
}

function update(request: StepRequest, observed: Observed, marker: Marker): StepAnswer {
  const {drafts, findings, writes} = updateSteps(request, observed, marker);
  const interrupted = request.changes.some(({risk}) => risk !== 'benign');
  const along = comesAlong(observed, drafts, request.changes);
  const lost = request.changes
    .filter(({field}) => field.startsWith('unused.'))
    .map(({field}) => configuredOf(observed).get(field.slice('unused.'.length)) ?? '');
  const cycling = interrupting(request.changes, observed);
  const isOwed = request.record?.owesStart === true;
  const {vmid} = marker;
  const ahead = lookAhead({observed, vmid, drafts, inventory: request.inventory, cycling, isOwed});
  return answer(chain(startOf(observed, marker), drafts), {
    findings: [
      ...findings,
      ...ahead.findings,
      ...rootFindings(writes),
      ...absentStorages(drafts, request.inventory),
      ...stateFindings(observed, drafts, cycling),
    ],
    looks: ahead.looks,
    loads: [`task:${observed.node}`],
    writes,
    facts: {
      ...(interrupted ? {power: observed.power} : {}),
      ...(lost.length > 0 ? {volumes: lost} : {}),
      ...(along.length > 0 ? {along} : {}),
    },
    detaches: detachesOf(request.changes, observed),
    frees: freedBy(request.changes, observed),
  });
}

function remove(request: StepRequest, observed: Observed, marker: Marker): StepAnswer {
  const guest = placeOf(observed, marker);
  const kept = keptOf(request, observed, guest);
  const drafts = deleteDrafts(observed, guest, kept);
  const findings = deleteFindings(observed, marker.vmid, request.inventory);
  const told = answer(chain(startOf(observed, marker), drafts), {
    findings: [...findings, ...kept.findings, ...stateFindings(observed, drafts)],
    loads: [`task:${observed.node}`],
    writes: [],
    facts: deleteFacts(observed, marker.vmid, request.inventory, kept),
  });
  return {...told, claims: kept.claims, after: kept.after};
}

/** Delete, then create: what is lost is what a delete loses. */
function replace(
  request: StepRequest,
  observed: Observed,
  desired: Desired,
  marker: Marker,
): StepAnswer {
  const gone = remove(request, observed, marker);
  const made = create(request, desired, marker);
  return {
    steps: [...gone.steps, ...made.steps],
    // What comes instead is part of what is approved: another template would be another guest.
    facts: {...gone.facts, creation: desired.creation},
    findings: [...gone.findings, ...made.findings],
    loads: [...new Set([...gone.loads, ...made.loads])],
    diagnostics: [],
    writes: made.writes,
    ...(made.later === undefined ? {} : {later: made.later}),
    claims: [...(gone.claims ?? []), ...(made.claims ?? [])],
    after: gone.after ?? [],
    looks: made.looks ?? [],
  };
}

/** One write of the description, with or without the marker; nothing else changes, ever. */
function mark(observed: Observed, marker: Marker, adopt: boolean): StepAnswer {
  const text = withoutMarker(configuredOf(observed).get('description') ?? '');
  const description = adopt ? withMarker(text, marker) : text;
  const draft = writeConfig(placeOf(observed, marker), {
    says: adopt ? 'add the marker' : 'take the marker off',
    ...(description === '' ? {remove: ['description']} : {set: {description}}),
    fields: ['description'],
    expect: {description: text === '' ? null : text},
    marker: adopt ? 'ours' : 'unmarked',
  });
  const start = {...startOf(observed, marker), power: null};
  const state = adopt ? 'unmarked' : 'ours';
  return answer(chain({...start, state}, [draft]), {
    findings: [...stateFindings(observed, [draft]), ...roomFindings(description)],
    loads: [],
    writes: [],
    facts: {},
  });
}

/** Proxmox would refuse the write. */
function roomFindings(description: string): readonly Finding[] {
  const excess = excessOf(description);
  if (excess === 0) return [];
  const much = `shorten it by ${excess} characters`;
  const detail = `its description leaves no room for the marker: ${much}`;
  return [{reason: 'waiting', detail}];
}

function startOf(observed: Observed, marker: Marker): ChainStart {
  const {power} = observed;
  return {
    vmid: marker.vmid,
    node: observed.node,
    state: 'ours',
    witness: observed.witness,
    digest: observed.digest,
    power: power === 'running' || power === 'stopped' ? power : null,
  };
}

function placeOf(observed: Observed, marker: Marker): GuestPlace {
  return {node: observed.node, vmid: marker.vmid};
}

/** A lock, and the HA manager, each keep their hand on a guest. */
function stateFindings(
  observed: Observed,
  drafts: readonly Draft[],
  fields?: readonly string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  if (observed.lock !== null) {
    findings.push({reason: 'locked', detail: `it is locked by Proxmox (${observed.lock})`});
  }
  if (observed.ha !== null && drafts.some(({operation}) => HA_OPERATIONS.has(operation))) {
    const detail = `HA is in charge of it (${observed.ha})`;
    findings.push({reason: 'ha-managed', detail, ...(fields ? {fields} : {})});
  }
  return findings;
}

/** The changes that start, stop or move the guest: what HA has in its hand. */
function interrupting(changes: readonly Change[], observed: Observed): readonly string[] {
  const runs = observed.power !== 'stopped';
  return changes
    .filter(({field, from, to}) => {
      if (field === 'power' || field === 'node') return true;
      if (field === 'pool' || !runs) return false;
      return effectOf({field, from, to, observed}).kind === 'cycle';
    })
    .map(({field}) => field);
}

/** Proxmox refuses these keys for every token. */
function rootFindings(writes: readonly string[]): readonly Finding[] {
  const keys = writes.map((field) => placeOfField(field).key ?? '');
  return [...new Set(keys)]
    .filter((key) => qemuKey(key)?.facts.rootOnly === true)
    .map((key) => ({reason: 'root-only', detail: `only root@pam may set ${key}`}));
}

function answer(
  list: readonly Step[],
  rest: {
    readonly findings: readonly Finding[];
    readonly loads: readonly string[];
    readonly writes: readonly string[];
    readonly facts: JsonObject;
    readonly detaches?: StepAnswer['detaches'] & {};
    readonly frees?: readonly string[];
    readonly looks?: readonly ApiCall[];
  },
): StepAnswer {
  return {steps: list, diagnostics: [], ...rest};
}
