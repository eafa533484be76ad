// Why this exists: what one pass cannot see: since when something drifts, what failed lately and
// must cool down, which field was corrected again and again, what ran within the last minute.
import type {Action, Outcome, Plan} from '../core/action.ts';
import type {ResourceKey} from '../core/model.ts';
import {driftId} from '../gate/input.ts';

/** First pause after a failure, doubled each time up to the last (issue: 1 m to 1 h). */
const FIRST_PAUSE_MS = 60_000;
const LAST_PAUSE_MS = 3_600_000;
/** How an outcome begins that was skipped for want of forensics. */
const EVIDENCE = 'evidence: ';
const CONTEST_WINDOW_MS = 3_600_000;
/**
 * The listing of guests lags by up to 10 s; after an action the node itself is asked for a while.
 */
const FRESH_MS = 60_000;

/** A pause after a failure; ends early when the plan for the resource changes. */
export interface Backoff {
  readonly fingerprint: string;
  readonly failures: number;
  readonly at: number;
  readonly until: number;
  readonly because: string;
}

/** What was before this process; outcomes oldest first. */
export interface Past {
  readonly outcomes: readonly Outcome[];
  /** Up to which end failures count no more, since a person asked to try again. */
  readonly retried: ReadonlyMap<ResourceKey, number>;
  /** Whether pauses after failures go on. */
  readonly pauses: boolean;
  readonly now: number;
}

/** Memory of one cluster's loop between passes. */
export class History {
  readonly #backoffs = new Map<ResourceKey, Backoff>();
  #corrections: readonly {readonly id: string; readonly at: number}[] = [];
  #recalled = false;
  #driftSince: {readonly [id: string]: number} = {};
  readonly #recent = new Map<ResourceKey, {readonly at: number; readonly action: Action}>();

  /** Whether it knows what was before this process. */
  isRecalled(): boolean {
    return this.#recalled;
  }

  /** Takes in what was before this process. */
  recall({outcomes, retried, pauses, now}: Past): void {
    this.#recalled = true;
    for (const outcome of outcomes) {
      const counts = pauses && outcome.endedAt > (retried.get(outcome.key) ?? 0);
      if (counts) this.#pause(outcome);
      this.#count(outcome);
    }
    this.#turnBack(now);
  }

  /** Takes in how an action ended. */
  note(outcome: Outcome, action: Action): void {
    this.#recent.set(outcome.key, {at: outcome.endedAt, action});
    this.#pause(outcome);
    this.#count(outcome);
  }

  #pause(outcome: Outcome): void {
    if (outcome.result === 'done') this.#backoffs.delete(outcome.key);
    else if (outcome.result !== 'unknown') this.#fail(outcome);
  }

  #count({key, endedAt, corrected = []}: Outcome): void {
    const more = corrected.map((field) => ({id: driftId(key, field), at: endedAt}));
    if (more.length > 0) this.#corrections = [...this.#corrections, ...more];
  }

  /** A clock that was set back makes nothing wait longer than it would have. */
  #turnBack(now: number): void {
    for (const [key, {at, until, ...rest}] of this.#backoffs) {
      if (at <= now) continue;
      this.#backoffs.set(key, {...rest, at: now, until: until === 0 ? 0 : until - (at - now)});
    }
    if (this.#corrections.some(({at}) => at > now)) {
      this.#corrections = this.#corrections.map(({id, at}) => ({id, at: Math.min(at, now)}));
    }
  }

  /**
   * An action that was interrupted is planned anew at once: something had changed. The same action
   * interrupted again pauses as one that failed, or the two would chase each other without end.
   */
  #fail({key, fingerprint, because, endedAt, result}: Outcome): void {
    const former = this.#backoffs.get(key);
    const failures = former?.fingerprint === fingerprint ? former.failures + 1 : 1;
    const free = result === 'interrupted' ? 1 : 0;
    const doubled = FIRST_PAUSE_MS * 2 ** (failures - 1 - free);
    const until = failures <= free ? 0 : endedAt + Math.min(doubled, LAST_PAUSE_MS);
    this.#backoffs.set(key, {fingerprint, failures, at: endedAt, until, because});
  }

  /** Forgets a resource's failures (a person asked to retry). */
  retry(key: ResourceKey): void {
    this.#backoffs.delete(key);
  }

  /** The pauses that still hold, by key. */
  backoffs(now: number): {readonly [key: ResourceKey]: Backoff} {
    this.#turnBack(now);
    return Object.fromEntries([...this.#backoffs].filter(([, {until}]) => until > now));
  }

  /** Why forensics failed, by fingerprint, until their capture is tried again. */
  evidenceMissing(now: number): {readonly [fingerprint: string]: string} {
    const missing = [...this.#backoffs.values()].filter(
      ({because, until}) => until > now && because.startsWith(EVIDENCE),
    );
    return Object.fromEntries(
      missing.map(({fingerprint, because}) => [fingerprint, because.slice(EVIDENCE.length)]),
    );
  }

  /** The last failure of a resource, also after its pause. */
  failure(key: ResourceKey): Backoff | null {
    const backoff = this.#backoffs.get(key);
    return backoff === undefined || backoff.until === 0 ? null : backoff;
  }

  /** Since when each field has drifted, by `driftId`; what does not drift any more is forgotten. */
  driftSince(plan: Plan, now: number): {readonly [id: string]: number} {
    const since: {[id: string]: number} = {};
    for (const {key, changes} of plan.actions) {
      for (const {field, cause} of changes) {
        const id = driftId(key, field);
        if (cause === 'drift') since[id] = this.#driftSince[id] ?? now;
      }
    }
    this.#driftSince = since;
    return since;
  }

  /** How often each `driftId` was corrected within the last hour. */
  corrections(now: number): ReadonlyMap<string, number> {
    this.#turnBack(now);
    const isOld = ({at}: {readonly at: number}): boolean => at < now - CONTEST_WINDOW_MS;
    if (this.#corrections.some(isOld)) {
      this.#corrections = this.#corrections.filter((one) => !isOld(one));
    }
    const counts = new Map<string, number>();
    for (const {id} of this.#corrections) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** Actions that ended within the last minute: their guests' state is asked of the node itself. */
  recent(now: number): readonly Action[] {
    for (const [key, {at}] of this.#recent) if (at < now - FRESH_MS) this.#recent.delete(key);
    return [...this.#recent.values()].map(({action}) => action);
  }
}
