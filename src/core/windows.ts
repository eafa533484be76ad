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
  const mine = windows.filter((window) => window.kind === kind);
  const ends = mine.flatMap((window) => openEnds(window, now));
  return ends.length === 0 ? [] : [followed(mine, Math.max(...ends))];
}

/** The end of a window's opening that is open now, the first found; none where it is closed. */
function openEnds(window: Window, now: number): readonly number[] {
  let opened = nextOpening(window, now - window.durationMs - LONGEST_SHIFT_MS);
  for (let tries = 0; opened !== null && opened <= now && tries < MOST_OPENINGS; tries += 1) {
    const end = endOf(window, opened);
    if (end > now) return [end];
    opened = nextOpening(window, opened);
  }
  return [];
}

/** The end of a stretch that windows make which open before the one before them closes. */
function followed(windows: readonly Window[], end: number): number {
  let last = end;
  for (let links = 0; links < MOST_LINKS; links += 1) {
    const before = last;
    for (const window of windows) last = Math.max(last, ...lastEnds(window, last));
    if (last === before) return last;
  }
  return last;
}

/** The end of an opening of a window that is open at a moment, a late one if there are several. */
function lastEnds(window: Window, time: number): readonly number[] {
  for (const back of [60_000, 3_600_000, window.durationMs]) {
    const opened = nextOpening(window, time - Math.min(back, window.durationMs));
    if (opened !== null && opened <= time) return [endOf(window, opened)];
  }
  return [];
}

/** No zone's clock was ever set back by more; openings before that are over. */
const LONGEST_SHIFT_MS = 3 * 3_600_000;
/** Openings of one window within that shift: one a minute, and some. */
const MOST_OPENINGS = 200;
/** A day of hourly windows; a stretch that is longer is told as at least so long. */
const MOST_LINKS = 24;

/**
 * When an opening closes. An hour that is repeated in autumn belongs to what forbids: a deny window
 * lasts until its zone's clock shows the end for the last time.
 */
function endOf({kind, durationMs, timeZone}: Window, opened: number): number {
  const end = opened + durationMs;
  if (kind === 'allow') return end;
  const shown = end + offsetMs(timeZone, opened);
  const again = [end, end + LONGEST_SHIFT_MS]
    .map((time) => shown - offsetMs(timeZone, time))
    .filter((time) => shown - time === offsetMs(timeZone, time));
  return Math.max(end, ...again);
}

/** Making one takes a hundred times as long as using it; there are as many as zones in use. */
const CLOCKS = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = CLOCKS.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  CLOCKS.set(timeZone, made);
  return made;
}

/** How far a zone's clock is ahead of UTC at a moment. */
function offsetMs(timeZone: string, time: number): number {
  const format = clockOf(timeZone);
  const parts = new Map(format.formatToParts(time).map(({type, value}) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const day = Date.UTC(part('year'), part('month') - 1, part('day'));
  const clock = part('hour') * 3600 + part('minute') * 60 + part('second');
  return day + clock * 1000 - Math.floor(time / 1000) * 1000;
}

function nextOpening({schedule, timeZone}: Window, after: number): number | null {
  const cron = new Cron(schedule, {timezone: timeZone, paused: true});
  return cron.nextRun(new Date(after))?.getTime() ?? null;
}
