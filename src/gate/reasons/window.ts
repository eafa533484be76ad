// Why this exists: some work is only welcome at some times, and must be over when they end.
import type {Action, Step} from '../../core/action.ts';
import {durationNames} from '../../core/durations.ts';
import type {GateInput} from '../input.ts';
import type {ReasonRule} from '../judged.ts';
import {modeOf} from '../mode.ts';

/** Holds what is outside of its window or would not fit into it. */
export const window: ReasonRule = {
  reason: 'window',
  applies: ({action, input}) => {
    // The action that stopped the guest was in time; nothing keeps it from running again.
    if (action.owed === true) return null;
    const state = input.windows[action.risk];
    if (state.denied) return `a deny window holds ${until(state.closesAt)}`;
    const isWindowed = modeOf(action, input.policy) === 'window';
    if (isWindowed && !state.allowed) {
      return `no window is open; the next opens ${at(state.opensAt)}`;
    }
    const needed = expectedMs(action, input);
    const says = `it is expected to take ${seconds(needed)} s`;
    const beforeDeny = state.deniesAt === null ? null : state.deniesAt - input.now;
    if (beforeDeny !== null && needed > beforeDeny) {
      return `${says}, a deny window opens in ${seconds(beforeDeny)} s`;
    }
    const left = !isWindowed || state.closesAt === null ? null : state.closesAt - input.now;
    return left === null || needed <= left
      ? null
      : `${says}, the window closes in ${seconds(left)} s`;
  },
  remedy: () => 'Wait for the next window; "pvegit config show" prints them.',
};

/** A call that has no task of its own is over in seconds; a minute is generous. */
const UNEXPECTED_MS = 60_000;

/** How long all steps are expected to take, waits included. */
function expectedMs(action: Action, {policy, took = {}}: GateInput): number {
  return action.steps.reduce((sum, step) => {
    return sum + (learntMs(action, step, took) ?? stepMs(step, policy.expectedMs));
  }, 0);
}

/** How long it took before, on that guest, else on that storage. */
function learntMs(action: Action, step: Step, took: Durations): number | null {
  const names = step.kind === 'until' ? null : durationNames(action, step);
  if (names === null) return null;
  const there = names.storages.flatMap((name) => took[name] ?? []);
  return took[names.guest] ?? (there.length === 0 ? null : Math.max(...there));
}

type Durations = {readonly [name: string]: number};

/** To go down is what takes long in a cycle. */
function stepMs(step: Step, expected: Durations): number {
  const cycle = expected['cycle'] ?? UNEXPECTED_MS;
  if (step.kind === 'until') return cycle;
  const goesDown = step.operation === 'shutdown' || step.operation === 'stop';
  return expected[step.operation] ?? (goesDown ? cycle : UNEXPECTED_MS);
}

function until(time: number | null): string {
  return time === null ? 'without end' : `until ${at(time)}`;
}

function at(time: number | null): string {
  if (time === null) return 'never';
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
