// Why this exists: what a plan rests on besides the cluster: commits in force, records, what people
// asked. It is worked out while the cluster is read already, where Git answers quickly.
import type {ResourceKey} from '../core/model.ts';
import type {SourceReport, Stage} from '../core/report.ts';
import {ParseCache} from '../manifest/parse-cache.ts';
import type {PlanBasis} from '../plan/input.ts';
import {type Followed, follow, inForce, resourceKinds} from './follow.ts';
import {hashSecrets, type SecretHashes} from './hashes.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';
import {recordsOf, releasedOf} from './persons-word.ts';
import {turnAfter} from './slices.ts';

/** Longer than this, and what was read meanwhile would be old when it is planned from. */
const QUICK_FETCH_MS = 2_000;

/** Whether guests can be read while Git is asked: it answered quickly the last time. */
export function readsAhead({followed}: PassMemory): boolean {
  const all = [...followed.values()];
  return all.length > 0 && all.every(({tookMs}) => tookMs !== null && tookMs < QUICK_FETCH_MS);
}

/** What is wanted, as far as it is known: records are never newer than what is read of guests. */
export function subjectsOf(parts: ClusterParts, memory: PassMemory): EarlySubjects {
  const released = releasedOf(parts);
  const records = recordsOf(parts, released);
  return {manifests: inForce(memory.followed.values()), released, records};
}

/** What guests are read for, before Git has answered. */
export type EarlySubjects = Pick<PlanBasis, 'manifests' | 'records'> & {
  readonly released: readonly ResourceKey[];
};

/** Everything that a plan depends on but the cluster. */
export interface Wishes {
  readonly sources: readonly SourceReport[];
  readonly secrets: SecretHashes;
  readonly basis: PlanBasis;
}

/** Asks the sources and works out what follows; `early` where guests are read meanwhile. */
export async function wishesFor(
  pass: StageTimer,
  {parts, memory, early}: PassScope,
  signal: AbortSignal,
): Promise<Wishes> {
  const sources = await pass.stage('fetch', () => followAll(parts, memory, signal));
  const began = parts.clock.monotonic();
  const {records, released} = early ?? subjectsOf(parts, memory);
  await turnAfter(began, parts.clock);
  const manifests = inForce(memory.followed.values());
  const secrets = await hashSecrets(parts, manifests);
  await turnAfter(began, parts.clock);
  const basis: PlanBasis = {
    installation: parts.installation,
    cluster: parts.cluster,
    kinds: resourceKinds(parts.kinds),
    manifests,
    unread: sources.filter(({error}) => error !== null).map(({name}) => name),
    records,
    released,
    ...quarantineOf(parts),
    secretHashes: secrets.hashes,
    former: memory.plan,
  };
  return {sources, secrets, basis};
}

function quarantineOf({policy}: ClusterParts): Pick<PlanBasis, 'quarantineMs'> {
  return policy.quarantineMs === undefined ? {} : {quarantineMs: policy.quarantineMs};
}

/** Times a stage. */
interface StageTimer {
  stage<T>(stage: Stage, work: () => T | Promise<T>): Promise<T>;
}

interface PassScope {
  readonly parts: ClusterParts;
  readonly memory: PassMemory;
  readonly early: EarlySubjects | null;
}

async function followAll(
  parts: ClusterParts,
  memory: PassMemory,
  signal: AbortSignal,
): Promise<readonly SourceReport[]> {
  return Promise.all(
    parts.sources.map(async (source) => {
      const {name} = source.source;
      const followed = memory.followed.get(name) ?? unfollowed();
      memory.followed.set(name, followed);
      const began = parts.clock.monotonic();
      const report = await follow(parts, source, followed, signal);
      followed.tookMs = parts.clock.monotonic() - began;
      return report;
    }),
  );
}

function unfollowed(): Followed {
  return {
    cache: new ParseCache(),
    manifests: null,
    revision: null,
    error: null,
    tookMs: null,
    checked: null,
  };
}
