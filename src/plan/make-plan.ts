// Why this exists: the plan is a pure function of Git, the cluster and the journal; here its parts
// are put together, one resource at a time, so that one bad resource never stops the others.
import type {Action, Plan} from '../core/action.ts';
import {setFingerprint} from '../core/canonical.ts';
import type {ApiCall, Inventory, ResourceKey} from '../core/model.ts';
import {readPath} from '../core/read-path.ts';
import {runSteps, type Steps} from '../core/steps.ts';
import {isIdle, observedOf} from './action.ts';
import {planDeclared} from './declared.ts';
import type {PlanBasis, PlanInput} from './input.ts';
import {compareKeys, vmidOf} from './keys.ts';
import {orderActions, waitingOf} from './order.ts';
import {whose} from './ownership.ts';
import {type Pairing, type Plain, pair} from './pair.ts';
import {planUndeclared} from './prune.ts';
import {ruleFinder} from './rules.ts';
import type {Context, Sketch, Subject} from './subject.ts';

/** Makes the plan of one cluster: the same for the same input, in whatever order that comes. */
export function makePlan(input: PlanInput): Plan {
  return runSteps(planSteps(input));
}

/** The same in steps, a resource each, so that a large plan can be made beside other work. */
function planSteps(input: PlanInput): Steps<Plan> {
  return beginPlan(input).finish(input.inventory);
}

/** A plan that is being made while the cluster is still read. */
export interface Planning {
  /**
   * Plans one resource before the rest is read, if all of its own reads are there. Only where
   * nothing is to be done is that used: whatever else is read cannot change it.
   */
  readonly ahead: (key: ResourceKey, inventory: Inventory) => void;
  /**
   * What else has to be read because of what is planned now: nothing where all is in sync. Asked
   * when all that observes is read, and again with its answers until it wants nothing more.
   */
  readonly looks: (inventory: Inventory) => Steps<readonly ApiCall[]>;
  /** The plan, from an inventory that holds all that those before it held. */
  readonly finish: (inventory: Inventory) => Steps<Plan>;
}

/** Begins a plan: what Git and the journal say is known, what the cluster says is not yet. */
export function beginPlan(input: PlanBasis): Planning {
  const pairing = pair(input);
  const base = {
    find: ruleFinder(),
    manifestsOf: new Map(input.manifests.map((one) => [one.source, one])),
    contested: pairing.contested,
    records: new Map(input.records.map((record) => [record.key, record])),
    idle: idleOf(input.former ?? null),
  };
  const contextOf = (inventory: Inventory): Context => ({...base, input: {...input, inventory}});
  const settled = new Map<ResourceKey, Part>();
  const wanted = new Map<ResourceKey, readonly ApiCall[]>();
  const tryAt = (key: ResourceKey, inventory: Inventory): readonly ApiCall[] => {
    const subject = pairing.subjectOf(key, inventory);
    const part = subject === null ? null : partOf(contextOf(inventory), subject);
    const calls = part?.sketch.looks ?? [];
    if (part !== null && isSettled(part)) settled.set(key, part);
    else wanted.set(key, calls);
    return calls;
  };
  return {
    ahead: (key, inventory) => {
      const plain = pairing.plain(key);
      if (plain === null || settled.has(key) || !isRead(plain, inventory)) return;
      tryAt(key, inventory);
    },
    looks: function* (inventory) {
      const isUnread = (call: ApiCall) => !Object.hasOwn(inventory.reads, readPath(call));
      const calls = new Map<string, ApiCall>();
      // What left Git is not started again.
      for (const key of pairing.keys) {
        if (!pairing.isDeclared(key) || settled.has(key)) continue;
        const former = wanted.get(key);
        const known = former?.length === 0 || former?.some(isUnread) === true;
        const now = known ? (former ?? []) : tryAt(key, inventory);
        for (const call of now.filter(isUnread)) calls.set(readPath(call), call);
        yield;
      }
      return [...calls.values()];
    },
    finish: (inventory) => finishSteps(contextOf(inventory), pairing, settled),
  };
}

function idleOf(former: Plan | null): Context['idle'] {
  return new Map(former?.actions.filter(isIdle).map((action) => [action.key, action]));
}

function isRead({kind, desired, record}: Plain, inventory: Inventory): boolean {
  const calls = kind.reads(desired.key, desired, inventory, record);
  return calls.every((call) => Object.hasOwn(inventory.reads, readPath(call)));
}

/** Nothing to do and nothing to say: what this rests on is this resource's alone. */
function isSettled({sketch, isManagedGuest}: Part): boolean {
  const [action, ...others] = sketch.actions;
  if (action === undefined || others.length > 0 || !isManagedGuest) return false;
  return isIdle(action) && sketch.diagnostics.length === 0;
}

function* finishSteps(
  context: Context,
  {keys, diagnostics, subjectOf}: Pairing,
  settled: ReadonlyMap<ResourceKey, Part>,
): Steps<Plan> {
  const {input} = context;
  const parts: Part[] = [];
  for (const key of keys) {
    const known = settled.get(key);
    const subject = known === undefined ? subjectOf(key, input.inventory) : null;
    if (known !== undefined) parts.push(known);
    else if (subject !== null) parts.push(partOf(context, subject));
    yield;
  }
  const drafted = parts.flatMap(({sketch}) => sketch.actions);
  const ready = readiness(parts, drafted);
  yield;
  const dependencies = new Map(parts.map(({key, dependsOn}) => [key, dependsOn]));
  const ordered = orderActions(drafted, dependencies, ready);
  yield;
  return {
    cluster: input.cluster,
    installation: input.installation,
    revisions: revisionsOf(input),
    takenAt: input.inventory.takenAt,
    actions: ordered.actions,
    waiting: waitingOf(ordered.actions),
    diagnostics: [
      ...diagnostics,
      ...parts.flatMap(({sketch}) => sketch.diagnostics),
      ...ordered.diagnostics,
    ],
    unmanaged: unmanagedOf(input, parts),
    managed: parts.filter(({isManagedGuest}) => isManagedGuest).length,
    pruneCandidates: pruneCandidates(ordered.actions),
    setFingerprint: setFingerprint(destructiveFingerprints(ordered.actions)),
  };
}

/** What of a subject is needed once its part of the plan is made: not the live object. */
interface Part {
  readonly key: ResourceKey;
  readonly sketch: Sketch;
  readonly isAbsent: boolean;
  readonly isManagedGuest: boolean;
  readonly dependsOn: readonly ResourceKey[];
}

function partOf(context: Context, subject: Subject): Part {
  const {key, desired, record, observation} = subject;
  return {
    key,
    sketch: planSubject(context, subject),
    isAbsent: observation.kind === 'absent',
    isManagedGuest: isManagedGuest(subject),
    dependsOn: desired ? desired.dependsOn : (record?.dependsOn ?? []),
  };
}

/** The fingerprints over which the set fingerprint of a plan is taken. */
function destructiveFingerprints(actions: readonly Action[]): readonly string[] {
  const destructive = actions.filter((action) => action.risk === 'destructive');
  return destructive.map((action) => action.fingerprint).sort();
}

function planSubject(context: Context, subject: Subject): Sketch {
  const {desired, record} = subject;
  if (desired) return planDeclared(context, {...subject, desired});
  if (record) return planUndeclared(context, {...subject, record});
  return {actions: [], diagnostics: []};
}

/** Tells why a key cannot be built on yet; null when it is in place. */
function readiness(
  parts: readonly Part[],
  actions: readonly Action[],
): (key: ResourceKey) => string | null {
  const byKey = new Map(parts.map((part) => [part.key, part]));
  const actionsOf = Map.groupBy(actions, (action) => action.key);
  return (key) => {
    const part = byKey.get(key);
    if (!part) return `${key} is not managed here`;
    if (part.isAbsent) return `${key} does not exist yet`;
    const open = (actionsOf.get(key) ?? []).find(isUnfinished);
    return open ? `${key} is not as declared yet (${open.verb})` : null;
  };
}

/** What is held back by a person's decision does not count as unfinished. */
function isUnfinished(action: Action): boolean {
  if (action.verb === 'none') return action.findings.length > 0;
  if (action.verb !== 'update') return true;
  return action.cause === 'pending' && action.risk === 'benign';
}

function revisionsOf(input: PlanInput): Plan['revisions'] {
  const pairs = input.manifests.map((one): [string, string] => [one.source, one.commit]);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unmanagedOf(input: PlanInput, parts: readonly Part[]): Plan['unmanaged'] {
  const lists = input.kinds.map((kind) => kind.listed(input.inventory));
  if (lists.includes(null)) return null;
  const known = new Set(parts.map(({key}) => key));
  const listed = lists.flatMap((list) => list ?? []);
  const strangers = new Map(
    listed.filter(({key}) => !known.has(key)).map((one) => [one.id, one] as const),
  );
  return [...strangers.values()]
    .sort((a, b) => compareKeys(a.id, b.id))
    .map(({id, name, node}) => ({id, name, node}));
}

function isManagedGuest(subject: Subject): boolean {
  const observed = observedOf(subject);
  if (!observed || !subject.record || vmidOf(subject.key) === null) return false;
  return whose(observed, subject.record, null).kind === 'ours';
}

function pruneCandidates(actions: readonly Action[]): readonly ResourceKey[] {
  const leaving = actions.filter(({verb}) => verb === 'delete' || verb === 'release');
  return leaving.map((action) => action.key).sort(compareKeys);
}
