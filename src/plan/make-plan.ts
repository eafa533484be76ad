// Why this exists: the plan is a pure function of Git, the cluster and the journal; here its parts
// are put together, one resource at a time, so that one bad resource never stops the others.
import type {Action, Plan} from '../core/action.ts';
import {setFingerprint} from '../core/canonical.ts';
import type {ResourceKey} from '../core/model.ts';
import {mapSteps, runSteps, type Steps} from '../core/steps.ts';
import {observedOf} from './action.ts';
import {planDeclared} from './declared.ts';
import type {PlanInput} from './input.ts';
import {compareKeys, vmidOf} from './keys.ts';
import {type Dependencies, orderActions, waitingOf} from './order.ts';
import {whose} from './ownership.ts';
import {pairSteps} from './pair.ts';
import {planUndeclared} from './prune.ts';
import {ruleFinder} from './rules.ts';
import type {Context, Sketch, Subject} from './subject.ts';

/** Makes the plan of one cluster: the same for the same input, in whatever order that comes. */
export function makePlan(input: PlanInput): Plan {
  return runSteps(planSteps(input));
}

/** The same in steps, a resource each, so that a large plan can be made beside other work. */
export function* planSteps(input: PlanInput): Steps<Plan> {
  const {subjects, contested, diagnostics} = yield* pairSteps(input);
  const manifestsOf = new Map(input.manifests.map((one) => [one.source, one]));
  const context: Context = {input, find: ruleFinder(), manifestsOf, contested};
  const sketches = yield* mapSteps(subjects, (subject) => planSubject(context, subject));
  const drafted = sketches.flatMap((sketch) => sketch.actions);
  const ready = readiness(subjects, drafted);
  yield;
  const ordered = orderActions(drafted, dependenciesOf(subjects), ready);
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
      ...sketches.flatMap((sketch) => sketch.diagnostics),
      ...ordered.diagnostics,
    ],
    unmanaged: unmanagedOf(input, subjects),
    managed: subjects.filter(isManagedGuest).length,
    pruneCandidates: pruneCandidates(ordered.actions),
    setFingerprint: setFingerprint(destructiveFingerprints(ordered.actions)),
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
  subjects: readonly Subject[],
  actions: readonly Action[],
): (key: ResourceKey) => string | null {
  const byKey = new Map(subjects.map((subject) => [subject.key, subject]));
  const actionsOf = Map.groupBy(actions, (action) => action.key);
  return (key) => {
    const subject = byKey.get(key);
    if (!subject) return `${key} is not managed here`;
    if (subject.observation.kind === 'absent') return `${key} does not exist yet`;
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

function dependenciesOf(subjects: readonly Subject[]): Dependencies {
  return new Map(
    subjects.map(({key, desired, record}) => [
      key,
      desired ? desired.dependsOn : (record?.dependsOn ?? []),
    ]),
  );
}

function revisionsOf(input: PlanInput): Plan['revisions'] {
  const pairs = input.manifests.map((one): [string, string] => [one.source, one.commit]);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unmanagedOf(input: PlanInput, subjects: readonly Subject[]): Plan['unmanaged'] {
  const known = new Set(subjects.map((subject) => subject.key));
  const listed = input.kinds.flatMap((kind) => kind.listed(input.inventory));
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
