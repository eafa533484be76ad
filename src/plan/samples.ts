// Why this exists: the planner's tests state only what they are about; the rest is said here once.
import type {Action, Plan} from '../core/action.ts';
import {assert} from '../core/assert.ts';
import {canonicalJson} from '../core/canonical.ts';
import type {Json} from '../core/json.ts';
import type {Manifests} from '../core/kind.ts';
import type {Desired, Inventory, ResourceRecord, SourceRange} from '../core/model.ts';
import type {PlanInput} from './input.ts';
import {makePlan} from './make-plan.ts';
import {TOY_LISTING, type ToyCluster, type ToyObject, toyKind} from './toy-kind.ts';

const RANGE: SourceRange = {
  file: 'toys.yaml',
  start: {line: 3, column: 1, offset: 20},
  end: {line: 9, column: 1, offset: 90},
};

/** A declared toy, `guest/150` in the source `home` unless said otherwise. */
export function wanted(
  more: Partial<Omit<Desired, 'directives'>> & {directives?: Partial<Desired['directives']>} = {},
): Desired {
  const {directives, ...rest} = more;
  return {
    key: 'guest/150',
    kind: 'Toy',
    name: 'neo4j-db',
    source: 'home',
    body: {},
    creation: {},
    directives: {
      mode: 'enforce',
      onDelete: 'destroy',
      adopt: null,
      replace: null,
      ...directives,
    },
    labels: {},
    dependsOn: [],
    protection: false,
    claims: [],
    range: RANGE,
    ranges: {},
    ...rest,
  };
}

/** The record of a toy that was verified at commit `c1` with this body, all of it written by us. */
export function recorded(more: Partial<ResourceRecord> = {}): ResourceRecord {
  const key = more.key ?? 'guest/150';
  return {
    cluster: 'harness',
    key,
    kind: 'Toy',
    name: 'neo4j-db',
    source: 'home',
    path: 'toys.yaml',
    body: {},
    wrote: Object.keys(more.body ?? {}),
    witness: `uuid-${key}`,
    onDelete: 'destroy',
    replaceToken: null,
    secretHashes: {},
    commit: 'c1',
    verifiedAt: 1_700_000_000_000,
    dependsOn: [],
    ...more,
  };
}

/** All of one source at commit `c2`, without mistakes. */
export function manifestsOf(desired: readonly Desired[], more: Partial<Manifests> = {}): Manifests {
  return {
    source: 'home',
    commit: 'c2',
    desired,
    secrets: [],
    diagnostics: [],
    complete: true,
    documents: desired.length + 1,
    claimed: [],
    ...more,
  };
}

/** A pass that read this cluster; null: the list could not be read. */
function inventoryOf(cluster: ToyCluster | null): Inventory {
  return {
    cluster: 'harness',
    takenAt: 1_700_000_100_000,
    reads: {
      [TOY_LISTING]: {
        path: TOY_LISTING,
        outcome: cluster
          ? {ok: true, data: asJson(cluster)}
          : {
              ok: false,
              error: {
                kind: 'forbidden',
                status: 403,
                message: 'Permission check failed',
                errors: {},
                sent: 'answered',
              },
            },
      },
    },
    release: '8.4',
    clockOffsetMs: {},
  };
}

/** The input of a plan over one source. */
export function inputOf(
  parts: {
    readonly desired?: readonly Desired[];
    readonly records?: readonly ResourceRecord[];
    readonly live?: ToyCluster | null;
  } & Partial<PlanInput>,
): PlanInput {
  const {desired = [], records = [], live = {}, ...rest} = parts;
  return {
    installation: 'home',
    cluster: 'harness',
    kinds: [toyKind(), toyKind('Crate')],
    manifests: [manifestsOf(desired)],
    unread: [],
    records,
    inventory: inventoryOf(live),
    secretHashes: {},
    ...rest,
  };
}

function asJson(cluster: ToyCluster): Json {
  // Safe: what was written as JSON reads back as JSON.
  return JSON.parse(JSON.stringify(cluster)) as Json;
}

/** One text for a value, to compare plans. */
export function textOf(value: unknown): string {
  // Safe: plans and actions are plain JSON.
  return canonicalJson(JSON.parse(JSON.stringify(value)) as Json);
}

/** A plan over guest/150 alone. */
export function planOf(
  desired: Desired | null,
  record: ResourceRecord | null,
  live: ToyObject | null,
): Plan {
  return makePlan(
    inputOf({
      desired: desired ? [desired] : [],
      records: record ? [record] : [],
      live: live ? {'guest/150': live} : {},
    }),
  );
}

/** Verb, risk, cause, fields and finding reasons of each action. */
export function brief(plan: Plan) {
  return plan.actions.map(({verb, risk, cause, changes, findings}) => ({
    verb,
    risk,
    cause,
    fields: changes.map((change) => change.field),
    reasons: findings.map((finding) => finding.reason),
  }));
}

/** The only action of a plan. */
export function only(plan: Plan): Action {
  const [action] = plan.actions;
  assert(action && plan.actions.length === 1, `${plan.actions.length} actions`);
  return action;
}
