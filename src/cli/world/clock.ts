// Why this exists: the real time and the real randomness, behind the program's own seams.
import {randomBytes} from 'node:crypto';
import {setTimeout as delay} from 'node:timers/promises';
import type {Clock, Random} from '../../core/ports.ts';

/** The machine's clocks. Sleep resolves early, without an error, when the signal aborts. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    if (signal?.aborted) return;
    // Safe: delay rejects for one reason only, the abort that this function promises to swallow.
    await delay(ms, undefined, signal === undefined ? {} : {signal}).catch(() => undefined);
  },
};

/** The machine's randomness. */
export const realRandom: Random = {
  float: () => Math.random(),
  bytes: (length) => randomBytes(length),
};
