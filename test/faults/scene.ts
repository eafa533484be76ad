// Why this exists: what every event is given, and the few questions that all of them ask.
import type {Exchange, ExchangeRequest} from '../../src/core/ports.ts';
import type {Random} from '../../src/simulator/random.ts';
import type {Story} from '../crash/world.ts';
import type {House} from './town.ts';
import type {Watch} from './watch.ts';

/** What a request comes to. */
export type Answer = Awaited<ReturnType<Exchange['request']>>;

/** Called when a request arrives; one that is met returns what is to be done with the answer. */
export type Ambush = (request: ExchangeRequest) => ((answer: Answer) => void) | null;

/** The world of one schedule. */
export interface Scene {
  readonly story: Story;
  readonly watch: Watch;
  readonly nodes: readonly string[];
  /** What the newest good commit says. */
  houses: Map<number, House>;
  /** VMIDs that a commit ever spoke of. */
  readonly lots: number[];
  /** Whether the journal is a file, so that it can be lost and restored. */
  readonly inFile: boolean;
  /** True once a journal was lost or restored: some guests have no record then. */
  forgot: boolean;
  /** Permissions as they were before somebody took them away. */
  acl: Story['cluster']['access']['acl'] | null;
  /** True while the configuration is being changed. */
  reloading: boolean;
  /** Approvals given so far. */
  approvals: number;
  /** Waiting for a request that they meet, once each. */
  readonly ambushes: Ambush[];
  /** VMIDs that somebody else moved to another node. */
  readonly moved: Set<number>;
  /** VMIDs that HA took over. */
  readonly highlyAvailable: Set<number>;
}

/** One thing that may happen; returns what, in words. */
export type Event = (scene: Scene, random: Random) => string | Promise<string>;
