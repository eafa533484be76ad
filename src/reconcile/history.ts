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
  readonly until: number;
  readonly because: string;
}

/** Memory of one cluster's loop between passes. */
export class History {
  readonly #backoffs = new Map<ResourceKey, Backoff>();
  readonly #corrections: {readonly id: string; readonly at: number}[] = [];
  #driftSince: {readonly [id: string]: number} = {};
  readonly #recent = new Map<ResourceKey, {readonly at: number; readonly action: Action}>();

  /** Takes in how an action ended. */
  note(outcome: Outcome, action: Action): void {
    const {key, endedAt} = outcome;
    this.#recent.set(key, {at: endedAt, action});
    if (outcome.result !== 'done' && outcome.result !== 'unknown') this.#fail(outcome);
    if (outcome.result !== 'done') return;
    this.#backoffs.delete(key);
    if (action.cause !== 'drift') return;
    for (const {field} of action.changes) {
      this.#corrections.push({id: driftId(key, field), at: endedAt});
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
    this.#backoffs.set(key, {fingerprint, failures, until, because});
  }

  /** Forgets a resource's failures (a person asked to retry). */
  retry(key: ResourceKey): void {
    this.#backoffs.delete(key);
  }

  /** The pauses that still hold, by key. */
  backoffs(now: number): {readonly [key: ResourceKey]: Backoff} {
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
    while (this.#corrections[0] && this.#corrections[0].at < now - CONTEST_WINDOW_MS) {
      this.#corrections.shift();
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
