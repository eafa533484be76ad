// Why this exists: one pass: fetch, observe, plan, judge, dispatch. It starts from scratch, never
// waits for a task, and one thing that cannot be read never stops the rest.
import type {Plan, Verdict} from '../core/action.ts';
import type {Manifests} from '../core/kind.ts';
import type {Inventory} from '../core/model.ts';
import {type Report, type SourceReport, STAGES, type Stage} from '../core/report.ts';
import {judgeSteps} from '../gate/judge.ts';
import {beginPlan} from '../plan/make-plan.ts';
import {readsAhead, subjectsOf, wishesFor} from './basis.ts';
import {dispatch} from './dispatch.ts';
import {driftOf} from './drift-since.ts';
import {resourceKinds} from './follow.ts';
import {foreignStops} from './foreign-stops.ts';
import {gateInput, openWindows} from './gate-input.ts';
import type {PassMemory} from './memory.ts';
import {observe} from './observe.ts';
import type {ClusterParts} from './parts.ts';
import {withAdoptions} from './persons-word.ts';
import {recallHistory} from './recall.ts';
import {takeRequests} from './requests.ts';
import {resourceReports} from './resources.ts';
import {inSlices} from './slices.ts';
import {strangerOf} from './strangers.ts';
import {underWay} from './under-way.ts';
import {heldBy, notingJournal} from './unwritable.ts';

/** Everything a pass saw and decided; the report is what people see of it. */
export interface PassResult {
  readonly report: Report;
  readonly inventory: Inventory | null;
  readonly manifests: readonly Manifests[];
}

/** Runs one pass; dispatches what is allowed when the parts have an applier. */
export async function runPass(
  given: ClusterParts,
  memory: PassMemory,
  signal: AbortSignal,
): Promise<PassResult> {
  const parts = given.applier ? given : {...given, journal: notingJournal(given.journal)};
  const pass = new Stages(parts);
  recallHistory(parts, memory, asTheLeader(parts) ? 'pauses and corrections' : 'corrections');
  // A pass that only looks must not take away what a controller was asked.
  if (parts.applier) takeRequests(parts, memory);
  if (parts.applier) parts.applier.takeUp(parts.journal.unfinished(parts.cluster));
  const early = readsAhead(memory) ? subjectsOf(parts, memory) : null;
  const wishes = wishesFor(pass, {parts, memory, early}, signal);
  if (early === null) await wishes;
  const basis = wishes.then((one) => one.basis);
  const [{sources, secrets, ...wished}, observed] = await Promise.all([
    wishes,
    pass.stage('observe', () => observe(parts, memory, {early, basis}, signal)),
  ]);
  const seen = {...observed, secrets};
  const manifests = withAdoptions(parts, wished.basis.manifests, seen.inventory);
  const isSame = manifests === wished.basis.manifests;
  const planning = isSame ? seen.planning : beginPlan({...wished.basis, manifests});
  const plan = await pass.stage('plan', () =>
    inSlices(planning.finish(seen.inventory), parts.clock),
  );
  memory.plan = plan;
  const verdicts = await pass.stage('gate', async () => {
    const {inventory, quorate} = seen;
    const stops = await foreignStops(parts, plan);
    const input = gateInput(parts, memory, {plan, inventory, quorate, foreignStops: stops});
    const judged = await inSlices(judgeSteps(input), parts.clock);
    if (parts.unwritable) return heldBy(parts.unwritable, plan.actions, judged);
    const stranger = await strangerOf(parts, memory.strangers, {plan, verdicts: judged, inventory});
    if (stranger === null) return judged;
    return inSlices(judgeSteps({...input, stranger}), parts.clock);
  });
  const dispatched = await pass.stage('dispatch', () =>
    dispatch(parts, memory, {
      ...{plan, verdicts, manifests, quorate: seen.quorate},
      records: wished.basis.records,
    }),
  );
  const report = await pass.report({parts, memory, sources, plan, verdicts, dispatched, seen});
  return {report, inventory: seen.inventory, manifests};
}

/** Who only looks beside a controller sees what that one waits for. */
function asTheLeader({applier, journal, cluster, clock}: ClusterParts): boolean {
  return applier === null && journal.leader(cluster, clock.now()) !== null;
}

interface Seen {
  readonly inventory: Inventory;
  readonly quorate: boolean | null;
  readonly requests: number;
  readonly secrets: {readonly unreadable: readonly unknown[]};
}

/** Times the stages of one pass and makes its report. */
class Stages {
  readonly #parts: ClusterParts;
  readonly #startedAt: number;
  readonly #stages: Report['stages'][number][] = [];

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  async stage<T>(stage: Stage, work: () => T | Promise<T>): Promise<T> {
    const began = this.#parts.clock.monotonic();
    const value = await work();
    const seconds = (this.#parts.clock.monotonic() - began) / 1000;
    this.#stages.push({stage, seconds, ok: true, because: null});
    return value;
  }

  /** Git may answer after the cluster did. */
  #inOrder(): Report['stages'] {
    return this.#stages.toSorted((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage));
  }

  async report(made: {
    readonly parts: ClusterParts;
    readonly memory: PassMemory;
    readonly sources: readonly SourceReport[];
    readonly plan: Plan;
    readonly verdicts: readonly Verdict[];
    readonly dispatched: readonly string[];
    readonly seen: Seen;
  }): Promise<Report> {
    const {parts, memory, sources, plan, verdicts, seen} = made;
    const {cluster, clock, journal, pve} = parts;
    const now = clock.now();
    const applying = underWay(parts, now);
    const problems = stageProblems(sources, seen, parts);
    const states = resourceReports({
      plan,
      verdicts,
      kinds: resourceKinds(parts.kinds),
      applying: new Set(applying.map(({key}) => key)),
      suspensions: journal.suspensions(cluster),
      failure: (key) => memory.history.failure(key),
      drift: driftOf(journal, plan, now),
      now,
    });
    const resources = await inSlices(states, clock);
    return {
      cluster,
      startedAt: this.#startedAt,
      endedAt: now,
      result: problems.size > 0 ? 'degraded' : 'ok',
      stages: this.#inOrder().map((stage) => {
        const because = problems.get(stage.stage) ?? null;
        return {...stage, ok: because === null, because};
      }),
      sources,
      plan,
      verdicts,
      resources,
      applying,
      dispatched: made.dispatched,
      requests: seen.requests,
      quorate: seen.quorate,
      endpoints: pve.endpoints(),
      openIntents: journal.openIntents(cluster).length,
      journalIsNew: !journal.accepted(),
      windows: openWindows(parts.policy, now),
    };
  }
}

function stageProblems(
  sources: readonly SourceReport[],
  seen: Seen,
  {unwritable}: Pick<ClusterParts, 'unwritable'>,
): ReadonlyMap<Stage, string> {
  const problems = new Map<Stage, string>();
  const failed = sources.filter(({error}) => error !== null);
  if (failed.length > 0) {
    const says = failed.map(({name, error}) => `${name}: ${error?.message ?? ''}`);
    problems.set('fetch', says.join('; '));
  }
  const unread = Object.values(seen.inventory.reads).filter(({outcome}) => !outcome.ok);
  if (unread.length > 0) {
    const first = unread[0]?.path ?? '';
    problems.set('observe', `${unread.length} reads failed, first ${first}`);
  }
  if (seen.secrets.unreadable.length > 0) {
    problems.set('plan', `${seen.secrets.unreadable.length} secrets could not be read`);
  }
  if (unwritable) problems.set('dispatch', unwritable.because);
  return problems;
}
