// Why this exists: what a start or a move needs is looked at before a guest is touched: found out
// after its stop, that is a guest that is down.
import type {Finding} from '../../core/action.ts';
import type {ApiCall, Inventory, Observed} from '../../core/model.ts';
import {readPath} from '../../core/read-path.ts';
import {listingOf} from '../guest/listing.ts';
import {activeOf, configuredOf, type LiveConfig} from '../guest/live-config.ts';
import type {Look} from './look.ts';
import {moveLooks} from './move-looks.ts';
import {fileLooks, type StartPlace} from './start-files.ts';
import {mappingLooks, nodeLooks} from './start-node.ts';
import type {Draft} from './step-draft.ts';

/** What is found, and what still has to be read before it can be said. */
export interface Ahead {
  readonly findings: readonly Finding[];
  readonly looks: readonly ApiCall[];
}

/** An update by its calls. */
export interface AheadInput {
  readonly observed: Observed;
  readonly vmid: number;
  readonly drafts: readonly Draft[];
  readonly inventory: Inventory;
  /** Fields for whose sake the guest is stopped and started. */
  readonly cycling: readonly string[];
  /** It was stopped by us, and is only started again. */
  readonly isOwed: boolean;
}

/** What the start and the move among the calls of an update need, and is not there. */
export function lookAhead(input: AheadInput): Ahead {
  const parts = [startAhead(input), moveAhead(input)];
  return {
    findings: parts.flatMap(({findings}) => findings),
    looks: parts.flatMap(({looks}) => looks),
  };
}

/** A guest that is made, to run. */
export interface NewGuest {
  readonly vmid: number;
  /** Where it is to run. */
  readonly node: string;
  readonly drafts: readonly Draft[];
  /** What it has before any of them is made, such as what is cloned. */
  readonly base: LiveConfig;
  readonly inventory: Inventory;
  /** Another is destroyed before it is there. */
  readonly replaces: boolean;
}

/** The same for a guest that is made, whether this action starts it or the one after it. */
export function lookAheadOfNew({drafts, base, replaces, ...place}: NewGuest): Ahead {
  const looks = startLooks(configAfter(base, drafts), place);
  return replaces
    ? {findings: strict(looks, 'what comes instead would not start'), looks: callsOf(looks)}
    : {findings: lax(looks, 'it would not start once it is made'), looks: callsOf(looks)};
}

const NOTHING: Ahead = {findings: [], looks: []};

function startAhead(input: AheadInput): Ahead {
  const {observed, vmid, drafts, inventory, cycling} = input;
  const start = drafts.findLast(({operation}) => operation === 'start');
  if (start === undefined) return NOTHING;
  const stops = drafts.some(({operation}) => operation === 'shutdown' || operation === 'stop');
  // A debt is paid as well as it can be: to try costs nothing, and a mistake here would.
  if (!stops && input.isOwed) return NOTHING;
  const place = {node: nodeOf(start), vmid, from: observed.node, inventory};
  const looks = startLooks(configAfter(configuredOf(observed), drafts), place);
  const fields = stops ? cycling : ['power'];
  const found = stops
    ? strict(looks, 'it would not start again')
    : lax(looks, 'it would not start');
  return {
    findings: fields.length === 0 ? found : found.map((finding) => ({...finding, fields})),
    looks: callsOf(looks),
  };
}

/** A move that fails harms nobody, so that only what is certain speaks against it. */
function moveAhead({observed, vmid, drafts, inventory}: AheadInput): Ahead {
  const move = drafts.find(({operation}) => operation === 'migrate');
  const listing = listingOf(inventory);
  const [from, node] = [observed.node, move?.moves ?? ''];
  if (listing.kind !== 'listing' || listing.listing.nodes.get(node) !== true) return NOTHING;
  const place = {node, vmid, from, inventory};
  const config = activeOf(observed);
  const live =
    observed.power === 'stopped' ? [] : [...nodeLooks(config, place), ...fileLooks(config, place)];
  const looks = [...live, ...moveLooks(config, place, observed.power !== 'stopped')];
  const findings = detailsOf(looks, 'missing').map(
    (detail): Finding => ({reason: 'in-use', detail, fields: ['node']}),
  );
  return {findings, looks: callsOf(looks)};
}

function startLooks(config: LiveConfig, place: StartPlace): readonly Look[] {
  return [...fileLooks(config, place), ...nodeLooks(config, place), ...mappingLooks(config, place)];
}

/** A guest that runs, or is destroyed for it, is touched only when all is known to be there. */
function strict(looks: readonly Look[], says: string): readonly Finding[] {
  const untold = [
    ...detailsOf(looks, 'untold'),
    ...(callsOf(looks).length > 0 ? ['what its start needs was not looked at yet'] : []),
  ];
  return [
    ...lax(looks, says),
    ...untold.map((detail): Finding => ({reason: 'incomplete', detail})),
  ];
}

function lax(looks: readonly Look[], says: string): readonly Finding[] {
  const missing = detailsOf(looks, 'missing');
  if (missing.length === 0) return [];
  return [{reason: 'waiting', detail: `${says}: ${missing.join('; ')}`}];
}

function detailsOf(looks: readonly Look[], kind: 'missing' | 'untold'): readonly string[] {
  return [...new Set(looks.flatMap((look) => (look.kind === kind ? look.detail : [])))];
}

function callsOf(looks: readonly Look[]): readonly ApiCall[] {
  const calls = looks.flatMap((look) => (look.kind === 'unread' ? look.call : []));
  return [...new Map(calls.map((call) => [readPath(call), call])).values()];
}

/** The configuration with which these calls start it, as far as they say it. */
function configAfter(config: LiveConfig, drafts: readonly Draft[]): LiveConfig {
  const after = new Map(config);
  for (const {operation, params, target} of drafts) {
    // The copy has a name that is not known yet.
    if (operation === 'move-disk') after.delete(String(target['disk']));
    if (!WRITES.has(operation)) continue;
    for (const [key, value] of Object.entries(params)) {
      if (typeof value === 'object' || key === 'delete' || key === 'revert') continue;
      after.set(key, String(value));
    }
    for (const key of String(params['delete'] ?? '').split(',')) after.delete(key);
  }
  return after;
}

const WRITES: ReadonlySet<Draft['operation']> = new Set(['config', 'allocate', 'create']);

/** `pve1` of `/nodes/pve1/qemu/150/status/start`. */
function nodeOf({path}: Draft): string {
  return path.split('/')[2] ?? '';
}
