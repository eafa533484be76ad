// Why this exists: one pass over thousands of guests must not hold up health checks, leases and the
// answers of other clusters: long work is done in slices, with everybody else's turn in between.
import {setImmediate} from 'node:timers/promises';
import type {Clock} from '../core/ports.ts';
import type {Steps} from '../core/steps.ts';

/** Much shorter than anybody notices, and long enough that changing turns costs nothing. */
const SLICE_MS = 20;

/** Carries steps out, giving others a turn after each slice. */
export async function inSlices<T>(steps: Steps<T>, clock: Pick<Clock, 'monotonic'>): Promise<T> {
  let began = clock.monotonic();
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
    if (clock.monotonic() - began < SLICE_MS) continue;
    await setImmediate();
    began = clock.monotonic();
  }
}

/** Gives others a turn if what began then (`clock.monotonic()`) was a slice of its own. */
export async function turnAfter(began: number, clock: Pick<Clock, 'monotonic'>): Promise<void> {
  if (clock.monotonic() - began >= SLICE_MS) await setImmediate();
}
