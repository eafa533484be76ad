// Why this exists: what must hold for every plan, tried on thousands of small worlds.
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import type {Action, Plan} from '../core/action.ts';
import type {Body, Desired, FieldValue, ResourceKey, ResourceRecord} from '../core/model.ts';
import {finishedRecord} from '../core/record.ts';
import {runSteps} from '../core/steps.ts';
import type {PlanInput} from './input.ts';
import {beginPlan, makePlan} from './make-plan.ts';
import {inputOf, manifestsOf, recorded, textOf, wanted} from './samples.ts';
import {TOY_LISTING, type ToyObject} from './toy-kind.ts';

const RUNS = {numRuns: 400};

const KEYS: readonly ResourceKey[] = ['guest/100', 'guest/150', 'guest/151', 'guest/2000'];

const LEAVES: {readonly [path: string]: fc.Arbitrary<FieldValue>} = {
  cores: fc.constantFrom(1, 2, 4),
  memory: fc.constantFrom(2, 4),
  tags: fc.constantFrom(['a'], ['b'], ['pvegit-hold']),
  power: fc.constantFrom('running', 'stopped'),
  node: fc.constantFrom('pve1', 'pve2'),
  protection: fc.boolean(),
};

const slots: fc.Arbitrary<Body> = fc.oneof(
  fc.constant({}),
  fc.record({'disks.scsi1': fc.constant(true), 'disks.scsi1.size': fc.constantFrom(8, 9)}),
  fc.record({
    'disks.scsi1': fc.constant(true),
    'disks.scsi1.size': fc.constantFrom(8, 9),
    'disks.scsi1.ssd': fc.boolean(),
  }),
);

/** Any body that a toy may have; null stands for "must be absent" where Git declares it. */
function bodies(withNull: boolean): fc.Arbitrary<Body> {
  const leaves = Object.fromEntries(
    Object.entries(LEAVES).map(([path, leaf]) => [path, withNull ? fc.option(leaf) : leaf]),
  );
  const scalars = fc.record(leaves, {requiredKeys: []});
  return fc.tuple(scalars, slots).map(([some, slot]) => ({...defined(some), ...slot}));
}

function defined(some: {readonly [path: string]: FieldValue | undefined}): Body {
  return Object.fromEntries(
    Object.entries(some).flatMap(([path, value]) => (value === undefined ? [] : [[path, value]])),
  );
}

const desiredOf = (key: ResourceKey): fc.Arbitrary<Desired> =>
  fc
    .record({
      body: bodies(true),
      mode: fc.constantFrom('enforce', 'enforce', 'create-only', 'observe'),
      replace: fc.constantFrom(null, null, 'again'),
      adopt: fc.constantFrom(null, `uuid-${key}`, 'uuid-other'),
      dependsOn: fc.subarray([...KEYS], {maxLength: 1}),
    })
    .map(({body, mode, replace, adopt, dependsOn}) =>
      wanted({key, body, dependsOn, directives: {mode, replace, adopt, onDelete: 'destroy'}}),
    );

const recordOf = (key: ResourceKey): fc.Arbitrary<ResourceRecord> =>
  fc
    .record({
      body: bodies(false),
      witness: fc.constantFrom(`uuid-${key}`, `uuid-${key}`, 'uuid-other', null),
      onDelete: fc.constantFrom('destroy', 'retain'),
      source: fc.constantFrom('home', 'home', 'away'),
    })
    .chain((parts) =>
      fc.subarray(Object.keys(parts.body)).map((wrote) => recorded({...parts, key, wrote})),
    );

const liveToys: fc.Arbitrary<ToyObject> = fc.record(
  {
    body: bodies(false),
    ownership: fc.constantFrom(
      {kind: 'ours'},
      {kind: 'ours'},
      {kind: 'unmarked'},
      {kind: 'foreign', marker: 'elsewhere'},
    ),
    power: fc.constantFrom('running', 'stopped', 'unknown'),
    lock: fc.constantFrom(null, null, 'backup'),
    protection: fc.boolean(),
    unread: fc.constantFrom(false, false, true),
    kind: fc.constantFrom('Toy', 'Toy', 'Toy', 'Crate'),
  },
  {requiredKeys: ['body']},
);

/** One toy as Git, the journal and the cluster know it, or do not. */
const toyOf = (key: ResourceKey) =>
  fc.record({
    key: fc.constant(key),
    desired: fc.option(desiredOf(key)),
    record: fc.option(recordOf(key)),
    live: fc.option(liveToys),
  });

/** A world of up to four toys in two sources, in any state of health. */
const worlds: fc.Arbitrary<PlanInput> = fc
  .record({
    toys: fc.tuple(...KEYS.map(toyOf)),
    listed: fc.constantFrom(true, true, true, false),
    complete: fc.constantFrom(true, true, false),
    away: fc.constantFrom('read', 'unread', 'empty', 'gone'),
  })
  .map(({toys, listed, complete, away}) => {
    const home = manifestsOf(
      toys.flatMap(({desired}) => desired ?? []),
      {complete},
    );
    const other = manifestsOf([], {source: 'away', documents: away === 'read' ? 1 : 0});
    const live = toys.flatMap((toy): [string, ToyObject][] =>
      toy.live ? [[toy.key, toy.live]] : [],
    );
    return inputOf({
      manifests: away === 'read' || away === 'empty' ? [home, other] : [home],
      unread: away === 'unread' ? ['away'] : [],
      records: toys.flatMap(({record}) => record ?? []),
      live: listed ? Object.fromEntries(live) : null,
    });
  });

/** A healthy toy that is ours: wanted, known and live bodies are any. */
const healthy = fc.record({wanted: bodies(true), base: bodies(false), live: bodies(false)});

describe('every plan', () => {
  it('is a pure function of values: the same input gives the same plan and stays as it was', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const before = textOf(world.records);
        const first = textOf(makePlan(world));
        expect(textOf(makePlan(world))).toBe(first);
        expect(textOf(world.records)).toBe(before);
      }),
      RUNS,
    );
  });

  it('does not depend on the order of its input', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const turned: PlanInput = {
          ...world,
          kinds: world.kinds.toReversed(),
          manifests: world.manifests
            .map((one) => ({...one, desired: one.desired.toReversed().map(turnedBody)}))
            .toReversed(),
          records: world.records.toReversed(),
          unread: world.unread.toReversed(),
        };
        expect(textOf(makePlan(turned))).toBe(textOf(makePlan(world)));
      }),
      RUNS,
    );
  });

  it('is the same, whatever was planned before and however much of it was made ahead', () => {
    const pairs = fc.tuple(worlds, worlds, fc.shuffledSubarray([...KEYS]));
    fc.assert(
      fc.property(pairs, ([world, other, ahead]) => {
        const {inventory, ...wishes} = world;
        const earlier = {...world, inventory: other.inventory, records: other.records};
        for (const former of [makePlan(world), makePlan(earlier), makePlan(other)]) {
          const planning = beginPlan({...wishes, former});
          for (const key of ahead) planning.ahead(key, inventory);
          expect(textOf(runSteps(planning.finish(inventory)))).toBe(textOf(makePlan(world)));
        }
      }),
      RUNS,
    );
  });

  it('never deletes, replaces or prunes because something could not be read', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const blind = {...world, inventory: inputOf({live: null}).inventory};
        expect(harmful(makePlan(blind))).toEqual([]);
        const unread = {...world, manifests: [], unread: ['home', 'away']};
        expect(harmful(makePlan(unread))).toEqual([]);
        const broken = {
          ...world,
          manifests: world.manifests.map((one) => ({...one, desired: [], complete: false})),
        };
        expect(harmful(makePlan(broken))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('has no step for what is not provably ours', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const action of makePlan(world).actions) {
          if (action.steps.length === 0) continue;
          const live = liveOf(world, action.key);
          const record = world.records.find((one) => one.key === action.key);
          if (action.verb === 'create') expect(live).toBeUndefined();
          else if (action.verb === 'adopt') {
            expect(live?.ownership).toEqual({kind: 'unmarked'});
          } else {
            expect(live?.ownership ?? {kind: 'ours'}).toEqual({kind: 'ours'});
            expect(record?.witness).toBe(`uuid-${action.key}`);
          }
        }
      }),
      RUNS,
    );
  });

  it('mentions every declared or recorded resource at least once', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const keys = new Set(makePlan(world).actions.map((action) => action.key));
        for (const {key} of world.records) expect(keys).toContain(key);
        for (const {key} of world.manifests.flatMap((one) => one.desired)) {
          expect(keys).toContain(key);
        }
      }),
      RUNS,
    );
  });

  it('gives different actions different fingerprints', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const fingerprints = makePlan(world).actions.map((action) => action.fingerprint);
        expect(new Set(fingerprints).size).toBe(fingerprints.length);
      }),
      RUNS,
    );
  });
});

describe('a guest that is ours', () => {
  it('has no difference with itself', () => {
    fc.assert(
      fc.property(healthy, ({live}) => {
        const body = {...live};
        const plan = planOne({wanted: body, base: body, live: {body}});
        expect(plan.actions).toMatchObject([{verb: 'none', findings: [], record: null}]);
      }),
      RUNS,
    );
  });

  it('that stays as it is has one action for all plans, made ahead or not', () => {
    fc.assert(
      fc.property(healthy, ({live: body}) => {
        const input = inputOf({
          desired: [wanted({body})],
          records: [recorded({body})],
          live: {'guest/150': {body}},
        });
        const former = makePlan(input);
        const planning = beginPlan({...input, former});
        planning.ahead('guest/150', {...input.inventory, reads: {}});
        planning.ahead('guest/150', input.inventory);
        // What was planned ahead is not looked at again.
        const nothing = {...input.inventory, reads: {}};
        expect(runSteps(planning.finish(nothing)).actions[0]).toBe(former.actions[0]);
        expect(makePlan({...input, former}).actions[0]).toBe(former.actions[0]);
      }),
      RUNS,
    );
  });

  it('After a successful apply the next plan is empty.', () => {
    fc.assert(
      fc.property(healthy, ({wanted: body, base, live}) => {
        let toy: ToyObject = {body: live, power: 'stopped'};
        let record = recorded({body: base});
        // Follow, benign, disruptive and destructive in three causes, and power: at most 12 passes.
        for (let pass = 0; pass < 12; pass += 1) {
          const plan = planOne({wanted: body, live: toy, record});
          const [action] = plan.actions;
          if (!action || isDone(action)) return;
          toy = applied(toy, action);
          record = finishedRecord(action, FACTS) ?? record;
        }
        expect(planOne({wanted: body, live: toy, record}).actions).toEqual([]);
      }),
      RUNS,
    );
  });

  it('keeps drift that an action left alone as drift', () => {
    fc.assert(
      fc.property(healthy, ({wanted: body, base, live}) => {
        const record = recorded({body: base});
        const before = planOne({wanted: body, live: {body: live}, record});
        const drift = driftIn(before);
        for (const action of before.actions) {
          if (action.changes.some((change) => drift.includes(change.field))) continue;
          const after = planOne({
            wanted: body,
            live: applied({body: live}, action),
            record: finishedRecord(action, FACTS) ?? record,
          });
          expect(driftIn(after)).toEqual(expect.arrayContaining([...drift]));
        }
      }),
      RUNS,
    );
  });
});

const FACTS = {cluster: 'harness', witness: 'uuid-guest/150', verifiedAt: 1};

function planOne(parts: {
  readonly wanted: ToyObject['body'] & object;
  readonly base?: ToyObject['body'] & object;
  readonly live: ToyObject;
  readonly record?: ReturnType<typeof recorded>;
}): Plan {
  return makePlan(
    inputOf({
      desired: [wanted({body: parts.wanted})],
      records: [parts.record ?? recorded({body: parts.base ?? {}})],
      live: {'guest/150': parts.live},
    }),
  );
}

function isDone(action: Action): boolean {
  return action.verb === 'none' && action.record === null;
}

/** What carrying out an action leaves behind. */
function applied(toy: ToyObject, action: Action): ToyObject {
  const body = {...toy.body};
  for (const {field, to} of action.changes) {
    if (to === null || to === undefined) {
      for (const path of Object.keys(body)) {
        if (path === field || path.startsWith(`${field}.`)) delete body[path];
      }
    } else body[field] = to;
  }
  return {...toy, body};
}

function driftIn(plan: Plan): readonly string[] {
  const drift = plan.actions.filter((action) => action.cause === 'drift');
  return drift.flatMap((action) => action.changes.map((change) => change.field));
}

function harmful(plan: Plan): readonly string[] {
  return plan.actions
    .filter(({verb}) => verb === 'delete' || verb === 'replace' || verb === 'release')
    .map((action) => `${action.verb} ${action.key}`);
}

function liveOf(world: PlanInput, key: string): ToyObject | undefined {
  const outcome = world.inventory.reads[TOY_LISTING]?.outcome;
  // Safe: the worlds' only read is a ToyCluster.
  return outcome?.ok ? (outcome.data as {[key: string]: ToyObject})[key] : undefined;
}

function turnedBody<T extends {readonly body: object}>(one: T): T {
  return {...one, body: Object.fromEntries(Object.entries(one.body).toReversed())};
}
