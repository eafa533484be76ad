// Why this exists: the scenario without a crash names every point at which the controller can die;
// the scenario with a crash at one of them is judged against it.
import type {Cluster} from '../../src/simulator/state.ts';
import {DEBT_COMMITS, debtCluster} from './debt-tale.ts';
import {DISK_COMMITS, DISK_CONSENTED, diskCluster} from './disk-tale.ts';
import {countEffects, type Expectation, endOf, violations} from './judge.ts';
import type {Fate, Moment, Touch} from './mortal.ts';
import type {Files} from './repository.ts';
import {COMMITS, CONSENTED, play, STRANGERS, scenarioCluster} from './scenario.ts';
import {Story} from './world.ts';

/** One moment of one touch of the world, in the order of a run without a crash. */
export interface CrashPoint extends Touch {
  readonly index: number;
  readonly moment: Moment;
  readonly tale: string;
}

/** Every crash point, and what the scenario does without one. */
export interface Reference {
  readonly points: readonly CrashPoint[];
  readonly expected: Expectation;
}

/** A story in which the controller may die anywhere. */
export interface Tale {
  readonly name: string;
  readonly cluster: (seed: number) => Cluster;
  readonly commits: readonly Files[];
  /** Keys whose deletion the operator says yes to. */
  readonly consented: ReadonlySet<string>;
  /** Guests that the repository does not speak of. */
  readonly strangers: readonly number[];
}

const MAIN: Tale = {
  name: 'main',
  cluster: scenarioCluster,
  commits: COMMITS,
  consented: CONSENTED,
  strangers: STRANGERS,
};

const DISKS: Tale = {
  name: 'disks',
  cluster: diskCluster,
  commits: DISK_COMMITS,
  consented: DISK_CONSENTED,
  strangers: [100],
};

const DEBT: Tale = {
  name: 'debt',
  cluster: debtCluster,
  commits: DEBT_COMMITS,
  consented: new Set(),
  strangers: [100],
};

/** Every tale, the main one first. */
export const TALES: readonly Tale[] = [MAIN, DISKS, DEBT];

const SEED = 1;
const references = new Map<string, Promise<Reference>>();

/** Plays a tale once without a crash. */
export function listPoints(tale: Tale = MAIN): Promise<Reference> {
  const known = references.get(tale.name) ?? playReference(tale);
  references.set(tale.name, known);
  return known;
}

/** Plays the point's tale with a crash there; what went wrong, empty when nothing did. */
export async function crashAt(point: CrashPoint): Promise<readonly string[]> {
  const tale = TALES.find(({name}) => name === point.tale) ?? MAIN;
  const {expected} = await listPoints(tale);
  let passed = 0;
  const {cluster, stuck, deaths} = await run(tale, () => passed++ === point.index);
  if (stuck !== null) return [`did not converge: ${stuck}`];
  if (deaths !== 1) return [`died ${deaths} times instead of once`];
  return violations(cluster, expected);
}

async function playReference(tale: Tale): Promise<Reference> {
  const points: CrashPoint[] = [];
  const {cluster, stuck} = await run(tale, (touch, moment) => {
    points.push({...touch, moment, index: points.length, tale: tale.name});
    return false;
  });
  if (stuck !== null) throw new Error(`the tale does not even work without a crash: ${stuck}`);
  const consented = new Set([...tale.consented].map((key) => Number(key.split('/')[1])));
  const {strangers} = tale;
  const [effects, end] = [countEffects(cluster), endOf(cluster)];
  return {points, expected: {effects, strangers, consented, end}};
}

async function run(
  {cluster: make, commits, consented}: Tale,
  fate: Fate,
): Promise<{
  readonly cluster: Cluster;
  readonly stuck: string | null;
  readonly deaths: number;
}> {
  const cluster = make(SEED);
  const story = new Story({cluster, seed: SEED});
  story.start(fate);
  try {
    const {stuck, deaths} = await play(story, commits, consented);
    return {cluster, stuck, deaths};
  } finally {
    story.end();
  }
}
