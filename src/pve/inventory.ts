// Why this exists: one pass looks at the cluster once. Each GET that anyone needs runs exactly once
// here, few at a time per node; what could not be read is in the inventory as such, because unknown
// is not the same as absent.
import {assert} from '../core/assert.ts';
import type {Json} from '../core/json.ts';
import type {ApiCall, Inventory, PveError, Read} from '../core/model.ts';
import type {Clock, Pve} from '../core/ports.ts';
import {readPath} from '../core/read-path.ts';
import {err, type Result} from '../core/result.ts';
import {SharedSettings} from './shared-settings.ts';
import {isNodeTime, isVersion, resourceEntries} from './wire.ts';

/** What to read. */
export interface InventoryRequest {
  readonly pve: Pick<Pve, 'cluster' | 'read'>;
  readonly clock: Clock;
  /** Read in any case. */
  readonly first: readonly ApiCall[];
  /** What is still needed, given what has been read; asked again until it wants nothing new. */
  readonly more: (inventory: Inventory) => readonly ApiCall[] | Promise<readonly ApiCall[]>;
  /** Told of each path as soon as its answer, or its failure, is in the inventory. */
  readonly onRead?: (path: string, inventory: Inventory) => void;
  readonly cache: InventoryCache;
  /** In flight at a time for one node. */
  readonly readsPerNode?: number;
  readonly maxRounds?: number;
  readonly signal?: AbortSignal;
}

/** An inventory and what it cost. */
export interface Taken {
  readonly inventory: Inventory;
  readonly requests: number;
}

/** Answers that hold for minutes: the version, and each node's clock. One per cluster. */
export interface InventoryCache {
  release: string | null;
  version: {readonly data: Json; readonly at: number} | null;
  readonly offsets: Map<string, KnownOffset>;
}

/** A node's clock minus ours, seen at a monotonic time, when our clock was so far from that. */
interface KnownOffset {
  readonly offsetMs: number;
  readonly at: number;
  readonly aheadMs: number;
}

/** An upgrade takes longer than this, and a clock drifts less in it than it resolves. */
const CACHE_MS = 5 * 60_000;
/** resources, pending, status, storage content: four rounds; twice that is our mistake. */
const MAX_ROUNDS = 8;
/** Our own clock was set when it moved by more than this against the monotonic one. */
const SET_MS = 1_000;
/** A node that failed this slowly hangs; the rest of its reads would only wait as long each. */
const SLOW_MS = 5_000;

/** An empty cache. */
export function createInventoryCache(): InventoryCache {
  return {release: null, version: null, offsets: new Map()};
}

/** Reads everything that is wanted, in rounds, each path once; never fails as a whole. */
export async function takeInventory(request: InventoryRequest): Promise<Taken> {
  const pass = new Pass(request);
  let wanted = pass.fresh([{method: 'GET', path: '/version', params: {}}, ...request.first]);
  const rounds = request.maxRounds ?? MAX_ROUNDS;
  for (let round = 0; wanted.length > 0; round++) {
    if (round < rounds) await pass.readAll(wanted);
    else pass.leave(wanted, `not read: still more was wanted after ${rounds} rounds`);
    wanted = round < rounds ? pass.fresh(await request.more(pass.inventory())) : [];
  }
  return {inventory: pass.inventory(), requests: pass.requests};
}

/** One pass while it reads. */
class Pass {
  requests = 0;
  readonly #request: InventoryRequest;
  readonly #takenAt: number;
  readonly #reads: {[path: string]: Read} = {};
  readonly #silent = new Map<string, PveError>();
  readonly #settings = new SharedSettings();
  /** Made anew when the cache learns something: it is asked for at each of ten thousand answers. */
  #inventory: Inventory | null = null;

  constructor(request: InventoryRequest) {
    this.#request = request;
    this.#takenAt = request.clock.now();
  }

  /** What was read so far; the reads that come are added to it. */
  inventory(): Inventory {
    this.#inventory ??= this.#view();
    return this.#inventory;
  }

  #view(): Inventory {
    const {cache, pve} = this.#request;
    const offsets = [...cache.offsets].map(([node, {offsetMs}]) => [node, offsetMs] as const);
    return {
      cluster: pve.cluster,
      takenAt: this.#takenAt,
      reads: this.#reads,
      release: cache.release,
      clockOffsetMs: Object.fromEntries(offsets),
    };
  }

  /** The paths of those calls that have not been read in this pass and are not remembered. */
  fresh(calls: readonly ApiCall[]): readonly string[] {
    const paths = new Set<string>();
    for (const call of calls) {
      assert(call.method === 'GET', `an inventory only reads: ${call.method} ${call.path}`);
      const path = readPath(call);
      if (!Object.hasOwn(this.#reads, path) && !this.#remembered(path)) paths.add(path);
    }
    return [...paths];
  }

  /** Reads them all, `readsPerNode` at a time for each node. */
  async readAll(paths: readonly string[]): Promise<void> {
    const perNode = this.#request.readsPerNode ?? 3;
    const workers = [...Map.groupBy(paths, nodeOf)].flatMap(([node, queue]) => {
      const left = queue.values();
      const worker = async (): Promise<void> => {
        for (const path of left) await this.#read(node, path);
      };
      return Array.from({length: Math.min(perNode, queue.length)}, worker);
    });
    await Promise.all(workers);
  }

  /** Notes that these are not known. */
  leave(paths: readonly string[], message: string): void {
    const error: PveError = {kind: 'server', status: null, message, errors: {}, sent: 'no'};
    for (const path of paths) this.#reads[path] = {path, outcome: err(error)};
  }

  async #read(node: string, path: string): Promise<void> {
    const {pve, clock, signal, onRead} = this.#request;
    const silent = this.#silent.get(node);
    if (silent !== undefined) {
      this.#reads[path] = {path, outcome: err(silent)};
      return;
    }
    const started = clock.monotonic();
    this.requests++;
    const result = await pve.read(path, signal === undefined ? {} : {signal});
    if (!result.ok && clock.monotonic() - started >= SLOW_MS) this.#hush(node, result.error);
    this.#remember(path, result);
    this.#reads[path] = {path, outcome: this.#outcome(result)};
    onRead?.(path, this.inventory());
  }

  #outcome(result: Result<Json, PveError>): Read['outcome'] {
    return result.ok ? {ok: true, data: this.#settings.share(result.value)} : err(result.error);
  }

  #hush(node: string, error: PveError): void {
    const isSilent = error.kind === 'no-answer' || error.kind === 'node-unreachable';
    if (node === '' || !isSilent) return;
    const message = `not asked again in this pass, node ${node}: ${error.message}`;
    this.#silent.set(node, {...error, message, sent: 'no'});
  }

  #remembered(path: string): boolean {
    const {cache, clock} = this.#request;
    const oldest = clock.monotonic() - CACHE_MS;
    if (path === '/version') {
      if (cache.version === null || cache.version.at < oldest) return false;
      this.#reads[path] = {path, outcome: {ok: true, data: cache.version.data}};
      return true;
    }
    const known = cache.offsets.get(timeNode(path) ?? '');
    if (known === undefined || known.at < oldest) return false;
    return Math.abs(clock.now() - clock.monotonic() - known.aheadMs) <= SET_MS;
  }

  #remember(path: string, result: Result<Json, PveError>): void {
    const {cache, clock} = this.#request;
    const at = clock.monotonic();
    if (!result.ok) return;
    if (path === '/version' && isVersion(result.value)) {
      cache.version = {data: result.value, at};
      cache.release = result.value.release;
      this.#inventory = null;
    }
    const node = timeNode(path);
    if (node !== null && isNodeTime(result.value)) {
      // The node's clock reads whole seconds: half a second on average is missing.
      const offsetMs = result.value.time * 1000 + 500 - clock.now();
      cache.offsets.set(node, {offsetMs, at, aheadMs: clock.now() - at});
      this.#inventory = null;
    }
  }
}

/** `GET /nodes/{node}/time` of each node that the listing shows online; cheap to ask each pass. */
export function timeReads(inventory: Inventory): readonly ApiCall[] {
  const listing = inventory.reads['/cluster/resources']?.outcome;
  if (listing?.ok !== true) return [];
  return resourceEntries(listing.data).flatMap(({type, status, node}) => {
    if (type !== 'node' || status !== 'online' || node === undefined) return [];
    return [{method: 'GET', path: `/nodes/${node}/time`, params: {}} as const];
  });
}

function nodeOf(path: string): string {
  return /^\/nodes\/([^/?]+)/.exec(path)?.[1] ?? '';
}

function timeNode(path: string): string | null {
  return /^\/nodes\/([^/?]+)\/time$/.exec(path)?.[1] ?? null;
}
