// Why this exists: several clusters side by side, none waiting for another; what follows from the
// end of an action, a file event or a webhook is a nudge of one loop.
import {Applier} from '../apply/applier.ts';
import type {ApplyContext} from '../apply/context.ts';
import type {Action, Approval, Outcome} from '../core/action.ts';
import type {JournalError} from '../core/ports.ts';
import type {Report} from '../core/report.ts';
import {windowsAt} from '../core/windows.ts';
import {modeOf, needsApproval} from '../gate/mode.ts';
import {outsideScope} from '../gate/reasons/out-of-scope.ts';
import {forgetAdoption} from '../journal/adoptions.ts';
import {resourceKinds} from './follow.ts';
import {scopesOf} from './gate-input.ts';
import {ClusterLoop, LEASE_MS, type LoopOptions} from './loop.ts';
import type {PassMemory} from './memory.ts';
import type {ClusterParts} from './parts.ts';
import {runPass} from './pass.ts';
import {recallHistory} from './recall.ts';
import {mayPass, type NotingJournal, notingJournal, unwritable} from './unwritable.ts';

/** A cluster as the controller is given it: parts without the applier, and where evidence goes. */
export interface ClusterSetup {
  readonly parts: Omit<ClusterParts, 'applier'>;
  readonly memory: PassMemory;
  readonly evidence: ApplyContext['evidence'];
  /** Longest that reads of one pass may take, ms. */
  readonly passTimeoutMs: number;
}

/** What the controller tells its owner. */
export interface ControllerOptions {
  readonly holder: string;
  readonly onReport: (report: Report) => void;
  /**
   * Nothing is written to a cluster any more: our mistake, or a journal that cannot be written.
   * `againMs`: until then it is only looked at, and then tried again; null: it has ended for this
   * process.
   */
  readonly onBroken: (cluster: string, error: unknown, againMs: number | null) => void;
}

interface Running {
  readonly setup: ClusterSetup;
  readonly loop: ClusterLoop;
  readonly applier: Applier;
  readonly unwatch: readonly (() => void)[];
  /** Aborted when the cluster is not followed any more. */
  readonly removed: AbortController;
  /** How often in a row it broke without a pass in between. */
  readonly failures: number;
  isBroken: boolean;
}

/** A disk is cleared by people, a lock is held for a moment. */
const FIRST_REST_MS = 10_000;
const LAST_REST_MS = 300_000;

/** Follows every configured cluster until stopped. */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #running = new Map<string, Running>();
  readonly #reports = new Map<string, Report>();

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** The newest report of each cluster. */
  reports(): ReadonlyMap<string, Report> {
    return this.#reports;
  }

  clusters(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Whether another controller leads this cluster. */
  isStandby(cluster: string): boolean {
    return this.#running.get(cluster)?.loop.isStandby() ?? false;
  }

  /** Starts following a cluster; the first pass begins at once. */
  add(setup: ClusterSetup): void {
    const {cluster, sources} = setup.parts;
    const unwatch = sources.map(({source}) => source.watch(() => this.nudge(cluster)));
    this.#begin({setup, unwatch, removed: new AbortController(), failures: 0});
  }

  #begin(begun: Pick<Running, 'setup' | 'unwatch' | 'removed' | 'failures'>): void {
    const {setup} = begun;
    const {cluster} = setup.parts;
    const applier = createApplier(setup, {
      nudge: () => this.nudge(cluster),
      broken: (error) => this.#broken(cluster, error),
      leads: () => loop.leads(),
    });
    const loop = this.#loopOf(setup, applier);
    this.#running.set(cluster, {...begun, loop, applier, isBroken: false});
    loop.start();
  }

  #loopOf(setup: ClusterSetup, applier: Applier): ClusterLoop {
    return this.#loopOver({...setup.parts, applier}, setup, {
      onBroken: (error) => this.#broken(setup.parts.cluster, error),
    });
  }

  #loopOver(
    parts: ClusterParts,
    {memory, passTimeoutMs}: ClusterSetup,
    differs: Pick<LoopOptions, 'onBroken' | 'looksOnly'>,
  ): ClusterLoop {
    const {cluster} = parts;
    return new ClusterLoop({
      cluster,
      holder: this.#options.holder,
      intervalMs: Math.min(...parts.sources.map(({intervalMs}) => intervalMs)),
      clock: parts.clock,
      random: parts.random,
      journal: parts.journal,
      log: parts.log,
      metrics: parts.metrics,
      passTimeoutMs,
      pass: async (signal) => {
        recallHistory(parts, memory, 'pauses and corrections');
        return (await runPass(parts, memory, signal)).report;
      },
      onReport: (report) => {
        this.#reports.set(cluster, report);
        this.#noteHealthy(cluster);
        this.#options.onReport(report);
      },
      ...differs,
    });
  }

  /** Asks one cluster, or all, for a pass soon. */
  nudge(cluster?: string): void {
    for (const [name, {loop}] of this.#running) {
      if (cluster === undefined || cluster === name) loop.nudge();
    }
  }

  /** Stops following one cluster; running tasks are left to Proxmox. */
  async remove(cluster: string): Promise<void> {
    const running = this.#running.get(cluster);
    if (running === undefined) return;
    running.removed.abort();
    for (const stop of running.unwatch) stop();
    // The lease goes last: as long as a call may be under way, nobody else may lead.
    await Promise.all([running.loop.stop(), running.applier.stop()]);
    running.loop.giveUp();
    const {pve, sources, metrics} = running.setup.parts;
    await Promise.all([pve.close(), ...sources.map(({source}) => source.close())]);
    this.#running.delete(cluster);
    this.#reports.delete(cluster);
    metrics.emit({kind: 'forget-cluster', cluster});
  }

  /** Stops everything; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    await Promise.all(this.clusters().map((cluster) => this.remove(cluster)));
  }

  #noteHealthy(cluster: string): void {
    const running = this.#running.get(cluster);
    if (running === undefined || running.isBroken || running.failures === 0) return;
    this.#running.set(cluster, {...running, failures: 0});
  }

  /** Our mistake or a failing journal: in this cluster nothing is applied; others go on. */
  #broken(cluster: string, error: unknown): void {
    const running = this.#running.get(cluster);
    if (running === undefined || running.isBroken) return;
    running.isBroken = true;
    const stopped = Promise.all([running.loop.stop(), running.applier.stop()]);
    this.#tell(cluster, error, running.failures);
    if (mayPass(error)) void stopped.then(() => this.#lookOn(running, error));
  }

  #tell(cluster: string, error: unknown, failures: number): void {
    this.#options.onBroken(cluster, error, mayPass(error) ? restMs(failures) : null);
  }

  /** Only looks, until the journal can be written again. */
  async #lookOn(running: Running, error: JournalError): Promise<void> {
    const {setup, removed} = running;
    const {cluster, clock, journal} = setup.parts;
    const noting = notingJournal(journal);
    let looking = this.#look(running, noting, error);
    for (let {failures} = running; !removed.signal.aborted; ) {
      await clock.sleep(restMs(failures), removed.signal);
      if (removed.signal.aborted || looking.failure === 'ours') return;
      failures += 1;
      const failure = this.#failureOf(setup, noting);
      if (failure === null) return this.#startAnew(running, looking.loop, failures);
      this.#tell(cluster, failure, failures);
      if (!mayPass(failure)) return looking.loop.stop();
      if (looking.failure !== null) looking = this.#look(running, noting, failure);
    }
  }

  /** Begins to look at a cluster whose journal fails. */
  #look(running: Running, journal: NotingJournal, error: JournalError): Looking {
    const {setup, removed} = running;
    const parts: ClusterParts = {
      ...setup.parts,
      journal,
      applier: null,
      unwritable: unwritable(error),
    };
    const looking: Pick<Looking, 'failure'> = {failure: null};
    const loop = this.#loopOver(parts, setup, {
      looksOnly: true,
      onBroken: (failure) => {
        looking.failure = mayPass(failure) ? 'passing' : 'ours';
        if (!mayPass(failure)) this.#tell(parts.cluster, failure, 0);
      },
    });
    if (!removed.signal.aborted) {
      this.#running.set(parts.cluster, {...running, loop});
      loop.start();
    }
    return Object.assign(looking, {loop});
  }

  /** Why the journal still cannot be written; null: it can. */
  #failureOf({parts}: ClusterSetup, noting: NotingJournal): unknown {
    const {cluster, clock, journal} = parts;
    try {
      noting.flush();
      journal.acquireLease(cluster, this.#options.holder, clock.now(), LEASE_MS);
      return null;
    } catch (error) {
      return error;
    }
  }

  /** As after a crash: what was under way is in the journal, and is taken up from there. */
  async #startAnew(running: Running, looking: ClusterLoop, failures: number): Promise<void> {
    const {setup, unwatch, removed} = running;
    await looking.stop();
    if (!removed.signal.aborted) this.#begin({setup, unwatch, removed, failures});
  }
}

/** A loop that only looks, and whether it had to give up. */
interface Looking {
  readonly loop: ClusterLoop;
  /** passing: the journal could not be read either, for a while. */
  failure: 'passing' | 'ours' | null;
}

/** How long a cluster is only looked at after so many failures in a row. */
function restMs(failures: number): number {
  return Math.min(FIRST_REST_MS * 2 ** failures, LAST_REST_MS);
}

/** A window may close while an action is under way: its next step waits for the next one. */
function closedNow({policy, clock}: ClusterSetup['parts'], action: Action): string | null {
  // What we stopped runs again whatever the time is: the stop was in its window.
  if (action.owed === true) return null;
  const {windows} = policy;
  const state = windowsAt(windows, action.risk, clock.now());
  if (state.denied) return 'a deny window is open';
  return modeOf(action, policy) === 'window' && !state.allowed ? 'its window has closed' : null;
}

/** Policy and scope may have become stricter since an action was begun: it would not be now. */
function forbiddenNow(
  {policy, sources}: ClusterSetup['parts'],
  action: Action,
  approval: Approval | null,
): string | null {
  const outside = outsideScope(action, scopesOf(sources));
  if (outside !== null) return `out of scope now: ${outside}`;
  if (modeOf(action, policy) === 'observe') return `policy.${action.risk} is observe now`;
  const needs = approval === null && needsApproval(action, policy);
  return needs ? `${action.risk} actions need approval now` : null;
}

/** The applier of a cluster; what it ends is remembered and nudges the loop. */
export function createApplier(
  setup: ClusterSetup,
  hooks: {
    readonly nudge: () => void;
    readonly ended?: (outcome: Outcome) => void;
    readonly broken: (error: unknown) => void;
    /** Left out where the caller holds the lease itself, for the time of one run. */
    readonly leads?: () => boolean;
  },
): Applier {
  const {parts, evidence, memory} = setup;
  const context: ApplyContext = {
    cluster: parts.cluster,
    installation: parts.installation,
    kinds: resourceKinds(parts.kinds),
    pve: parts.pve,
    user: parts.user,
    journal: parts.journal,
    secrets: parts.secrets,
    evidence,
    clock: parts.clock,
    log: parts.log,
    authorOf: (source) => memory.followed.get(source)?.revision?.author ?? null,
  };
  return new Applier(context, {
    onEnd: (outcome, action) => {
      memory.history.note(outcome, action);
      parts.metrics.emit({kind: 'outcome', outcome, action});
      const {key, result, because} = outcome;
      const fields = {key, name: action.name, verb: action.verb, result, because};
      if (result === 'done') parts.log.info('action done', fields);
      else parts.log.warn('action ended early', fields);
      if (outcome.result === 'done') forgetAdoption(parts.journal, parts.cluster, key);
      hooks.ended?.(outcome);
      hooks.nudge();
    },
    onBroken: hooks.broken,
    closed: (action) => closedNow(parts, action),
    forbidden: (action, approval) => forbiddenNow(parts, action, approval),
    leads: hooks.leads ?? (() => true),
  });
}
