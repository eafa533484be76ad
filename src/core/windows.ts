// Why this exists: maintenance windows recur on a calendar with a time zone; whether one is open
// at a moment is a question of values, so it is answered here, without a clock.
import {Cron} from 'croner';
import type {Risk} from './model.ts';
import type {Window} from './policy.ts';

/** The windows of a class at one moment. Times are ms since the epoch; null: never. */
export interface WindowsAt {
  readonly allowed: boolean;
  readonly denied: boolean;
  /** When what holds now ends. */
  readonly closesAt: number | null;
  /** When the next allow window opens. */
  readonly opensAt: number | null;
  /** When the next deny window opens, which ends an allow window too. */
  readonly deniesAt: number | null;
}

/** What the windows say about a class at `now`. Deny wins; that is the caller's rule. */
export function windowsAt(windows: readonly Window[], risk: Risk, now: number): WindowsAt {
  const mine = windows.filter(({classes}) => classes.includes(risk));
  const openAllows = openNow(mine, 'allow', now);
  const openDenies = openNow(mine, 'deny', now);
  const holding = openDenies.length > 0 ? openDenies : openAllows;
  return {
    allowed: openAllows.length > 0,
    denied: openDenies.length > 0,
    closesAt: holding.length === 0 ? null : Math.max(...holding),
    opensAt: firstOpening(mine, 'allow', now),
    deniesAt: firstOpening(mine, 'deny', now),
  };
}

/** True when a schedule can be read and ever opens; what `windowsAt` needs of every window. */
export function isSchedule(schedule: string): boolean {
  try {
    return new Cron(schedule, {timezone: 'UTC', paused: true}).nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
}

function firstOpening(
  windows: readonly Window[],
  kind: Window['kind'],
  now: number,
): number | null {
  const openings = windows
    .filter((window) => window.kind === kind)
    .flatMap((window) => nextOpening(window, now) ?? []);
  return openings.length === 0 ? null : Math.min(...openings);
}

/** Ends of the windows of a kind that are open now. */
function openNow(windows: readonly Window[], kind: Window['kind'], now: number): readonly number[] {
  return windows
    .filter((window) => window.kind === kind)
    .flatMap((window) => {
      // The first opening after now - duration, if it has come, is the one that is still open.
      const opened = nextOpening(window, now - window.durationMs);
      return opened !== null && opened <= now ? [opened + window.durationMs] : [];
    });
}

function nextOpening({schedule, timeZone}: Window, after: number): number | null {
  const cron = new Cron(schedule, {timezone: timeZone, paused: true});
  return cron.nextRun(new Date(after))?.getTime() ?? null;
}
