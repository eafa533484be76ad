// Why this exists: the planner's tests need a kind that is small enough to be seen through: every
// field behaves in a plain way, and the whole cluster is one read.
import {isObject, type JsonObject} from '../core/json.ts';
import type {FieldRule, ListedResource, ResourceKind, StepRequest} from '../core/kind.ts';
import type {
  Body,
  FieldValue,
  Inventory,
  Observation,
  Observed,
  ResourceKey,
  Risk,
} from '../core/model.ts';

/** The only read of the toy kinds. */
export const TOY_LISTING = '/toys';

/** One live object; what is left out is as for a healthy guest of ours. */
export type ToyObject = {
  readonly kind?: string;
  readonly name?: string;
  readonly node?: string;
  readonly body?: Body;
  readonly active?: Body;
  readonly unreadable?: readonly string[];
  readonly ownership?: Observed['ownership'];
  readonly witness?: string | null;
  readonly lock?: string | null;
  readonly power?: Observed['power'];
  readonly protection?: boolean;
  readonly ha?: string | null;
  /** The object is listed but its details could not be read. */
  readonly unread?: boolean;
};

/** What the one read answers: objects by key. */
export type ToyCluster = {readonly [key: ResourceKey]: ToyObject};

const running = (risk: Risk): FieldRule['risk'] =>
  function judge({observed}) {
    return observed.power === 'stopped'
      ? {risk: 'benign', because: 'it is stopped'}
      : {risk, because: 'it runs'};
  };

function rule(risk: FieldRule['risk'], more: Partial<FieldRule> = {}): FieldRule {
  return {
    proxmox: 'toy',
    same: (live, wanted) => canonical(live) === canonical(wanted),
    risk,
    riskInWords: {running: 'see code', stopped: 'see code'},
    ...more,
  };
}

const benign = rule(() => ({risk: 'benign', because: 'nothing is interrupted'}));

const FIELDS = {
  tags: benign,
  cores: rule(running('benign'), {
    // Not set means one, as in Proxmox.
    same: (live, wanted) => (live ?? 1) === (wanted ?? 1),
  }),
  memory: rule(running('disruptive')),
  power: rule(() => ({risk: 'benign', because: 'it is a toy'}), {unremovable: true}),
  node: rule(running('disruptive'), {informational: true}),
  protection: rule(({to}) =>
    to === true
      ? {risk: 'benign', because: 'it guards'}
      : {risk: 'destructive', because: 'it takes the guard off'},
  ),
  password: benign,
  'disks.*': rule(({to}) =>
    to === null
      ? {risk: 'disruptive', because: 'the guest loses a disk'}
      : {risk: 'benign', because: 'a disk is added'},
  ),
  'disks.*.size': benign,
  'disks.*.ssd': rule(running('disruptive')),
} as const satisfies {readonly [template: string]: FieldRule};

/** A kind whose objects are listed under its name; `Toy` unless said otherwise. */
export function toyKind(name = 'Toy'): ResourceKind {
  return {
    role: 'resource',
    name,
    idPrefix: 'toy',
    schema: {},
    normalise: () => ({desired: [], diagnostics: []}),
    reads: (_key, _desired, inventory) =>
      TOY_LISTING in inventory.reads ? [] : [{method: 'GET', path: TOY_LISTING, params: {}}],
    observe: (key, inventory) => observe(name, key, inventory),
    fields: FIELDS,
    steps,
    listed: (inventory) => listed(name, inventory),
    verify: () => ({kind: 'as-expected'}),
  };
}

function observe(kind: string, key: ResourceKey, inventory: Inventory): Observation {
  const toys = toysOf(inventory);
  if (!toys) return {kind: 'undetermined', because: 'the list could not be read'};
  const toy = toys[key];
  if (!toy) return {kind: 'absent'};
  if ((toy.kind ?? 'Toy') !== kind) return {kind: 'other', because: `it is a ${toy.kind}`};
  if (toy.unread) return {kind: 'undetermined', because: 'its node is offline'};
  const observed: Observed = {
    key,
    kind,
    name: toy.name ?? 'toy',
    node: toy.node ?? 'pve1',
    body: toy.body ?? {},
    active: toy.active ?? {},
    unreadable: toy.unreadable ?? [],
    ownership: toy.ownership ?? {kind: 'ours'},
    witness: toy.witness === undefined ? `uuid-${key}` : toy.witness,
    lock: toy.lock ?? null,
    digest: 'abc',
    power: toy.power ?? 'running',
    protection: toy.protection ?? false,
    ha: toy.ha ?? null,
    raw: {},
  };
  return {kind: 'present', observed};
}

function listed(name: string, inventory: Inventory): readonly ListedResource[] | null {
  const toys = toysOf(inventory);
  if (!toys) return null;
  return Object.entries(toys)
    .filter(([, toy]) => (toy.kind ?? 'Toy') === name)
    .map(([key, toy]) => ({
      key,
      id: `toy/${key.split('/')[1]}`,
      name: toy.name ?? null,
      node: toy.node ?? 'pve1',
      template: false,
    }));
}

function toysOf(inventory: Inventory): ToyCluster | null {
  const outcome = inventory.reads[TOY_LISTING]?.outcome;
  if (!outcome?.ok || !isObject(outcome.data)) return null;
  // Safe: only the tests' own clusters are read.
  return outcome.data as ToyCluster;
}

function steps(request: StepRequest): ReturnType<ResourceKind['steps']> {
  const {verb, key, changes, observed} = request;
  const operation =
    verb === 'create' ? 'create' : verb === 'delete' || verb === 'replace' ? 'destroy' : 'config';
  const shrinks = changes.some(
    ({from, to}) => typeof from === 'number' && typeof to === 'number' && to < from,
  );
  return {
    steps: [
      {
        kind: 'call',
        operation,
        says: `${verb} ${key}`,
        call: {method: 'PUT', path: `/toys/${key}`, params: {}},
        guard: {
          vmid: Number(key.split('/')[1]),
          node: observed?.node ?? 'pve1',
          state: observed ? 'ours' : 'absent',
          witness: observed?.witness ?? null,
          digest: observed?.digest ?? null,
          power: null,
        },
        fields: changes.map((change) => change.field),
        expect: {},
        timeoutMs: 1000,
        target: {},
      },
    ],
    facts: factsOf(request),
    findings: shrinks ? [{reason: 'shrink', detail: 'a size would get smaller'}] : [],
    loads: ['task:pve1'],
    diagnostics: [],
    writes: verb === 'adopt' ? [] : changes.map((change) => change.field),
  };
}

function factsOf({verb, observed}: StepRequest): JsonObject {
  return verb === 'delete' && observed ? {power: observed.power} : {};
}

function canonical(value: FieldValue | undefined): string {
  return JSON.stringify(value ?? null);
}
