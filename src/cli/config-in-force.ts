// Why this exists: a reload reaches one cluster after another, and one that cannot be taken up (its
// token is gone) must not leave the program in doubt which configuration the others follow.
import {isDeepStrictEqual} from 'node:util';
import type {Config} from '../config/model.ts';
import type {Controller} from '../reconcile/controller.ts';

/** What a change of the configuration is carried out with. */
export interface ConfigWorld<Setup> {
  readonly controller: {
    readonly add: (setup: Setup) => void;
    readonly remove: Controller['remove'];
  };
  /** Composes a cluster; rejects when a token or a file cannot be had. */
  readonly setup: (config: Config, cluster: string) => Promise<Setup>;
}

/** A cluster that goes on as it was, and why. */
export interface Untaken {
  readonly cluster: string;
  readonly because: string;
}

/** Which configuration the controller follows, cluster by cluster. */
export class ConfigInForce<Setup> {
  readonly #world: ConfigWorld<Setup>;
  readonly #parts = new Map<string, ReturnType<typeof partOf>>();
  #config: Config;

  constructor(config: Config, world: ConfigWorld<Setup>) {
    this.#config = config;
    this.#world = world;
  }

  /** The newest that was read without mistakes. */
  get config(): Config {
    return this.#config;
  }

  /** How often a cluster is looked at: the shortest interval of the sources that it follows. */
  intervalMs(cluster: string): number {
    const sources = this.#parts.get(cluster)?.sources ?? [];
    return Math.min(...sources.map(({intervalMs}) => intervalMs));
  }

  /** Starts every cluster; rejects at the first that cannot be composed. */
  async start(): Promise<void> {
    for (const name of Object.keys(this.#config.clusters)) await this.#follow(this.#config, name);
  }

  /**
   * Stops and starts anew those clusters whose part is not the one in force; gives those that go on
   * as they were. Nothing is begun any more once the signal has aborted.
   */
  async takeUp(next: Config, signal: AbortSignal): Promise<readonly Untaken[]> {
    this.#config = next;
    const untaken: Untaken[] = [];
    for (const cluster of new Set([...this.#parts.keys(), ...Object.keys(next.clusters)])) {
      if (signal.aborted) break;
      if (isDeepStrictEqual(this.#parts.get(cluster), partOf(next, cluster))) continue;
      try {
        await this.#change(next, cluster, signal);
      } catch (error) {
        untaken.push({cluster, because: error instanceof Error ? error.message : String(error)});
      }
    }
    return untaken;
  }

  async #change(next: Config, cluster: string, signal: AbortSignal): Promise<void> {
    const {controller, setup} = this.#world;
    const isWanted = Object.hasOwn(next.clusters, cluster);
    const composed = isWanted ? await setup(next, cluster) : null;
    await controller.remove(cluster);
    this.#parts.delete(cluster);
    if (composed === null || signal.aborted) return;
    controller.add(composed);
    this.#parts.set(cluster, partOf(next, cluster));
  }

  async #follow(config: Config, cluster: string): Promise<void> {
    this.#world.controller.add(await this.#world.setup(config, cluster));
    this.#parts.set(cluster, partOf(config, cluster));
  }
}

/** Everything that a cluster is composed from. */
function partOf(config: Config, name: string) {
  const {policy, clusters, sources, self, evidence} = config;
  return {
    cluster: clusters[name],
    sources: sources.filter(({cluster}) => cluster === name),
    policy,
    evidence,
    self: self?.cluster === name ? self : null,
  };
}
