// Why this exists: decides when the next pass is. Timers, webhooks, file events and the end of an
// action only nudge; each pass starts from scratch. One pass at a time per cluster.
import {
  type Clock,
  type Journal,
  JournalError,
  type LeaseResult,
  type Log,
  type Random,
} from '../core/ports.ts';
import type {Metrics, Report} from '../core/report.ts';

/** How long a lease lasts without being renewed. */
export const LEASE_MS = 30_000;
/** Jitter keeps many controllers from asking at the same moment: ±10 % of the interval. */
const JITTER = 0.1;
/** How soon what a person wrote into the journal is taken up. */
const LOOK_MS = 1_000;
/** Nudges that come together make one pass. */
const SETTLE_MS = 50;

/** What a loop is made of. */
export interface LoopOptions {
  readonly cluster: string;
  readonly holder: string;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly journal: Journal;
  /** Its passes write nothing to the cluster: it needs no lease, and takes up no requests. */
  readonly looksOnly?: true;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Longest that one pass may take before its reads are cancelled, ms. */
  readonly passTimeoutMs: number;
  readonly pass: (signal: AbortSignal) => Promise<Report>;
  readonly onReport: (report: Report) => void;
  /** Our own mistake or a failing journal: the loop stops, and says so. */
  readonly onBroken: (error: unknown) => void;
}

/** Runs passes over one cluster until stopped. */
export class ClusterLoop {
  readonly #options: LoopOptions;
  readonly #abort = new AbortController();
  #nudged = Promise.withResolvers<void>();
  #isNudged = false;
  #waits = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Begins; returns at once. */
  start(): void {
    this.#running = this.#run().catch((error: unknown) => this.#options.onBroken(error));
  }

  /** True while another controller leads the cluster and this loop waits for it. */
  isStandby(): boolean {
    return this.#waits;
  }

  /** Asks for a pass soon; many nudges make one. */
  nudge(): void {
    this.#isNudged = true;
    this.#nudged.resolve();
  }

  /** Ends after the pass that runs; its reads are cancelled. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.nudge();
    await this.#running;
  }

  /** Gives the lease back; only when nothing of this process is under way any more. */
  giveUp(): void {
    const {cluster, holder, journal, log} = this.#options;
    try {
      journal.releaseLease(cluster, holder);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      log.warn('the lease could not be given back; it runs out by itself', {cluster});
    }
  }

  /** Whether this process leads right now; renews the lease if so. False once it stops. */
  leads(): boolean {
    const {looksOnly} = this.#options;
    return !looksOnly && !this.#abort.signal.aborted && this.#acquire().kind === 'held';
  }

  async #run(): Promise<void> {
    const {signal} = this.#abort;
    while (!signal.aborted) {
      if (!(await this.#lead())) continue;
      this.#isNudged = false;
      this.#nudged = Promise.withResolvers<void>();
      const report = await this.#pass();
      if (signal.aborted) return;
      this.#options.metrics.emit({kind: 'pass', report});
      this.#options.onReport(report);
      await this.#wait();
    }
  }

  /** Acquires or renews the lease; waits a while and is false when another controller leads. */
  async #lead(): Promise<boolean> {
    const {cluster, clock, log, metrics, looksOnly} = this.#options;
    if (looksOnly) {
      metrics.emit({kind: 'leader', cluster, held: false});
      return true;
    }
    const lease = this.#acquire();
    metrics.emit({kind: 'leader', cluster, held: lease.kind === 'held'});
    this.#waits = lease.kind !== 'held';
    if (lease.kind === 'held') return true;
    log.warn('another controller leads this cluster; waiting', {cluster, holder: lease.holder});
    await clock.sleep(LEASE_MS / 3, this.#abort.signal);
    return false;
  }

  #renew(): void {
    if (!this.#options.looksOnly) this.#acquire();
  }

  #acquire(): LeaseResult {
    const {cluster, holder, journal, clock} = this.#options;
    return journal.acquireLease(cluster, holder, clock.now(), LEASE_MS);
  }

  /** One pass, with its deadline; the lease is renewed however long it takes. */
  async #pass(): Promise<Report> {
    const {clock, pass, passTimeoutMs} = this.#options;
    const [late, over] = [new AbortController(), new AbortController()];
    const stop = (): void => late.abort();
    this.#abort.signal.addEventListener('abort', stop, {once: true, signal: over.signal});
    void clock.sleep(passTimeoutMs, over.signal).then(stop);
    const renewing = this.#renewUntil(over.signal);
    try {
      const [report] = await Promise.all([pass(late.signal).finally(() => over.abort()), renewing]);
      return report;
    } finally {
      over.abort();
    }
  }

  async #renewUntil(over: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(LEASE_MS / 3, over);
      if (over.aborted || this.#abort.signal.aborted) return;
      this.#renew();
    }
  }

  /** Until the interval is over or somebody nudges; renews the lease meanwhile. */
  async #wait(): Promise<void> {
    const {clock, random, intervalMs, journal, cluster, looksOnly} = this.#options;
    // Whole milliseconds: with fractions the rest of a wait can be too small for a clock to show.
    const jittered = Math.round(intervalMs * (1 + JITTER * (2 * random.float() - 1)));
    const end = clock.monotonic() + jittered;
    let renewed = clock.monotonic();
    while (!this.#isNudged && !this.#abort.signal.aborted) {
      const left = end - clock.monotonic();
      if (left <= 0) return;
      const timer = new AbortController();
      const stop = (): void => timer.abort();
      this.#abort.signal.addEventListener('abort', stop, {once: true});
      await Promise.race([
        clock.sleep(Math.min(left, LOOK_MS), timer.signal),
        this.#nudged.promise,
      ]);
      timer.abort();
      this.#abort.signal.removeEventListener('abort', stop);
      if (!looksOnly && journal.hasRequests(cluster)) break;
      if (clock.monotonic() - renewed < LEASE_MS / 3) continue;
      renewed = clock.monotonic();
      this.#renew();
    }
    if (!this.#abort.signal.aborted) await clock.sleep(SETTLE_MS, this.#abort.signal);
  }
}
