// Why this exists: the part with a lifetime: which actions run now, at most one per resource; what
// ends them early; and what is taken up again after a restart.
import type {Action, Approval, Intent, Outcome, Step} from '../core/action.ts';
import type {ResourceKey} from '../core/model.ts';
import {auditEntry} from './audit.ts';
import {type ApplyContext, kindOf} from './context.ts';
import {runAction} from './run-action.ts';

/** What is running for a resource, for status and `applying`. */
export interface InFlight {
  readonly key: ResourceKey;
  readonly action: Action;
  readonly startedAt: number;
  readonly step: {readonly index: number; readonly says: string} | null;
}

/** What the applier tells of its actions' ends. */
export interface ApplierOptions {
  /** After an action ended, whatever way; the loop is nudged by it. */
  readonly onEnd: (outcome: Outcome, action: Action) => void;
  /** A journal failure or a mistake of ours: nothing more may be applied. */
  readonly onBroken: (error: unknown) => void;
}

/** Carries out allowed actions of one cluster. */
export class Applier {
  readonly #context: ApplyContext;
  readonly #options: ApplierOptions;
  readonly #running = new Map<ResourceKey, {view: InFlight; promise: Promise<void>}>();
  readonly #abort = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #wanted: ReadonlyMap<ResourceKey, string> | null = null;
  #broken = false;

  constructor(context: ApplyContext, options: ApplierOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** What runs now, by key. */
  inFlight(): ReadonlyMap<ResourceKey, InFlight> {
    return new Map([...this.#running].map(([key, {view}]) => [key, view]));
  }

  /** The newest plan's wishes by key: an action whose wish changed stops before its next step. */
  setWanted(wanted: ReadonlyMap<ResourceKey, string>): void {
    this.#wanted = wanted;
    this.#ready.resolve();
  }

  /** Starts an allowed action; false when its resource is busy or this applier is stopping. */
  dispatch(action: Action, approval: Approval | null): boolean {
    return this.#start(action, approval, null);
  }

  /** Takes up intents left open by a crash, or still unknown; those in flight are skipped. */
  takeUp(intents: readonly Intent[]): void {
    for (const intent of intents) this.#start(intent.action, null, intent);
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
    if (this.#running.has(action.key) || this.#abort.signal.aborted || this.#broken) return false;
    const kind = kindOf(this.#context, action.kind);
    if (kind === null) return false;
    const startedAt = this.#context.clock.now();
    const view: InFlight = {key: action.key, action, startedAt, step: null};
    const onStep = (index: number, step: Step): void => {
      const running = this.#running.get(action.key);
      if (running) running.view = {...running.view, step: {index, says: step.says}};
      const says = {key: action.key, verb: action.verb, step: step.says};
      this.#context.log.info('step', says);
    };
    const promise = runAction(this.#context, {
      action,
      kind,
      approval,
      intent,
      signal: this.#abort.signal,
      unwanted: () => this.#unwanted(action),
      ready: this.#ready.promise,
      onStep,
    }).then(
      (outcome) => this.#ended(action, approval, outcome),
      (error: unknown) => this.#failed(action, error),
    );
    this.#running.set(action.key, {view, promise});
    return true;
  }

  #ended(action: Action, approval: Approval | null, outcome: Outcome): void {
    this.#running.delete(action.key);
    try {
      this.#context.journal.addOutcome(outcome);
      this.#context.journal.addAudit(auditEntry(this.#context, action, approval, outcome));
    } catch (error) {
      this.#failed(action, error);
      return;
    }
    this.#options.onEnd(outcome, action);
  }

  #failed(action: Action, error: unknown): void {
    this.#running.delete(action.key);
    this.#broken = true;
    this.#options.onBroken(error);
  }

  #unwanted(action: Action): string | null {
    const now = this.#context.clock.now();
    const suspended = this.#context.journal
      .suspensions(this.#context.cluster)
      .find(
        ({key, expiresAt}) =>
          (key === '*' || key === action.key) && (expiresAt === null || expiresAt > now),
      );
    if (suspended) return `suspended by ${suspended.owner}: ${suspended.reason}`;
    if (this.#wanted === null) return null;
    const wanted = this.#wanted.get(action.key) ?? null;
    return wanted === (action.record?.wanted ?? null)
      ? null
      : 'a newer commit wants something else';
  }
}
