// Why this exists: the reads of one pass: the listing, the cluster's health, what each resource
// needs, and the node's own word on guests that were acted upon within the last minute.

import {setImmediate as otherWork} from 'node:timers/promises';
import {assert} from '../core/assert.ts';
import {isObject} from '../core/json.ts';
import type {ApiCall, Inventory, ResourceKey} from '../core/model.ts';
import type {Steps} from '../core/steps.ts';
import type {PlanBasis} from '../plan/input.ts';
import {beginPlan, type Planning} from '../plan/make-plan.ts';
import {readSteps} from '../plan/reads.ts';
import {takeInventory, timeReads} from '../pve/inventory.ts';
import {resourceKinds} from './follow.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';
import {inSlices} from './slices.ts';

/** What a pass read, and how much it cost. */
export interface ObservedCluster {
  readonly inventory: Inventory;
  /** Null when it could not be read. */
  readonly quorate: boolean | null;
  readonly requests: number;
  /** The plan of the basis, begun while the cluster was read. */
  readonly planning: Planning;
}

/** What resources are read for. */
export type Subjects = Pick<PlanBasis, 'manifests' | 'records'>;

const RESOURCES = '/cluster/resources';
const STATUS = '/cluster/status';
/** Answers that had to wait longer than this for Git say too little of now: they are read again. */
const STALE_MS = 2_000;
/** So many resources are planned at once while others are read: a few milliseconds. */
const BATCH = 32;

/**
 * Reads everything that the plan will need; never fails as a whole. What was followed so far can be
 * read while Git is asked for more (`early`), and what is in sync is planned while others are read.
 */
export async function observe(
  parts: ClusterParts,
  memory: PassMemory,
  wanted: {readonly early: Subjects | null; readonly basis: Promise<PlanBasis>},
  signal: AbortSignal,
): Promise<ObservedCluster> {
  const look = new Look(parts, wanted.early);
  const [{inventory, requests}] = await Promise.all([
    takeInventory({
      pve: parts.pve,
      clock: parts.clock,
      first: [get(RESOURCES), get(STATUS), ...freshStates(parts, memory)],
      more: (sofar) => look.more(sofar, wanted.basis),
      onRead: (path, sofar) => look.read(path, sofar),
      cache: memory.inventory,
      readsPerNode: parts.limits.readsPerNode,
      signal,
    }),
    wanted.basis.then((basis) => look.begin(basis)),
  ]);
  await look.settled();
  if (look.waitedMs > STALE_MS) {
    const anew = await observe(parts, memory, {early: null, basis: wanted.basis}, signal);
    return {...anew, requests: requests + anew.requests};
  }
  return {inventory, requests, quorate: quorateOf(inventory), planning: look.planning()};
}

/** What is read next, and what can be planned by now. */
class Look {
  /** How long answers had to wait for Git. */
  waitedMs = 0;
  readonly #parts: ClusterParts;
  readonly #keys = new Map<string, ResourceKey>();
  /** Resources whose answer came and that were not planned since. */
  readonly #answered: ResourceKey[] = [];
  #work: Promise<void> = Promise.resolve();
  #subjects: Subjects | null;
  #planning: Planning | null = null;
  #inventory: Inventory | null = null;

  constructor(parts: ClusterParts, early: Subjects | null) {
    this.#parts = parts;
    this.#subjects = early;
  }

  planning(): Planning {
    assert(this.#planning !== null, 'a cluster was observed before Git was asked');
    return this.#planning;
  }

  /** From now on it is known what is wanted; plans what was read before. */
  begin(basis: PlanBasis): Planning {
    if (this.#planning !== null) return this.#planning;
    this.#subjects = basis;
    this.#planning = beginPlan(basis);
    this.#planAnswered(this.#planning);
    return this.#planning;
  }

  /** Ends when all that can be planned ahead is planned, but for the last few. */
  async settled(): Promise<void> {
    await this.#work;
  }

  read(path: string, inventory: Inventory): void {
    const key = this.#keys.get(path);
    if (key === undefined) return;
    this.#inventory = inventory;
    this.#answered.push(key);
    if (this.#planning !== null && this.#answered.length >= BATCH) {
      this.#planAnswered(this.#planning);
    }
  }

  /** Later, so that the next call leaves first; many at once cost less than one at a time. */
  #planAnswered(planning: Planning): void {
    const [keys, inventory] = [this.#answered.splice(0), this.#inventory];
    if (inventory === null) return;
    const steps = function* (): Steps<void> {
      for (const key of keys) {
        planning.ahead(key, inventory);
        yield;
      }
    };
    this.#work = this.#work
      .then(() => otherWork())
      .then(() => inSlices(steps(), this.#parts.clock));
    // `settled` says it; until somebody asks, a failure of one pass must not end the controller.
    this.#work.catch(() => undefined);
  }

  async more(inventory: Inventory, basis: Promise<PlanBasis>): Promise<readonly ApiCall[]> {
    const calls = await this.#observing(inventory, basis);
    if (calls.length > 0) return [...timeReads(inventory), ...calls];
    return [...timeReads(inventory), ...(await this.#looks(inventory, await basis))];
  }

  async #observing(inventory: Inventory, basis: Promise<PlanBasis>): Promise<readonly ApiCall[]> {
    const isEarly = this.#planning === null;
    const calls = await this.#needed(inventory);
    if (calls.length > 0 || !isEarly) return calls;
    const {clock} = this.#parts;
    const [began, hadRead] = [clock.monotonic(), this.#subjects !== null];
    this.#subjects = await basis;
    if (hadRead) this.waitedMs = clock.monotonic() - began;
    return this.#needed(inventory);
  }

  /** What the actions that are planned by now have to be judged by; none where all is in sync. */
  async #looks(inventory: Inventory, basis: PlanBasis): Promise<readonly ApiCall[]> {
    const planning = this.begin(basis);
    await this.#work;
    return inSlices(planning.looks(inventory), this.#parts.clock);
  }

  async #needed(inventory: Inventory): Promise<readonly ApiCall[]> {
    if (this.#subjects === null) return [];
    const kinds = resourceKinds(this.#parts.kinds);
    const steps = readSteps({...this.#subjects, kinds, inventory});
    const {calls, keyOf} = await inSlices(steps, this.#parts.clock);
    for (const [path, key] of keyOf) this.#keys.set(path, key);
    return calls;
  }
}

function freshStates(parts: ClusterParts, memory: PassMemory): readonly ApiCall[] {
  return memory.history.recent(parts.clock.now()).flatMap(({kind, node, vmid, verb}) => {
    const prefix = resourceKinds(parts.kinds).find(({name}) => name === kind)?.idPrefix;
    if (prefix === undefined || node === null || vmid === null || verb === 'delete') return [];
    return [get(`/nodes/${node}/${prefix}/${vmid}/status/current`)];
  });
}

function quorateOf(inventory: Inventory): boolean | null {
  const outcome = inventory.reads[STATUS]?.outcome;
  if (!outcome?.ok || !Array.isArray(outcome.data)) return null;
  const cluster = outcome.data.find((entry) => isObject(entry) && entry['type'] === 'cluster');
  // A single node without a cluster has no such entry and is always quorate.
  return isObject(cluster) ? cluster['quorate'] === 1 || cluster['quorate'] === true : true;
}

function get(path: string): ApiCall {
  return {method: 'GET', path, params: {}};
}
