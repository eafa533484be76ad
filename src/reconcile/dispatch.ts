// Why this exists: the end of a pass: the journal follows where Git and live agree, and what is
// allowed is started. Nothing here waits for a task.
import {isDeepStrictEqual} from 'node:util';
import type {Action, Plan, Verdict} from '../core/action.ts';
import type {Manifests} from '../core/kind.ts';
import type {ResourceKey, ResourceRecord} from '../core/model.ts';
import {finishedRecord} from '../core/record.ts';
import type {Steps} from '../core/steps.ts';
import {acceptFirstStart} from './first-start.ts';
import {remember} from './follow.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';
import {inSlices} from './slices.ts';
import {wishesOf} from './wishes.ts';

/** What a pass decided. */
export interface Decided {
  readonly plan: Plan;
  readonly verdicts: readonly Verdict[];
  readonly manifests: readonly Manifests[];
  /** The records that the plan was made from. */
  readonly records: readonly ResourceRecord[];
  /** Null when it could not be read. */
  readonly quorate: boolean | null;
}

/** Durable writes are slow one by one, and a thousand at once would hold up everything else. */
const RECORDS_AT_ONCE = 200;

/** Starts what is allowed, after the records have followed; the fingerprints that were started. */
export async function dispatch(
  parts: ClusterParts,
  memory: PassMemory,
  {plan, verdicts, manifests, records, quorate}: Decided,
): Promise<readonly string[]> {
  const {applier, clock} = parts;
  if (applier === null) return [];
  applier.setWishes(wishesOf(memory.followed, manifests, quorate));
  // What waited for a clear word goes on in the pass that has read it.
  if (applier.paused().size > 0) applier.takeUp(parts.journal.unfinished(parts.cluster));
  remember(parts, memory.followed.values());
  acceptFirstStart(parts, plan);
  const allowed = new Map(
    verdicts.flatMap((one) => (one.verdict === 'allow' ? [[one.fingerprint, one] as const] : [])),
  );
  const overtaken = overtakenKeys(parts, records);
  const actions = plan.actions.filter(
    ({fingerprint, key}) => allowed.has(fingerprint) && !overtaken.has(key),
  );
  await inSlices(followSteps(parts, actions), clock);
  const started: string[] = [];
  for (const action of actions) {
    if (action.verb === 'none') continue;
    const approval = allowed.get(action.fingerprint)?.approval ?? null;
    if (applier.dispatch(action, approval)) started.push(action.fingerprint);
  }
  return started;
}

/**
 * Resources of which something was remembered since the plan was begun: an action ended meanwhile.
 * What the plan says of them is of before; the next pass looks again.
 */
function overtakenKeys(
  {cluster, journal}: ClusterParts,
  planned: readonly ResourceRecord[],
): ReadonlySet<ResourceKey> {
  const now = new Map(journal.records(cluster).map((one) => [one.key, one]));
  const before = new Map(planned.map((one) => [one.key, one]));
  const keys = [...new Set([...now.keys(), ...before.keys()])];
  return new Set(keys.filter((key) => !isSameRecord(now.get(key), before.get(key))));
}

/** Whether a person let go of it is no news of the resource. */
function isSameRecord(a: ResourceRecord | undefined, b: ResourceRecord | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return isDeepStrictEqual({...a, onDelete: ''}, {...b, onDelete: ''});
}

/** Where Git and live agree, the record follows without any call (safety.md 7). */
function* followSteps(parts: ClusterParts, actions: readonly Action[]): Steps<void> {
  const {cluster, journal} = parts;
  const records = new Map(journal.records(cluster).map((one) => [one.key, one]));
  let changed: ResourceRecord[] = [];
  for (const action of actions) {
    const record = recordAfter(parts, action, records.get(action.key));
    if (record === 'forget') journal.deleteRecord(cluster, action.key);
    else if (record !== null) changed.push(record);
    if (changed.length >= RECORDS_AT_ONCE) {
      journal.putRecords(changed);
      changed = [];
    }
    yield;
  }
  if (changed.length > 0) journal.putRecords(changed);
}

/** What the journal shall hold where nothing is called; null: what it holds already. */
function recordAfter(
  parts: ClusterParts,
  action: Action,
  former: ResourceRecord | undefined,
): ResourceRecord | 'forget' | null {
  if (action.verb !== 'none' || action.findings.length > 0 || action.record === null) return null;
  if (parts.applier?.inFlight().has(action.key)) return null;
  if (action.record.kind === 'forget') return 'forget';
  const {cluster, clock} = parts;
  const verifiedAt = former?.verifiedAt ?? clock.now();
  const record = finishedRecord(action, {cluster, witness: action.witness, verifiedAt});
  if (record === null || isDeepStrictEqual(former, record)) return null;
  return {...record, verifiedAt: clock.now()};
}
