// Why this exists: schedules of failures through the whole engine (plan, gate, apply, journal) on
// virtual time, drawn and shrunk by fast-check: what no schedule may lead to.
import fc from 'fast-check';
import {afterEach, describe, expect, it} from 'vitest';
import type {Policy} from '../../src/core/policy.ts';
import {armRequest, armTask, type RequestFault} from '../../src/simulator/faults.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {filesOf} from '../crash/scenario.ts';
import {POLICY, USER} from '../crash/world.ts';
import {
  endStories,
  minutes,
  reach,
  type Stage,
  sayYes,
  setStage,
  USUAL,
} from '../sabotage/stage.ts';

afterEach(endStories);

const BIGGER = filesOf({...USUAL, web: {memory: '3GiB', disk: '9GiB'}});
const MOVED = filesOf({...USUAL, db: {node: 'pve1', second: true, disk: '6GiB'}});
const WITHOUT_WEB = filesOf({db: USUAL.db});
const VARIANTS = [filesOf(USUAL), BIGGER, MOVED, WITHOUT_WEB, {}, {'web.yaml': 'kind: ['}];

const fault: fc.Arbitrary<RequestFault> = fc.oneof(
  fc.constantFrom<RequestFault>(
    {kind: 'cut-before'},
    {kind: 'cut-after'},
    {kind: 'answer-lost', afterMs: 3_000},
  ),
  fc.constantFrom(401, 403, 500, 595, 596, 599).map((status) => ({
    ...{kind: 'answer' as const, status, reason: 'no'},
  })),
);

const trouble = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'),
    skip: fc.nat(6),
    times: fc.integer({min: 1, max: 12}),
    fault,
  }),
  fc.record({
    kind: fc.constant('task' as const),
    type: fc.constantFrom('qmshutdown', 'qmstart', 'qmdestroy', 'resize', 'qmmigrate'),
    vanishes: fc.boolean(),
  }),
  fc.record({kind: fc.constant('commit' as const), variant: fc.nat(VARIANTS.length - 1)}),
  fc.record({kind: fc.constant('node' as const), name: fc.constantFrom('pve1', 'pve2')}),
  fc.record({kind: fc.constant('quorum' as const)}),
  fc.record({kind: fc.constant('permissions' as const)}),
  fc.record({kind: fc.constant('kill' as const)}),
);
type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never;
const schedules = fc.array(trouble, {minLength: 1, maxLength: 8});

function befall({story, cluster}: Stage, what: Trouble): void {
  switch (what.kind) {
    case 'request': {
      const {method, skip, times} = what;
      return armRequest(cluster, {method, path: /./, skip, times}, what.fault);
    }
    case 'task': {
      const fails = {kind: 'fails', text: 'no', when: 'end'} as const;
      return armTask(cluster, {type: what.type}, what.vanishes ? {kind: 'vanishes'} : fails);
    }
    case 'commit':
      return void story.repository.commit(VARIANTS[what.variant] ?? {});
    case 'node': {
      const node = cluster.nodes.get(what.name);
      if (node !== undefined) node.online = !node.online;
      return;
    }
    case 'quorum':
      cluster.quorate = !cluster.quorate;
      return;
    case 'permissions':
      for (const entry of cluster.access.acl) entry.propagate = !entry.propagate;
      return;
    case 'kill':
      story.kill();
      story.start();
  }
}

/** Both guests exist; then the schedule befalls them, half a minute to each of its parts. */
async function play(schedule: readonly Trouble[], policy: Policy): Promise<Played> {
  const stage = setStage();
  await reach(stage);
  const since = stage.cluster.effects.length;
  await stage.story.reload({policy});
  for (const what of schedule) {
    befall(stage, what);
    await minutes(stage, 0.5);
  }
  await minutes(stage, 3);
  return {cluster: stage.cluster, since};
}

interface Played {
  readonly cluster: Cluster;
  /** Number of effects until both guests existed. */
  readonly since: number;
}

/** What the controller did since both guests exist, by class. */
function countOf({cluster, since}: Played): {readonly [what: string]: number} {
  const counts = {destructive: 0, disruptive: 0, benign: 0};
  for (const {user, what, detail} of cluster.effects.slice(since)) {
    if (user !== USER) continue;
    if (what === 'destroy' && !detail.endsWith(' failed')) counts.destructive += 1;
    else if (what === 'stop') counts.disruptive += 1;
    else counts.benign += 1;
  }
  return counts;
}

const runs = {numRuns: 12, interruptAfterTimeLimit: 60_000} as const;

describe('no schedule of failures', () => {
  it('leads to a destructive effect that nobody has approved', {timeout: 120_000}, async () => {
    const property = fc.asyncProperty(schedules, async (schedule) => {
      const played = await play(schedule, POLICY);
      endStories();
      expect(countOf(played)['destructive']).toBe(0);
      for (const vmid of [150, 151]) expect(played.cluster.guests.has(vmid)).toBe(true);
    });
    await fc.assert(property, runs);
  });

  it('with an inventory that is not whole deletes, whoever says yes', {
    timeout: 120_000,
  }, async () => {
    const property = fc.asyncProperty(fc.nat(2), fc.boolean(), async (how, everywhere) => {
      const stage = setStage();
      await reach(stage);
      const {cluster, story} = stage;
      const node = cluster.nodes.get('pve1');
      if (how === 0 && node !== undefined) node.online = false;
      const path = how === 1 ? /\/150\// : /\/(pending|resources)$/;
      const unread = {kind: 'answer', status: 595, reason: 'No route to host'} as const;
      if (how > 0) armRequest(cluster, {method: 'GET', path, times: 10_000}, unread);
      if (everywhere) for (const entry of cluster.access.acl) entry.propagate = false;
      await minutes(stage, 2);
      story.repository.commit(WITHOUT_WEB);
      for (let times = 0; times < 4; times += 1) {
        await minutes(stage, 1);
        sayYes(stage);
      }
      endStories();
      expect(countOf({cluster, since: 0})['destructive']).toBe(0);
    });
    await fc.assert(property, runs);
  });
});

describe('a stricter policy', () => {
  const stricter: readonly (readonly [string, Policy, readonly string[]])[] = [
    ['disruption by approval', {...POLICY, disruptive: 'approval'}, ['disruptive', 'destructive']],
    ['no disruption', {...POLICY, disruptive: 'observe'}, ['disruptive', 'destructive']],
    [
      'observe all',
      {...POLICY, benign: 'observe', disruptive: 'observe', destructive: {kind: 'observe'}},
      ['benign', 'disruptive', 'destructive'],
    ],
  ];

  it.each(stricter)(
    '(%s) never allows more',
    {timeout: 120_000},
    async (_name, policy, classes) => {
      const property = fc.asyncProperty(schedules, async (schedule) => {
        const loose = countOf(await play(schedule, POLICY));
        const strict = countOf(await play(schedule, policy));
        endStories();
        // Once disruption is not automatic, none at all happens that nobody approved.
        for (const risk of classes) expect(strict[risk]).toBe(0);
        for (const risk of ['destructive', 'disruptive']) {
          expect(strict[risk]).toBeLessThanOrEqual(loose[risk] ?? 0);
        }
      });
      await fc.assert(property, {...runs, numRuns: 6});
    },
  );
});
