// Why this exists: a window that is read wrongly lets work begin at the worst time.
import {expect, test} from 'vitest';
import type {Window} from './policy.ts';
import {windowsAt} from './windows.ts';

const night: Window = {
  kind: 'allow',
  classes: ['disruptive'],
  schedule: '0 22 * * *',
  timeZone: 'Europe/Paris',
  durationMs: 4 * 3_600_000,
};
const freeze: Window = {...night, kind: 'deny', schedule: '0 23 * * 6', durationMs: 3_600_000};
/** 2026-01-10 was a Saturday; Paris is one hour ahead of UTC then. */
const at = (hour: number, minute = 0): number => Date.UTC(2026, 0, 10, hour, minute);

test('a window is open from its opening until its duration is over, also past midnight', () => {
  expect(windowsAt([night], 'disruptive', at(20, 59)).allowed).toBe(false);
  expect(windowsAt([night], 'disruptive', at(21)).allowed).toBe(true);
  expect(windowsAt([night], 'disruptive', at(21))).toMatchObject({closesAt: at(25)});
  expect(windowsAt([night], 'disruptive', at(24, 59)).allowed).toBe(true);
  expect(windowsAt([night], 'disruptive', at(25)).allowed).toBe(false);
});

test('a closed window says when it opens, and a class without windows never does', () => {
  expect(windowsAt([night], 'disruptive', at(12))).toMatchObject({opensAt: at(21), closesAt: null});
  expect(windowsAt([night], 'benign', at(21))).toEqual({
    allowed: false,
    denied: false,
    closesAt: null,
    opensAt: null,
    deniesAt: null,
  });
});

test('a deny window is reported beside the allow window that it cuts', () => {
  const state = windowsAt([night, freeze], 'disruptive', at(22, 30));
  expect(state).toMatchObject({allowed: true, denied: true, closesAt: at(23)});
});

test('the next deny window is told before it opens', () => {
  expect(windowsAt([night, freeze], 'disruptive', at(21, 30))).toMatchObject({
    denied: false,
    deniesAt: at(22),
  });
});

test('an opening that daylight saving skips still opens once', () => {
  const skipped: Window = {...night, schedule: '30 2 * * *', durationMs: 3_600_000};
  const spring = Date.UTC(2026, 2, 29, 1, 15);
  expect(windowsAt([skipped], 'disruptive', spring).allowed).toBe(true);
});

/** Paris sets its clock back from 3:00 to 2:00 on 2026-10-25 at 1:00 UTC. */
const autumn = (hour: number, minute = 0): number => Date.UTC(2026, 9, 25, hour, minute);

test.each([
  {schedule: '30 2 * * *', why: 'it opens in the hour that is repeated', opens: autumn(0, 30)},
  {schedule: '30 1 * * *', why: 'it closes in it', opens: autumn(-1, 30), closes: autumn(1, 30)},
  {
    schedule: '30 1 * * *',
    why: 'it lasts over it',
    hours: 3,
    opens: autumn(-1, 30),
    closes: autumn(3, 30),
  },
])('a deny window covers a repeated hour: $why', ({schedule, opens, closes, hours = 1}) => {
  const deny: Window = {...freeze, schedule, durationMs: hours * 3_600_000};
  const end = closes ?? autumn(2, 30);
  const denied = (time: number) => windowsAt([deny], 'disruptive', time).denied;
  expect(denied(opens - 1)).toBe(false);
  for (let time = opens; time < end; time += 600_000) expect(denied(time)).toBe(true);
  expect(denied(end)).toBe(false);
  expect(windowsAt([deny], 'disruptive', opens)).toMatchObject({closesAt: end});
});

test('an allow window is open for its duration, however often its zone shows an hour', () => {
  const allow: Window = {...night, schedule: '30 2 * * *', durationMs: 3_600_000};
  expect(windowsAt([allow], 'disruptive', autumn(0, 30))).toMatchObject({closesAt: autumn(1, 30)});
  expect(windowsAt([allow], 'disruptive', autumn(1, 30)).allowed).toBe(false);
});

test('windows that follow each other without a gap are one stretch', () => {
  const hourly: Window = {...night, schedule: '0 8-11 * * *', durationMs: 3_600_000};
  const late: Window = {...night, schedule: '30 11 * * *', durationMs: 7_200_000};
  const state = windowsAt([hourly, late], 'disruptive', at(8, 15));
  expect(state).toMatchObject({allowed: true, closesAt: at(12, 30)});
  const always: Window = {...night, schedule: '* * * * *', durationMs: 3_600_000};
  expect(windowsAt([always], 'disruptive', at(8)).closesAt).toBeGreaterThan(at(9));
});
