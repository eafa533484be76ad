// Why this exists: the whole program in one process on virtual time: simulated cluster, journal in
// a file, real kinds, plan, gate, apply and loop. A process may die and another take its place.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Limits, Policy, Scope} from '../../src/core/policy.ts';
import type {Clock, Exchange, Journal, Log, Secrets} from '../../src/core/ports.ts';
import type {Report} from '../../src/core/report.ts';
import {ok} from '../../src/core/result.ts';
import {openJournal} from '../../src/journal/journal.ts';
import {kinds} from '../../src/kinds/index.ts';
import {createPve} from '../../src/pve/client.ts';
import {Controller} from '../../src/reconcile/controller.ts';
import {newMemory} from '../../src/reconcile/pass.ts';
import {demoSecret} from '../../src/simulator/build.ts';
import {simulatorExchange, VirtualTime} from '../../src/simulator/exchange.ts';
import {seededRandom} from '../../src/simulator/random.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {type Fate, Life} from './mortal.ts';
import {StoryRepository} from './repository.ts';

/** The cluster's name in every story. */
export const CLUSTER = 'harness';
/** The installation's name in every story. */
export const INSTALLATION = 'home';
/** Who the controller is to Proxmox. */
export const USER = 'pvegit@pve!controller';

/** Everything automatic but what destroys. */
export const POLICY: Policy = {
  benign: 'automatic',
  disruptive: 'automatic',
  destructive: {kind: 'approval', quorum: 1, notAuthor: false, terminal: true},
  drift: {benign: 'correct', disruptive: 'correct'},
  blastRadius: {actions: 5, guestsPercent: 20},
  windows: [],
  expectedMs: {},
};

const LIMITS: Limits = {readsPerNode: 3, tasksPerNode: 4, clonesPerStorage: 2};

/** Stories' guests live here. */
export const SCOPE: Scope = {
  vmids: [{from: 150, to: 299}],
  nodes: ['*'],
  storages: ['*'],
  bridges: ['*'],
  pools: ['*'],
  kinds: ['*'],
  devices: false,
};

const SILENT: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

const NO_SECRETS: Secrets = {
  reveal: async () => ok('hidden'),
  hash: async (_source, ref) => ok(`hash-of-${ref.key}`),
};

/** How a story's world differs from the usual one. */
export interface StoryOptions {
  readonly cluster: Cluster;
  readonly seed?: number;
  /** A file (the default) or `:memory:`, which outlives processes but not the story. */
  readonly journal?: 'file' | 'memory';
  readonly policy?: Policy;
  readonly scope?: Scope;
  readonly log?: Log;
  readonly onReport?: (report: Report) => void;
  /** Wraps the way to the cluster. */
  readonly wrap?: (exchange: Exchange) => Exchange;
}

/** One process of the controller. */
export interface Process {
  readonly life: Life;
  readonly controller: Controller;
  readonly holder: string;
  /** Its newest report. */
  report: Report | null;
  /** Why it stopped working, if it did. */
  broken: unknown;
}

/** A cluster, a repository, a journal and the process that works on them. */
export class Story {
  readonly cluster: Cluster;
  readonly time: VirtualTime;
  readonly clock: Clock;
  readonly repository = new StoryRepository('infra');
  /** The operator's own handle of the journal. */
  readonly journal: Journal;
  /** Wall clock of the controller's machine minus that of the cluster, ms. */
  skewMs = 0;
  readonly #options: StoryOptions;
  readonly #folder: string | null;
  readonly #startMs: number;
  /** Every process so far, oldest first. */
  readonly processes: Process[] = [];
  process: Process | null = null;

  constructor(options: StoryOptions) {
    this.#options = options;
    this.cluster = options.cluster;
    this.time = new VirtualTime(options.cluster);
    this.#startMs = options.cluster.nowMs;
    this.clock = {
      now: () => this.cluster.nowMs + this.skewMs,
      monotonic: () => this.cluster.nowMs - this.#startMs,
      sleep: (ms, signal) => this.time.sleep(ms, signal),
    };
    const inFile = options.journal !== 'memory';
    this.#folder = inFile ? mkdtempSync(join(tmpdir(), 'pvegit-story-')) : null;
    this.journal = this.#open();
  }

  /** Starts a process; with a fate it dies where that says so. */
  start(fate?: Fate): Process {
    const life = new Life(fate);
    const holder = `controller-${this.processes.length + 1}`;
    const process: Process = {
      life,
      holder,
      report: null,
      broken: null,
      controller: new Controller({
        holder,
        onReport: (report) => {
          if (!life.alive) return;
          process.report = report;
          this.#options.onReport?.(report);
        },
        onBroken: (_cluster, error) => {
          if (life.alive) process.broken = error;
        },
      }),
    };
    this.process = process;
    this.processes.push(process);
    this.#add(process);
    return process;
  }

  /** The process is gone at once, as by SIGKILL. */
  kill(): void {
    for (const {life} of this.processes) life.die();
    this.process = null;
  }

  /** The process ends in an orderly way. */
  async stop(): Promise<void> {
    const process = this.process;
    this.process = null;
    await process?.controller.stop();
  }

  /** Lets virtual time pass. */
  sleep(ms: number): Promise<void> {
    return this.time.sleep(ms);
  }

  /** Ends the story: nothing goes on, files are removed. */
  end(): void {
    this.kill();
    this.journal.close();
    if (this.#folder !== null) rmSync(this.#folder, {recursive: true, force: true});
  }

  #open(): Journal {
    const random = seededRandom(this.#options.seed ?? 1);
    return openJournal({
      path: this.#folder === null ? ':memory:' : join(this.#folder, 'journal.db'),
      clock: this.clock,
      random: {bytes: (length) => Uint8Array.from({length}, () => random.below(256))},
    });
  }

  #add({life, controller}: Process): void {
    const {cluster, seed = 1, log = SILENT, policy = POLICY, scope = SCOPE} = this.#options;
    const clock = life.clock(this.clock);
    const numbers = seededRandom(seed + this.processes.length);
    const random = {
      float: () => numbers.unit(),
      bytes: (length: number) => Uint8Array.from({length}, () => numbers.below(256)),
    };
    const url = 'https://pve1:8006';
    const wrap = this.#options.wrap ?? ((exchange) => exchange);
    const exchange = life.exchange(wrap(simulatorExchange(cluster, this.time)));
    const pve = createPve({
      cluster: CLUSTER,
      endpoints: [{url, exchange}],
      token: `${USER}=${demoSecret}`,
      concurrency: {readsPerNode: LIMITS.readsPerNode},
      clock,
      random,
    });
    const source = this.repository.source();
    controller.add({
      parts: {
        cluster: CLUSTER,
        installation: INSTALLATION,
        kinds,
        sources: [{source, repository: 'infra', scope, intervalMs: 60_000}],
        pve,
        journal: life.journal(this.journal),
        secrets: NO_SECRETS,
        clock,
        random,
        log,
        metrics: {emit: () => {}},
        policy,
        limits: LIMITS,
        selfVmid: null,
        selfUuid: null,
        user: USER,
        approvals: () => [],
      },
      memory: newMemory(),
      evidence: {save: async (name) => ok(name)},
      passTimeoutMs: 120_000,
    });
  }
}
