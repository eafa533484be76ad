// Why this exists: the planner’s properties are tried on thousands of small worlds, made here.
import fc from 'fast-check';
import type {Body, Desired, FieldValue, ResourceKey, ResourceRecord} from '../core/model.ts';
import type {PlanInput} from './input.ts';
import {inputOf, manifestsOf, recorded, wanted} from './samples.ts';
import type {ToyObject} from './toy-kind.ts';

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
export function bodies(withNull: boolean): fc.Arbitrary<Body> {
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

const liveOf: fc.Arbitrary<ToyObject> = fc.record(
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
    live: fc.option(liveOf),
  });

/** A world of up to four toys in two sources, in any state of health. */
export const worlds: fc.Arbitrary<PlanInput> = fc
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
export const healthy = fc.record({wanted: bodies(true), base: bodies(false), live: bodies(false)});
