// Why this exists: the scenario without a crash names every point at which the controller can die;
// the scenario with a crash at one of them is judged against it.
import type {Cluster} from '../../src/simulator/state.ts';
import {countEffects, type Expectation, violations} from './judge.ts';
import type {Fate, Moment, Touch} from './mortal.ts';
import {CONSENTED, play, STRANGERS, scenarioCluster} from './scenario.ts';
import {Story} from './world.ts';

/** One moment of one touch of the world, in the order of a run without a crash. */
export interface CrashPoint extends Touch {
  readonly index: number;
  readonly moment: Moment;
}

/** Every crash point, and what the scenario does without one. */
export interface Reference {
  readonly points: readonly CrashPoint[];
  readonly expected: Expectation;
}

const SEED = 1;
let reference: Promise<Reference> | null = null;

/** Plays the scenario once without a crash. */
export function listPoints(): Promise<Reference> {
  reference ??= playReference();
  return reference;
}

/** Plays the scenario with a crash at a point; what went wrong, empty when nothing did. */
export async function crashAt(point: CrashPoint): Promise<readonly string[]> {
  const {expected} = await listPoints();
  let passed = 0;
  const {cluster, stuck, deaths} = await run((_touch, _moment) => passed++ === point.index);
  if (stuck !== null) return [`did not converge: ${stuck}`];
  if (deaths !== 1) return [`died ${deaths} times instead of once`];
  return violations(cluster, expected);
}

async function playReference(): Promise<Reference> {
  const points: CrashPoint[] = [];
  const {cluster, stuck} = await run((touch, moment) => {
    points.push({...touch, moment, index: points.length});
    return false;
  });
  if (stuck !== null) throw new Error(`the scenario does not even work without a crash: ${stuck}`);
  const consented = new Set([...CONSENTED].map((key) => Number(key.split('/')[1])));
  return {points, expected: {effects: countEffects(cluster), strangers: STRANGERS, consented}};
}

async function run(fate: Fate): Promise<{
  readonly cluster: Cluster;
  readonly stuck: string | null;
  readonly deaths: number;
}> {
  const cluster = scenarioCluster(SEED);
  const story = new Story({cluster, seed: SEED});
  story.start(fate);
  try {
    const {stuck, deaths} = await play(story);
    return {cluster, stuck, deaths};
  } finally {
    story.end();
  }
}
