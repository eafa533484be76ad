// Why this exists: before and after each step the object is read afresh, by the same pure functions
// that the plan used, so that what was planned and what is checked cannot mean different things.
import type {ResourceKind} from '../core/kind.ts';
import type {Inventory, Observation, Read, ResourceKey} from '../core/model.ts';
import type {ApplyContext} from './context.ts';

const MAX_ROUNDS = 6;

/** Which object, and where it is believed to be. */
export interface Subject {
  readonly key: ResourceKey;
  readonly vmid: number | null;
  /** Null when nothing with this key is expected anywhere. */
  readonly node: string | null;
}

/**
 * Reads one object now: the listing, then what the kind asks for; with its run state as the node
 * says it (the listing lags by ten seconds). A failed read gives `undetermined`, never `absent`.
 */
export async function observeNow(
  context: ApplyContext,
  kind: ResourceKind,
  subject: Subject,
  signal?: AbortSignal,
): Promise<Observation> {
  const inventory = await readNow(context, kind, subject, signal);
  return kind.observe(subject.key, inventory, context.installation);
}

/** The reads behind observeNow, for evidence. */
export async function readNow(
  context: ApplyContext,
  kind: ResourceKind,
  subject: Subject,
  signal?: AbortSignal,
): Promise<Inventory> {
  let inventory = emptyInventory(context);
  const add = (path: string): Promise<Inventory> => readInto(context, inventory, path, signal);
  if (subject.node !== null && subject.vmid !== null) {
    const base = `/nodes/${subject.node}/${kind.idPrefix}/${subject.vmid}`;
    inventory = await add(`${base}/status/current`);
  }
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const missing = kind
      .reads(subject.key, null, inventory)
      .map((call) => call.path)
      .filter((path) => !(path in inventory.reads));
    if (missing.length === 0) break;
    for (const path of missing) inventory = await add(path);
  }
  return inventory;
}

function emptyInventory(context: ApplyContext): Inventory {
  return {
    cluster: context.cluster,
    takenAt: context.clock.now(),
    reads: {},
    release: null,
    clockOffsetMs: {},
  };
}

async function readInto(
  context: ApplyContext,
  inventory: Inventory,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Inventory> {
  const answer = await context.pve.read(path, signal === undefined ? {} : {signal});
  const read: Read = answer.ok
    ? {path, outcome: {ok: true, data: answer.value}}
    : {path, outcome: {ok: false, error: answer.error}};
  return {...inventory, reads: {...inventory.reads, [path]: read}};
}
