// Why this exists: the answers of the HTTP API, apart from how they are sent. Reading only.
import type {Journal} from '../core/ports.ts';
import type {Report} from '../core/report.ts';
import {
  findResources,
  type Identity,
  LISTED_OUTCOMES,
  resourceDetail,
  statusDocument,
  unmanagedProblem,
} from './status-document.ts';

/** An answer: a status and a value that is sent as JSON. */
export interface Answer {
  readonly status: 200 | 400 | 404 | 409 | 503;
  readonly value: unknown;
}

/** What the API reads of the journal. */
export type ReadJournal = Pick<
  Journal,
  'suspensions' | 'outcomes' | 'outcomesOf' | 'openIntents' | 'audit'
>;

/** Where answers come from. */
export interface ApiParts {
  readonly identity: Identity;
  /** Newest report by cluster. */
  readonly reports: () => ReadonlyMap<string, Report>;
  readonly journal: ReadJournal;
}

/** A query string, parsed; a name given twice is a list. */
export type Query = {readonly [name: string]: unknown};

const MOST_AUDIT = 1_000;
const USUAL_AUDIT = 100;

/** `/api/v1/status`: a StatusDocument. */
export function statusAnswer({identity, reports, journal}: ApiParts): Answer {
  const clusters = [...reports()].map(
    ([cluster, report]) => [report, journalFacts(journal, cluster)] as const,
  );
  return {status: 200, value: statusDocument(identity, clusters)};
}

/** What the journal knows of one cluster. */
export function journalFacts(journal: ReadJournal, cluster: string) {
  return {
    suspensions: journal.suspensions(cluster),
    outcomes: journal.outcomes(cluster, LISTED_OUTCOMES),
    intents: journal.openIntents(cluster),
  };
}

/** `/api/v1/clusters/:cluster/plan`: `{plan, verdicts}` of the newest pass. */
export function planAnswer({reports}: ApiParts, cluster: string): Answer {
  const report = reports().get(cluster);
  if (report === undefined) return missing(`no cluster is called "${cluster}"`);
  const {plan, verdicts} = report;
  return plan === null
    ? {status: 503, value: problem('the newest pass made no plan', 'See its stages in the status.')}
    : {status: 200, value: {plan, verdicts}};
}

/** `/api/v1/clusters/:cluster/resources?state=`: a list of ResourceReport. */
export function resourcesAnswer({reports}: ApiParts, cluster: string, query: Query): Answer {
  const report = reports().get(cluster);
  if (report === undefined) return missing(`no cluster is called "${cluster}"`);
  const {state} = query;
  const resources = report.resources.filter((one) => state === undefined || one.state === state);
  return {status: 200, value: resources};
}

/** `/api/v1/resources/qemu/150?cluster=`: a ResourceDetail; 409 with the list if several fit. */
export function resourceAnswer(parts: ApiParts, asked: string, query: Query): Answer {
  const found = [...parts.reports().values()]
    .filter(({cluster}) => query['cluster'] === undefined || query['cluster'] === cluster)
    .flatMap((report) =>
      findResources(report.resources, asked).map((resource) => ({report, resource})),
    );
  const [first, ...others] = found;
  if (first === undefined) return unknown(parts, asked);
  if (others.length > 0) {
    const matches = found.map(({report, resource}) => ({
      cluster: report.cluster,
      id: resource.id,
      kind: resource.kind,
      name: resource.name,
    }));
    const remedy = 'Ask by id (qemu/150), and with ?cluster= where several have it.';
    return {status: 409, value: {...problem(`"${asked}" fits several`, remedy), matches}};
  }
  const {report, resource} = first;
  return {status: 200, value: resourceDetail(report, resource, parts.journal)};
}

function unknown({reports}: ApiParts, asked: string): Answer {
  const plans = [...reports().values()].map(({plan}) => plan);
  const found = plans.flatMap((plan) => unmanagedProblem(plan, asked) ?? [])[0];
  const {message, remedy} = found ?? {
    message: `nothing is called "${asked}"`,
    remedy: 'pvegit plan --all lists what is managed and what is not.',
  };
  return {status: 404, value: problem(message, remedy)};
}

/** `/api/v1/audit?cluster=&key=&limit=`: AuditEntry[], newest first. */
export function auditAnswer({journal}: ApiParts, query: Query): Answer {
  const limit = query['limit'] === undefined ? USUAL_AUDIT : Number(query['limit']);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_AUDIT) {
    const remedy = `Ask for 1 to ${MOST_AUDIT} entries.`;
    return {status: 400, value: problem('limit is not a number of entries', remedy)};
  }
  const {cluster, key} = query;
  const filter = {
    ...(typeof cluster === 'string' ? {cluster} : {}),
    ...(typeof key === 'string' ? {key} : {}),
    limit,
  };
  return {status: 200, value: journal.audit(filter)};
}

/** The shape of every answer that is not the thing asked for. */
export function problem(message: string, remedy: string): {readonly error: object} {
  return {error: {message, remedy}};
}

function missing(message: string): Answer {
  return {status: 404, value: problem(message, 'GET /api/v1/status lists what there is.')};
}
