// Why this exists: each resource is in exactly one state for people and metrics, with its reasons.
import {
  type Action,
  isPassing,
  isStuck,
  type Plan,
  type Reason,
  type Verdict,
} from '../core/action.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {ResourceKey} from '../core/model.ts';
import type {Suspension} from '../core/ports.ts';
import type {ResourceReport, ResourceState} from '../core/report.ts';
import {mapSteps, type Steps} from '../core/steps.ts';
import type {Backoff} from './history.ts';

/** What the states are told from. */
export interface StateInput {
  readonly plan: Plan;
  readonly verdicts: readonly Verdict[];
  readonly kinds: readonly ResourceKind[];
  readonly applying: ReadonlySet<ResourceKey>;
  readonly suspensions: readonly Suspension[];
  readonly failure: (key: ResourceKey) => Backoff | null;
  readonly drift: ReadonlyMap<ResourceKey, ResourceReport['drift']>;
  readonly now: number;
}

const UNREAD: ReadonlySet<Reason> = new Set(['unknown', 'incomplete']);

/** One report per planned resource, in the plan's order, in steps. */
export function resourceReports(input: StateInput): Steps<readonly ResourceReport[]> {
  const byKey = Map.groupBy(input.plan.actions, (action) => action.key);
  const verdicts = Map.groupBy(input.verdicts, ({key}) => key);
  const waiting = Map.groupBy(input.plan.waiting, ({key}) => key);
  return mapSteps(byKey, ([key, actions]) =>
    resourceReport(input, key, {
      actions,
      verdicts: verdicts.get(key) ?? [],
      waits: waiting.get(key) ?? [],
    }),
  );
}

/** What a pass said of one resource. */
interface Said {
  readonly actions: readonly Action[];
  readonly verdicts: readonly Verdict[];
  readonly waits: Plan['waiting'];
}

function resourceReport(input: StateInput, key: ResourceKey, said: Said): ResourceReport {
  const {actions, verdicts} = said;
  const [first] = actions;
  const because = verdicts.flatMap(({verdict, reasons}) => (verdict === 'allow' ? [] : reasons));
  const prefix = input.kinds.find(({name}) => name === first?.kind)?.idPrefix ?? 'qemu';
  return {
    key,
    id: key.replace(/^guest\//, `${prefix}/`),
    kind: first?.kind ?? '',
    name: first?.name ?? '',
    node: first?.node ?? null,
    mode: first?.mode ?? 'enforce',
    source: first?.source ?? '',
    state: stateOf(input, key, said, because),
    because: because.length === 0 ? NONE : because.map(shownReason),
    drift: input.drift.get(key) ?? NONE,
  };
}

/** One for all that are in sync: a fleet has thousands. */
const NONE: readonly never[] = [];

function shownReason({reason, detail, remedy}: Verdict['reasons'][number]) {
  return {reason, detail, remedy};
}

function stateOf(
  input: StateInput,
  key: ResourceKey,
  {actions, waits}: Said,
  because: Verdict['reasons'],
): ResourceState {
  const {suspensions, now} = input;
  const suspended = suspensions.some(
    (suspension) =>
      (suspension.key === '*' || suspension.key === key) &&
      (suspension.expiresAt === null || suspension.expiresAt > now),
  );
  if (input.applying.has(key)) return 'applying';
  if (suspended) return 'suspended';
  const findings = actions.flatMap((action) => action.findings);
  if (findings.some(({reason}) => UNREAD.has(reason))) return 'undetermined';
  if (waits.some(({reason}) => UNREAD.has(reason))) return 'undetermined';
  const failure = input.failure(key);
  const work = actions.filter(({verb}) => verb !== 'none');
  if (failure !== null && work.some(({fingerprint}) => fingerprint === failure.fingerprint)) {
    return 'failed';
  }
  if (!isPassing(because) || actions.some(isStuck)) return 'held';
  return work.length > 0 || waits.length > 0 ? 'out_of_sync' : 'in_sync';
}
