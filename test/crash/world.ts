// Why this exists: the whole program in one process on virtual time: simulated cluster, journal in
// a file, real kinds, plan, gate, apply and loop. A process may die and another take its place.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import type {Limits, Policy, Scope} from '../../src/core/policy.ts';
import type {Clock, Exchange, Journal, Log, Secrets} from '../../src/core/ports.ts';
import {JournalError} from '../../src/core/ports.ts';
import type {Report} from '../../src/core/report.ts';
import {ok} from '../../src/core/result.ts';
import {restoreJournal} from '../../src/journal/backup.ts';
import {openJournal} from '../../src/journal/journal.ts';
import {kinds} from '../../src/kinds/index.ts';
import {createPve} from '../../src/pve/client.ts';
import {Controller} from '../../src/reconcile/controller.ts';
import {newMemory} from '../../src/reconcile/memory.ts';
import {demoSecret} from '../../src/simulator/build.ts';
import {simulatorExchange, VirtualTime} from '../../src/simulator/exchange.ts';
import {seededRandom} from '../../src/simulator/random.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {type Fate, Life, WRITES} from './mortal.ts';
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
  /** Wraps the way of one process, named by its holder, to the cluster. */
  readonly wrap?: (exchange: Exchange, holder: string) => Exchange;
}

/** What of the configuration was edited. */
export interface Reloaded {
  readonly policy?: Policy;
  readonly scope?: Scope;
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
  journal: Journal;
  /** Wall clock of the controller's machine minus that of the cluster, ms. */
  skewMs = 0;
  /** What the controllers are configured with; a process reads it when it starts. */
  policy: Policy;
  scope: Scope;
  /** True: the journal's disk has no room, and every write to it fails. */
  isFull = false;
  readonly #options: StoryOptions;
  readonly #folder: string | null;
  #journals = 0;
  #backup: string | null = null;
  readonly #startMs: number;
  /** Every process so far, oldest first. */
  readonly processes: Process[] = [];
  process: Process | null = null;

  constructor(options: StoryOptions) {
    this.#options = options;
    this.policy = options.policy ?? POLICY;
    this.scope = options.scope ?? SCOPE;
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

  /** The running process that leads or would lead: the newest that lives. */
  get leader(): Process | null {
    const holder = this.journal.leader(CLUSTER, this.clock.now());
    return this.processes.find((one) => one.holder === holder && one.life.alive) ?? this.process;
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

  /** Every process ends in an orderly way. */
  async stopAll(): Promise<void> {
    this.process = null;
    const living = this.processes.filter(({life}) => life.alive);
    await Promise.all(living.map(({controller}) => controller.stop()));
    for (const {life} of living) life.die();
  }

  /** The configuration was read again: the cluster is stopped and started anew in each process. */
  async reload({policy = this.policy, scope = this.scope}: Reloaded): Promise<void> {
    this.policy = policy;
    this.scope = scope;
    const living = this.processes.filter(({life}) => life.alive);
    for (const process of living) {
      await process.controller.remove(CLUSTER);
      if (process.life.alive) this.#add(process);
    }
  }

  /**
   * Keeps a copy of the journal, as an operator does now and then; in a file only. At once, so that
   * virtual time does not pass meanwhile and a seed tells the same story again.
   */
  backUp(): void {
    if (this.#folder === null) throw new Error('a journal in memory has no backup');
    const copy = join(this.#folder, `backup-${this.clock.monotonic()}.db`);
    const database = new DatabaseSync(join(this.#folder, `journal-${this.#journals}.db`));
    database.prepare('VACUUM INTO ?').run(copy);
    database.close();
    this.#backup = copy;
  }

  /** Every process is dead: the journal is gone, or its newest backup is in its place. */
  changeJournal(how: 'lost' | 'restored'): 'lost' | 'restored' {
    if (this.#folder === null) throw new Error('a journal in memory cannot be changed');
    this.kill();
    this.journal.close();
    this.#journals += 1;
    const from = how === 'restored' ? this.#backup : null;
    if (from !== null) {
      const to = join(this.#folder, `journal-${this.#journals}.db`);
      restoreJournal({from, to, clock: this.clock, random: this.#random(this.#journals)});
    }
    this.journal = this.#open();
    return from === null ? 'lost' : 'restored';
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
    const name = `journal-${this.#journals}.db`;
    return openJournal({
      path: this.#folder === null ? ':memory:' : join(this.#folder, name),
      clock: this.clock,
      random: this.#random(this.#journals),
    });
  }

  #random(more: number) {
    const random = seededRandom((this.#options.seed ?? 1) + 1000 * more);
    return {bytes: (length: number) => Uint8Array.from({length}, () => random.below(256))};
  }

  /** The journal as a process sees it: full when the story says so. */
  #disk(): Journal {
    return new Proxy(this.journal, {
      get: (target, name) => {
        // Safe: only names of Journal are asked for, and what is not a function is passed on.
        const member = target[name as keyof Journal] as unknown;
        if (typeof member !== 'function' || !WRITES.has(String(name))) return member;
        return (...args: readonly unknown[]): unknown => {
          if (this.isFull) throw new JournalError('full', 'no space left', 'Make room.');
          return Reflect.apply(member, target, args);
        };
      },
    });
  }

  #add({life, controller, holder}: Process): void {
    const {cluster, seed = 1, log = SILENT} = this.#options;
    const {policy, scope} = this;
    const clock = life.clock(this.clock);
    const numbers = seededRandom(seed + this.processes.length);
    const random = {
      float: () => numbers.unit(),
      bytes: (length: number) => Uint8Array.from({length}, () => numbers.below(256)),
    };
    const url = 'https://pve1:8006';
    const wrap = this.#options.wrap ?? ((exchange) => exchange);
    const exchange = life.exchange(wrap(simulatorExchange(cluster, this.time), holder));
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
        journal: life.journal(this.#disk()),
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
