// Why this exists: a cluster answers on every node, so one dead node must not blind us. Which
// endpoint is asked next, and when one that was down is tried again, is decided here.
import {assert} from '../core/assert.ts';
import type {Clock, Exchange, ExchangeFailure} from '../core/ports.ts';

/** One way to the cluster. */
export interface Endpoint {
  readonly url: string;
  readonly exchange: Exchange;
}

/** The endpoints of a cluster with their health. */
export interface Endpoints {
  /** The first healthy one in order, those in `tried` last; never none. */
  pick(tried: ReadonlySet<Endpoint>): Endpoint;
  /** Notes an answer (null) or a failure; returns what changed. */
  note(endpoint: Endpoint, failure: ExchangeFailure | null): 'down' | 'up' | null;
  health(): readonly {readonly url: string; readonly up: boolean}[];
}

interface Health {
  readonly endpoint: Endpoint;
  failures: number;
  /** Monotonic ms before which it is not asked while another one can be. */
  notBefore: number;
}

/** A node that reboots is back within a minute or two; ask at least that often. */
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

/** Health for a list of endpoints, all thought healthy at first. */
export function trackEndpoints(list: readonly Endpoint[], clock: Clock): Endpoints {
  assert(list.length > 0, 'a cluster needs at least one endpoint');
  const all: readonly Health[] = list.map((endpoint) => ({endpoint, failures: 0, notBefore: 0}));
  const pick: Endpoints['pick'] = (tried) => {
    const now = clock.monotonic();
    const untried = all.filter((one) => !tried.has(one.endpoint));
    const choice = untried.length > 0 ? untried : all;
    const ready = choice.find((one) => one.failures === 0 || one.notBefore <= now);
    const chosen = ready ?? choice.reduce((a, b) => (b.notBefore < a.notBefore ? b : a));
    // While this call finds out whether it is back, the others do not run into it too.
    if (chosen.failures > 0) chosen.notBefore = now + FIRST_PAUSE_MS;
    return chosen.endpoint;
  };
  const note: Endpoints['note'] = (endpoint, failure) => {
    const one = all.find((each) => each.endpoint === endpoint);
    assert(one !== undefined, 'an endpoint of another cluster');
    const before = one.failures;
    if (failure === null) {
      one.failures = 0;
      return before > 0 ? 'up' : null;
    }
    if (!blames(failure)) return null;
    one.failures++;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** before, LONGEST_PAUSE_MS);
    one.notBefore = clock.monotonic() + pauseMs;
    return before === 0 ? 'down' : null;
  };
  const health = (): readonly {readonly url: string; readonly up: boolean}[] =>
    all.map((one) => ({url: one.endpoint.url, up: one.failures === 0}));
  return {pick, note, health};
}

/** A cut connection is a restarted worker or an idle socket; our own cancelling is neither. */
function blames(failure: ExchangeFailure): boolean {
  return failure.kind !== 'cancelled' && failure.kind !== 'cut';
}
