// Why this exists: the API, the page and the command line show the same facts: a pass's report with
// what the journal adds. Pure, so that it can be made from a live controller or a stored journal.
import type {Intent, Outcome, Plan} from '../core/action.ts';
import type {Journal, Suspension} from '../core/ports.ts';
import {
  type ClusterStatus,
  LISTED_RESOURCES,
  RESOURCE_STATES,
  type Report,
  type ResourceDetail,
  type ResourceReport,
  type ResourceState,
  type StatusDocument,
} from '../core/report.ts';

/** What the journal knows of one cluster; outcomes newest first. */
export interface JournalFacts {
  readonly suspensions: readonly Suspension[];
  readonly outcomes: readonly Outcome[];
  readonly intents: readonly Intent[];
}

/** Of how many outcomes a cluster's status tells. */
export const LISTED_OUTCOMES = 20;

/** The document's head. */
export interface Identity {
  readonly version: string;
  readonly installation: string;
  /** ms since the epoch; null without a controller. */
  readonly startedAt: number | null;
}

/** The whole document; clusters in the order given. */
export function statusDocument(
  {version, installation, startedAt}: Identity,
  clusters: Iterable<readonly [Report, JournalFacts]>,
): StatusDocument {
  const statuses = [...clusters].map(([report, facts]) => clusterStatus(report, facts));
  return {version, installation, startedAt, clusters: statuses};
}

/** Counts of all, the resources that are not in sync, and recent history. */
function clusterStatus(report: Report, facts: JournalFacts): ClusterStatus {
  const {plan, verdicts: _verdicts, resources, dispatched: _dispatched, ...kept} = report;
  return {
    ...kept,
    counts: countStates(resources),
    notInSync: resources
      .filter(({state}) => state !== 'in_sync')
      .sort((left, right) => URGENCY[left.state] - URGENCY[right.state])
      .slice(0, LISTED_RESOURCES),
    unmanaged: plan?.unmanaged?.length ?? null,
    suspensions: facts.suspensions,
    outcomes: facts.outcomes.slice(0, LISTED_OUTCOMES),
    intents: facts.intents.map(({id, key, step, state, openedAt}) => ({
      id,
      key,
      says: step.says,
      state,
      openedAt,
    })),
  };
}

/** Everything about one resource, with what the journal knows of it. */
export function resourceDetail(
  report: Report,
  resource: ResourceReport,
  journal: Pick<Journal, 'outcomesOf' | 'suspensions'>,
): ResourceDetail {
  const {cluster, endedAt} = report;
  const {key} = resource;
  return {
    cluster,
    resource,
    actions: report.plan?.actions.filter((action) => action.key === key) ?? [],
    verdicts: report.verdicts.filter((verdict) => verdict.key === key),
    waiting: report.plan?.waiting.filter((waiting) => waiting.key === key) ?? [],
    suspensions: journal
      .suspensions(cluster)
      .filter((one) => one.key === '*' || one.key === key)
      .filter(({expiresAt}) => expiresAt === null || expiresAt > endedAt),
    outcomes: journal
      .outcomesOf(cluster, key, 0)
      .toSorted((left, right) => right.endedAt - left.endedAt)
      .slice(0, LISTED_OUTCOMES),
  };
}

/**
 * The resources that a person means by `qemu/150`, `guest/150`, `150`, `Kind/name` or a name: none,
 * one, or several when a name is used twice.
 */
export function findResources(
  resources: readonly ResourceReport[],
  asked: string,
): readonly ResourceReport[] {
  const exact = resources.filter(({key, id}) => key === asked || id === asked);
  if (exact.length > 0) return exact;
  if (/^\d+$/.test(asked)) return resources.filter(({key}) => key === `guest/${asked}`);
  return resources.filter(({kind, name}) => name === asked || `${kind}/${name}` === asked);
}

/** A live guest that is meant and that nobody manages: what to say of it; null for none. */
export function unmanagedProblem(
  plan: Plan | null,
  asked: string,
): {readonly message: string; readonly remedy: string} | null {
  const vmid = /^(?:(?:qemu|lxc|guest)\/)?(\d+)$/.exec(asked)?.[1];
  const found = plan?.unmanaged?.find(
    ({id, name}) => name === asked || id === asked || id.split('/')[1] === vmid,
  );
  if (found === undefined) return null;
  const {id, name} = found;
  const who = name === null ? id : `${id} ${name}`;
  const imported = id.startsWith('qemu/');
  return {
    message: `${who} is there, and no manifest describes it`,
    remedy: imported
      ? `To manage it: pvegit import --vmid ${id.split('/')[1]}`
      : 'It is never touched: containers are not managed yet.',
  };
}

/** What needs somebody comes first. */
const URGENCY: {readonly [state in ResourceState]: number} = {
  failed: 0,
  undetermined: 1,
  held: 2,
  suspended: 3,
  applying: 4,
  out_of_sync: 5,
  in_sync: 6,
};

function countStates(resources: readonly ResourceReport[]): ClusterStatus['counts'] {
  const counts = {
    in_sync: 0,
    out_of_sync: 0,
    held: 0,
    applying: 0,
    failed: 0,
    undetermined: 0,
    suspended: 0,
  } satisfies ClusterStatus['counts'];
  for (const {state} of resources) counts[state] += 1;
  return counts;
}

/** States in the order in which people read them: what needs somebody first. */
export const STATES_BY_URGENCY: readonly ResourceState[] = [...RESOURCE_STATES].sort(
  (left, right) => URGENCY[left] - URGENCY[right],
);
