// Why this exists: a process can die anywhere. Its life is wrapped round everything by which it
// touches the world, and each touch is a moment at which it may be made to die; once dead, nothing
// that it had begun goes on: no call leaves, no row is written, no sleep ends.
import type {Clock, Exchange, ExchangeRequest, Journal} from '../../src/core/ports.ts';

/** Where a process dies: before its touch, right after (answer not yet seen), or once answered. */
export type Moment = 'before' | 'between' | 'after';

/** One touch of the world, for a crash plan to choose from. */
export interface Touch {
  readonly what: 'request' | 'journal';
  readonly name: string;
}

/** Asked at each moment of each touch; true: die here. */
export type Fate = (touch: Touch, moment: Moment) => boolean;

/** Thrown out of a journal call in which the process died. Nobody catches it but the dead. */
export class Died extends Error {
  override readonly name = 'Died';
}

/** Journal calls that write; the others are free of crash points, and need no room on a disk. */
export const WRITES: ReadonlySet<string> = new Set([
  'accept',
  'putRecord',
  'putRecords',
  'deleteRecord',
  'openIntent',
  'setTask',
  'closeIntent',
  'addOutcome',
  'addAudit',
  'setValue',
  'addRequest',
  'takeRequests',
  'acquireLease',
  'releaseLease',
]);

/** One life. Wraps the ports of a process. */
export class Life {
  #alive = true;
  readonly #fate: Fate;
  /** Resolves when it may go on; null: it is not held. */
  #thaw: PromiseWithResolvers<void> | null = null;

  constructor(fate: Fate = () => false) {
    this.#fate = fate;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Ends it, from outside or by fate. */
  die(): void {
    this.#alive = false;
  }

  /** Stops it in the middle of whatever it does, as SIGSTOP or a paused machine does. */
  freeze(): void {
    this.#thaw ??= Promise.withResolvers<void>();
  }

  /** Lets it go on where it was. */
  thaw(): void {
    this.#thaw?.resolve();
    this.#thaw = null;
  }

  /** An exchange that never answers the dead. */
  exchange(inner: Exchange): Exchange {
    return {
      request: (request) => this.#request(inner, request),
      close: () => (this.#alive ? inner.close() : never()),
    };
  }

  /** A clock on which the dead sleep for ever. */
  clock(inner: Clock): Clock {
    return {
      now: () => inner.now(),
      monotonic: () => inner.monotonic(),
      sleep: async (ms, signal) => {
        if (this.#alive) await inner.sleep(ms, signal);
        await this.#thaw?.promise;
        if (!this.#alive) await never();
      },
    };
  }

  /** A journal into which the dead write nothing. */
  journal(inner: Journal): Journal {
    return new Proxy(inner, {
      get: (target, name) => {
        // Safe: only names of Journal are asked for, and what is not a function is passed on.
        const member = target[name as keyof Journal] as unknown;
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]) => this.#journalCall(String(name), member, args);
      },
    });
  }

  async #request(inner: Exchange, request: ExchangeRequest) {
    const touch: Touch = {what: 'request', name: `${request.method} ${request.path}`};
    if (this.#dies(touch, 'before')) return never();
    const answering = inner.request(request);
    if (this.#dies(touch, 'between')) return never();
    const answer = await answering;
    await this.#thaw?.promise;
    if (this.#dies(touch, 'after')) return never();
    return answer;
  }

  #journalCall(name: string, call: object, args: readonly unknown[]): unknown {
    if (!this.#alive) throw new Died(name);
    // Safe: it was checked to be a function.
    const run = (): unknown => Reflect.apply(call as (...all: unknown[]) => unknown, null, args);
    if (!WRITES.has(name)) return run();
    const touch: Touch = {what: 'journal', name};
    if (this.#dies(touch, 'before')) throw new Died(name);
    const value = run();
    if (this.#dies(touch, 'after')) throw new Died(name);
    return value;
  }

  #dies(touch: Touch, moment: Moment): boolean {
    if (this.#alive && this.#fate(touch, moment)) this.#alive = false;
    return !this.#alive;
  }
}

function never(): Promise<never> {
  return new Promise<never>(() => {});
}
