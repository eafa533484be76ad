// Why this exists: which privileges a repository needs follows from the calls that it can lead to
// and the reads that a pass makes; there is no list to keep.
import type {Grant, Need, ResourceKind} from '../../core/kind.ts';
import type {ApiCall, Claim, Desired, Inventory} from '../../core/model.ts';
import type {ApiRelease} from '../../pve/api/methods.ts';
import {schemaNeeds} from '../../pve/api/needs.ts';
import type {Rehearsal} from '../rehearse/calls.ts';

/** A need with what it is for. */
export interface Needed extends Need {
  /** What asks for it, in words; the first few. */
  readonly because: readonly string[];
}

/** Everything that must be allowed, each once, in the order of its path. */
export function neededOf(request: {
  readonly rehearsal: Rehearsal;
  /** The reads of a real pass. */
  readonly inventory: Inventory;
  readonly desired: readonly Desired[];
  readonly kinds: readonly ResourceKind[];
  readonly release: ApiRelease;
}): readonly Needed[] {
  const {rehearsal, inventory, desired, kinds, release} = request;
  const found = new Map<string, {need: Need; because: Set<string>}>();
  const add = (needs: readonly Need[], because: string): void => {
    for (const need of needs) {
      const id = need.anyOf.map(({path, privilege}) => `${path} ${privilege}`).join('|');
      const known = found.get(id) ?? {need, because: new Set<string>()};
      found.set(id, known);
      if (known.because.size < REASONS) known.because.add(because);
    }
  };
  for (const path of Object.keys(inventory.reads)) {
    add(schemaNeeds(release, get(path)), `read ${withoutQuery(path)}`);
  }
  for (const {call} of rehearsal.reads) {
    add(schemaNeeds(release, call), `read ${withoutQuery(call.path)}`);
  }
  for (const {call, says, verb, key, inventory: state} of rehearsal.calls) {
    const because = `${verb} ${key}: ${says}`;
    add(schemaNeeds(release, call), because);
    for (const kind of kinds) add(kind.needs?.(call, state) ?? [], because);
  }
  for (const {claims, key} of desired) {
    for (const claim of claims) add(listingNeeds(claim), `see what ${key} uses`);
  }
  const sorted = [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, {need, because}]) => ({...need, because: [...because]}));
}

const REASONS = 3;

/** `/cluster/resources` leaves out what one may not audit (facts.md section 14). */
function listingNeeds({space, value}: Claim): readonly Need[] {
  if (space === 'storage') return [only(`/storage/${value}`, 'Datastore.Audit')];
  return space === 'pool' ? [only(`/pool/${value}`, 'Pool.Audit')] : [];
}

function only(path: string, privilege: string): Need {
  return {anyOf: [{path, privilege}]};
}

function get(path: string): ApiCall {
  return {method: 'GET', path, params: {}};
}

function withoutQuery(path: string): string {
  return path.split('?')[0] ?? path;
}

/** What one has: path → privilege → whether it holds below the path too. */
export type Held = ReadonlyMap<string, ReadonlyMap<string, boolean>>;

/** Reads the answer of `GET /access/permissions`; null when it is none. */
export function heldOf(data: unknown): Held | null {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const held = new Map<string, ReadonlyMap<string, boolean>>();
  for (const [path, privileges] of Object.entries(data)) {
    if (typeof privileges !== 'object' || privileges === null) return null;
    const pairs = Object.entries(privileges).map(
      ([name, flag]) => [name, Number(flag) === 1] as const,
    );
    held.set(path, new Map(pairs));
  }
  return held;
}

/** Whether a privilege is held on a path: said there, else inherited from the nearest above. */
export function holds(held: Held, {path, privilege}: Grant): boolean {
  const exact = held.get(path);
  if (exact !== undefined) return exact.has(privilege);
  for (let above = parentOf(path); above !== null; above = parentOf(above)) {
    const found = held.get(above);
    if (found !== undefined) return found.get(privilege) === true;
  }
  return false;
}

function parentOf(path: string): string | null {
  if (path === '/') return null;
  const cut = path.lastIndexOf('/');
  return cut === 0 ? '/' : path.slice(0, cut);
}

/** The needs of which none of the alternatives is held. */
export function missingOf(needed: readonly Needed[], held: Held): readonly Needed[] {
  return needed.filter(({anyOf}) => !anyOf.some((grant) => holds(held, grant)));
}
