// Why this exists: one seed is one schedule: events drawn one after the other while the controller
// works, every request checked, and at the end everything healed, after which nothing may hang.
import type {Exchange} from '../../src/core/ports.ts';
import {seededRandom} from '../../src/simulator/random.ts';
import {STRANGERS, scenarioCluster} from '../crash/scenario.ts';
import {Story} from '../crash/world.ts';
import {EVENTS, heal, operator, type Scene} from './events.ts';
import {Watch} from './invariants.ts';

/** What became of a schedule. */
export interface SeedResult {
  readonly seed: number;
  readonly steps: number;
  readonly violations: readonly string[];
  /** What happened, in words, for a replay. */
  readonly log: readonly string[];
}

const EVENTS_PER_SEED = 24;
const LONGEST_PAUSE_MS = 120_000;
/** After the healing: locks, pauses and waits of an hour have to run out. */
const AFTERWARDS_MS = 4 * 3_600_000;
/** Held for so long by what only a person can change, a schedule is over. */
const CALM_MINUTES = 20;

/** Plays one schedule. */
export async function playSeed(seed: number): Promise<SeedResult> {
  const random = seededRandom(seed);
  const cluster = scenarioCluster(seed);
  const watch = new Watch(cluster, STRANGERS);
  let processes = 0;
  const wrap = (exchange: Exchange): Exchange => {
    processes += 1;
    return watched(exchange, watch, `process ${processes}`);
  };
  const story = new Story({cluster, seed, journal: 'memory', wrap});
  const scene: Scene = {story, watch, random};
  const log: string[] = [];
  const start = story.clock.monotonic();
  const note = (text: string): void => {
    log.push(`${Math.round((story.clock.monotonic() - start) / 1000)} s: ${text}`);
  };
  try {
    story.start();
    for (let index = 0; index < EVENTS_PER_SEED && watch.violations.length === 0; index += 1) {
      const event = EVENTS[random.below(EVENTS.length)];
      if (event !== undefined) note(event(scene));
      await story.sleep(1 + random.below(LONGEST_PAUSE_MS));
      watch.check();
    }
    heal(scene);
    note('everything is well again');
    if (watch.violations.length === 0) await afterwards(scene);
  } finally {
    story.end();
  }
  return {seed, steps: watch.steps, violations: [...watch.violations, ...broken(story)], log};
}

async function afterwards(scene: Scene): Promise<void> {
  const {story, watch} = scene;
  story.kill();
  watch.died();
  story.start();
  const end = story.clock.monotonic() + AFTERWARDS_MS;
  for (let calm = 0; calm < CALM_MINUTES && story.clock.monotonic() < end; ) {
    await story.sleep(60_000);
    operator(scene);
    watch.check();
    const isCalm = statesOf(story).every((state) => state === 'in_sync' || state === 'held');
    calm = statesOf(story).every((state) => state === 'in_sync') ? CALM_MINUTES : calm + 1;
    if (!isCalm) calm = 0;
  }
  watch.violations.push(...silent(story));
}

/** Of every resource; a failed state where there is no whole report. */
function statesOf({process}: Story): readonly string[] {
  const report = process?.report ?? null;
  if (report === null || report.result !== 'ok') return ['failed'];
  return report.resources.map(({state}) => state);
}

/** What is not as wanted must have a reason that a person can read, and must not be at work. */
function silent({process}: Story): readonly string[] {
  const report = process?.report ?? null;
  if (report === null) return ['there is no report after everything is well again'];
  return report.resources.flatMap(({key, state, because}) => {
    if (state === 'in_sync' || because.length > 0) return [];
    return [`${key} is ${state} hours after everything is well, and nobody says why`];
  });
}

function broken({processes}: Story): readonly string[] {
  return processes
    .filter((process) => process.broken !== null)
    .map((process) => `a process broke: ${String(process.broken)}`);
}

/**
 * Sees every request of one process. A successor may write while its predecessor still waits for an
 * answer that never comes: it has found out first what became of that call.
 */
function watched(exchange: Exchange, watch: Watch, process: string): Exchange {
  return {
    close: () => exchange.close(),
    request: async (request) => {
      const guest = /\/qemu\/(\d+)(?!.*\/clone$)/.exec(request.path)?.[1];
      const place = `${guest} by ${process}`;
      const writes = request.method !== 'GET' && guest !== undefined;
      const end = writes ? watch.beginWrite(place) : () => {};
      const answer = await exchange.request(request);
      end();
      watch.check();
      return answer;
    },
  };
}
