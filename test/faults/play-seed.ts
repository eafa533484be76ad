// Why this exists: one seed is one schedule: events drawn one after the other while the controller
// works, every request checked, and at the end everything healed, after which nothing may hang.
import type {Exchange} from '../../src/core/ports.ts';
import {type Random, seededRandom} from '../../src/simulator/random.ts';
import {CLUSTER, Story} from '../crash/world.ts';
import {afterwards, heal} from './afterwards.ts';
import {commitHouses} from './commits.ts';
import {EVENTS} from './events.ts';
import {killed} from './processes.ts';
import type {Ambush, Event, Scene} from './scene.ts';
import {drawHouse, type House, NEIGHBOURS, townCluster} from './town.ts';
import {Watch} from './watch.ts';

/** What became of a schedule. */
export interface SeedResult {
  readonly seed: number;
  readonly steps: number;
  readonly guests: number;
  readonly violations: readonly string[];
  /** What happened, in words, for a replay; one entry for each event, and the healing. */
  readonly log: readonly string[];
}

/** One event of a schedule, independent of all others, so that others may be left out. */
interface Entry {
  readonly event: Event;
  readonly seed: number;
  readonly pauseMs: number;
}

/** The longest town. */
const MOST_HOUSES = 40;

/** Plays one schedule; `only` names the events that are played, all when left out. */
export async function playSeed(seed: number, only?: ReadonlySet<number>): Promise<SeedResult> {
  const random = seededRandom(seed);
  const [scene, schedule] = [setScene(seed, random), drawSchedule(random)];
  const {story, watch} = scene;
  const log: string[] = [];
  const start = story.clock.monotonic();
  const note = (text: string): void => {
    log.push(`${Math.round((story.clock.monotonic() - start) / 1000)} s: ${text}`);
  };
  try {
    commitHouses(scene);
    story.start();
    for (const [index, {event, seed: own, pauseMs}] of schedule.entries()) {
      if (watch.violations.length > 0) break;
      if (only === undefined || only.has(index)) {
        note(`[${index}] ${await event(scene, seededRandom(own))}`);
      }
      await story.sleep(pauseMs);
      watch.check();
    }
    await heal(scene);
    note('everything is well again');
    if (watch.violations.length === 0) await afterwards(scene);
  } finally {
    story.end();
  }
  const violations = [...watch.violations, ...broken(story)];
  return {seed, steps: watch.steps, guests: scene.houses.size, violations, log};
}

function drawSchedule(random: Random): readonly Entry[] {
  const drawn = EVENTS.flatMap(([event, weight]) => Array<Event>(weight).fill(event));
  return Array.from({length: 20 + random.below(12)}, () => ({
    event: drawn[random.below(drawn.length)] ?? killed,
    seed: random.below(2 ** 31),
    pauseMs: 1 + random.below([3_000, 30_000, 150_000][random.below(3)] ?? 0),
  }));
}

/** How many events every schedule may have at most, for leaving some out. */
export const MOST_EVENTS = 32;

function setScene(seed: number, random: Random): Scene {
  const nodes = ['pve1', 'pve2', 'pve3', 'pve4'].slice(0, 2 + random.below(3));
  // Most towns are small: what two guests cannot show, four show faster than forty.
  const most = [6, 6, 10, MOST_HOUSES][random.below(8)] ?? 6;
  const lots = Array.from({length: 3 + random.below(most - 2)}, (_, index) => 150 + index);
  const houses = lots.map((vmid): [number, House] => [vmid, drawHouse(random, vmid, nodes)]);
  const cluster = townCluster(seed, nodes);
  const inFile = random.below(4) === 0;
  const ambushes: Ambush[] = [];
  const wrap = (exchange: Exchange, holder: string) =>
    watched(exchange, {holder, scene: () => scene});
  const story = new Story({cluster, seed, journal: inFile ? 'file' : 'memory', wrap});
  const watch = watchOver(story, () => scene);
  const scene: Scene = {
    story,
    watch,
    nodes,
    houses: new Map(houses),
    lots,
    inFile,
    forgot: false,
    acl: null,
    reloading: false,
    approvals: 0,
    ambushes,
    moved: new Set(),
    highlyAvailable: new Set(),
  };
  return scene;
}

function watchOver(story: Story, scene: () => Scene): Watch {
  const reportOf = (holder: string) =>
    story.processes.find((process) => process.holder === holder)?.report ?? null;
  const facts = {
    cluster: story.cluster,
    policy: () => (scene().reloading ? null : story.policy),
    leader: () => story.journal.leader(CLUSTER, story.clock.now()),
    isSuspended: (vmid: number) =>
      story.journal
        .suspensions(CLUSTER)
        .some(
          ({key, expiresAt}) =>
            (key === '*' || key === `guest/${vmid}`) &&
            (expiresAt === null || expiresAt > story.clock.now()),
        ),
    knowsNoQuorum: (holder: string) => reportOf(holder)?.quorate === false,
    isStopWanted: (vmid: number) =>
      story.repository.lately(`${vmid}.yaml`, 4).some((text) => text.includes('"stopped"')),
    isWanted: (holder: string, vmid: number) => {
      const commit = reportOf(holder)?.sources[0]?.commit ?? null;
      return commit !== null && story.repository.speaksOf(commit, `${vmid}.yaml`);
    },
  };
  return new Watch(facts, NEIGHBOURS);
}

function broken({processes}: Story): readonly string[] {
  return processes
    .filter(({broken}) => broken !== null && !String(broken).includes('JournalError'))
    .map(({broken}) => `a process broke: ${String(broken)}`);
}

/** Sees every request of one process. */
function watched(
  exchange: Exchange,
  {holder, scene}: {readonly holder: string; readonly scene: () => Scene},
): Exchange {
  return {
    close: () => exchange.close(),
    request: async (request) => {
      const {watch, ambushes} = scene();
      const end = watch.arrives(request, holder);
      const met = ambushes.flatMap((ambush) => {
        const after = ambush(request);
        return after === null ? [] : [{ambush, after}];
      });
      for (const {ambush} of met) ambushes.splice(ambushes.indexOf(ambush), 1);
      const answer = await exchange.request(request);
      end();
      for (const {after} of met) after(answer);
      watch.check();
      return answer;
    },
  };
}
