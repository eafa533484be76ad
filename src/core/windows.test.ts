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
