// Why this exists: the part with a lifetime: which actions run now, at most one per resource; what
// ends them early; and what is taken up again after a restart.
import {
  type Action,
  type Approval,
  type Intent,
  type Outcome,
  type Step,
  touchedKeys,
} from '../core/action.ts';
import type {ResourceKey} from '../core/model.ts';
import {isReleased} from '../journal/releases.ts';
import {auditEntry} from './audit.ts';
import {type ApplyContext, kindOf} from './context.ts';
import {type ActionEnd, runAction} from './run-action.ts';

/** How long an action that stays unknown is left alone before it is looked at again, doubling. */
const FIRST_PAUSE_MS = 60_000;
const LAST_PAUSE_MS = 3_600_000;

/** What is running for a resource, for status and `applying`. */
export interface InFlight {
  readonly key: ResourceKey;
  readonly action: Action;
  readonly startedAt: number;
  readonly step: {readonly index: number; readonly says: string} | null;
}

/** What the newest plan knows of what Git wants. */
export interface Wishes {
  /** `wantedHash` by key, of what is declared. */
  readonly wanted: ReadonlyMap<ResourceKey, string>;
  /** Why it cannot be told whether an action is still wanted; null: it can. */
  readonly unsaid: (action: Action) => string | null;
}

/** What the applier asks, and tells of its actions' ends. */
export interface ApplierOptions {
  /** After an action ended, whatever way; the loop is nudged by it. */
  readonly onEnd: (outcome: Outcome, action: Action) => void;
  /** A journal failure or a mistake of ours: nothing more may be applied. */
  readonly onBroken: (error: unknown) => void;
  /** Why no step of it may begin now (a window closed); null: it may. */
  readonly closed: (action: Action) => string | null;
  /** Why the policy forbids to go on with it under this approval; null: it does not. */
  readonly forbidden: (action: Action, approval: Approval | null) => string | null;
  /** Whether this process leads the cluster right now; asked before each step. */
  readonly leads: () => boolean;
}

/** Carries out allowed actions of one cluster. */
export class Applier {
  readonly #context: ApplyContext;
  readonly #options: ApplierOptions;
  readonly #running = new Map<ResourceKey, {view: InFlight; promise: Promise<void>}>();
  readonly #abort = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  /** When an action without an end may be looked at again, by the id of its newest intent. */
  readonly #pauses = new Map<number, {readonly until: number; readonly lastMs: number}>();
  /** Why an action that was begun goes on later, by its resource. */
  readonly #paused = new Map<ResourceKey, string>();
  #wishes: Wishes | null = null;
  #ends = 0;
  #broken = false;

  constructor(context: ApplyContext, options: ApplierOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** What runs now, by key. */
  inFlight(): ReadonlyMap<ResourceKey, InFlight> {
    return new Map([...this.#running].map(([key, {view}]) => [key, view]));
  }

  /** Why what was begun and has not ended does not go on right now, by key. */
  paused(): ReadonlyMap<ResourceKey, string> {
    return this.#paused;
  }

  /**
   * The newest plan's wishes: an action whose wish changed stops before its next step, and one
   * whose wish cannot be told waits there.
   */
  setWishes(wishes: Wishes): void {
    this.#wishes = wishes;
    this.#ready.resolve();
  }

  /** Starts an allowed action; false when that it writes to is busy, or this one stops. */
  dispatch(action: Action, approval: Approval | null): boolean {
    return this.#start(action, approval, null);
  }

  /**
   * Goes on with actions that have no recorded end: after a crash, or because what became of a
   * call is still unknown. Those in flight are skipped, those looked at a short while ago, and
   * those that wait for a window, or for a clear word of their source.
   */
  takeUp(intents: readonly Intent[]): void {
    const ids = new Set(intents.map(({id}) => id));
    for (const id of this.#pauses.keys()) if (!ids.has(id)) this.#pauses.delete(id);
    for (const intent of intents) {
      if (intent.state === 'failed' || intent.state === 'interrupted') this.#close(intent);
      else if (this.#isDue(intent)) this.#start(intent.action, null, intent);
    }
  }

  /** Looks at what is unknown again with the next `takeUp`, however short ago it was looked at. */
  hurry(key: ResourceKey, intents: readonly Intent[]): void {
    for (const {id} of intents.filter((intent) => intent.key === key)) this.#pauses.delete(id);
  }

  /** How many actions have ended so far. */
  ends(): number {
    return this.#ends;
  }

  /** Resolves when one of the running actions has ended; at once when none runs. */
  async anyEnd(): Promise<void> {
    const running = [...this.#running.values()].map(({promise}) => promise);
    if (running.length > 0) await Promise.race(running);
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all([...this.#running.values()].map(({promise}) => promise));
    }
  }

  /** Starts no step any more and leaves running tasks to Proxmox; intents stay open for later. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#ready.resolve();
    await this.idle();
  }

  #start(action: Action, approval: Approval | null, intent: Intent | null): boolean {
    if (this.#isBusy(action) || this.#abort.signal.aborted || this.#broken) {
      return false;
    }
    const kind = kindOf(this.#context, action.kind);
    if (kind === null) return false;
    const startedAt = this.#context.clock.now();
    const view: InFlight = {key: action.key, action, startedAt, step: null};
    const onStep = (index: number, step: Step): void => {
      const running = this.#running.get(action.key);
      if (running) running.view = {...running.view, step: {index, says: step.says}};
      const says = {key: action.key, name: action.name, verb: action.verb, step: step.says};
      this.#context.log.info('step', says);
    };
    const promise = runAction(this.#context, {
      action,
      kind,
      approval,
      intent,
      signal: this.#abort.signal,
      barred: () => (this.#options.leads() ? null : 'another controller leads this cluster'),
      closed: () => this.#options.closed(action),
      unsaid: () => this.#wishes?.unsaid(action) ?? null,
      unwanted: () => this.#unwanted(action, approval ?? this.#begunBy(intent)),
      ready: this.#ready.promise,
      onStep,
    })
      .then((end) => this.#ended(action, approval ?? this.#begunBy(intent), intent, end))
      .catch((error: unknown) => this.#failed(action, error));
    this.#running.set(action.key, {view, promise});
    return true;
  }

  /** Whether something that runs writes to what it would write to. */
  #isBusy(action: Action): boolean {
    const touched = new Set(touchedKeys(action));
    const running = [...this.#running.values()].flatMap(({view}) => touchedKeys(view.action));
    return running.some((key) => touched.has(key));
  }

  #ended(
    action: Action,
    approval: Approval | null,
    intent: Intent | null,
    {outcome, left}: ActionEnd,
  ): void {
    this.#running.delete(action.key);
    if (left) {
      this.#paused.set(action.key, outcome.because);
      return;
    }
    this.#paused.delete(action.key);
    this.#ends += 1;
    // Still unknown after another look: that was said already.
    const isNews = outcome.result !== 'unknown' || !this.#pause(action.key, intent);
    if (!isNews) return;
    const audit = auditEntry(this.#context, action, approval, outcome);
    this.#context.journal.addOutcome(outcome, audit);
    this.#options.onEnd(outcome, action);
  }

  /** Under whose approval an action was begun that goes on now. */
  #begunBy(intent: Intent | null): Approval | null {
    if (intent === null) return null;
    return this.#context.journal.begun(this.#context.cluster, intent.fingerprint);
  }

  /** Its process died between the end of its last step and the end of the action. */
  #close(intent: Intent): void {
    const {action, state, because, openedAt, cluster} = intent;
    if (this.#running.has(action.key) || this.#abort.signal.aborted || this.#broken) return;
    const approval = this.#begunBy(intent);
    const {key, name, fingerprint, verb, risk} = action;
    const endedAt = this.#context.clock.now();
    const result = state === 'failed' ? 'failed' : 'interrupted';
    const named = {cluster, key, name, fingerprint, verb, risk};
    const outcome = {...named, result, because, startedAt: openedAt, endedAt, steps: []} as const;
    const audit = auditEntry(this.#context, action, approval, outcome);
    this.#context.journal.addOutcome(outcome, audit);
    this.#options.onEnd(outcome, action);
  }

  #isDue({id, action}: Intent): boolean {
    const pause = this.#pauses.get(id);
    if (pause !== undefined) return pause.until <= this.#context.clock.monotonic();
    if (!this.#paused.has(action.key)) return true;
    const says = this.#options.closed(action) ?? this.#wishes?.unsaid(action) ?? null;
    return says === null;
  }

  /** Lengthens the pause before the next look; true when this was not the first look. */
  #pause(key: ResourceKey, intent: Intent | null): boolean {
    const {journal, cluster, clock} = this.#context;
    const unknown = journal.unfinished(cluster).find((open) => open.key === key);
    if (unknown === undefined) return false;
    const former = this.#pauses.get(unknown.id);
    const lastMs = former === undefined ? FIRST_PAUSE_MS : former.lastMs * 2;
    const nextMs = Math.min(lastMs, LAST_PAUSE_MS);
    this.#pauses.set(unknown.id, {until: clock.monotonic() + nextMs, lastMs: nextMs});
    return intent?.state === 'unknown';
  }

  #failed(action: Action, error: unknown): void {
    this.#running.delete(action.key);
    this.#broken = true;
    this.#options.onBroken(error);
  }

  #unwanted(action: Action, approval: Approval | null): string | null {
    const now = this.#context.clock.now();
    const touched = touchedKeys(action);
    const suspended = this.#context.journal
      .suspensions(this.#context.cluster)
      .find(
        ({key, expiresAt}) =>
          (key === '*' || touched.includes(key)) && (expiresAt === null || expiresAt > now),
      );
    if (suspended) return `suspended by ${suspended.owner}: ${suspended.reason}`;
    const forbidden = this.#options.forbidden(action, approval);
    if (forbidden !== null) return forbidden;
    if (this.#isReleased(action)) return 'it was released: it shall not be destroyed';
    if (this.#wishes === null) return null;
    const wanted = this.#wishes.wanted.get(action.key) ?? null;
    return wanted === (action.record?.wanted ?? null)
      ? null
      : 'a newer commit wants something else';
  }

  /** A person may say so while it is shut down for that; the record is there until it is gone. */
  #isReleased({verb, key}: Action): boolean {
    if (verb !== 'delete' && verb !== 'replace') return false;
    const {journal, cluster} = this.#context;
    if (!isReleased(journal, cluster, key)) return false;
    return journal.records(cluster).some((one) => one.key === key);
  }
}
