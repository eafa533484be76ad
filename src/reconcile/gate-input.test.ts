// Why this exists: windows, pauses and approvals hang on our clock, which only nodes can doubt.
import {expect, it} from 'vitest';
import {clockOff} from './gate-input.ts';

it.each([
  ['no node says its time', {}, null],
  ['every node agrees', {pve1: 900, pve2: -900}, null],
  ['one of two nodes agrees', {pve1: 3_600_000, pve2: 60_000}, null],
  ['one of two nodes agrees, behind', {pve1: -3_600_000, pve2: -60_000}, null],
  ['we are behind every node', {pve1: 61_000, pve2: 90_000}, 'pve1 is 61 s away'],
  ['we are ahead of every node', {pve1: -61_000, pve2: -90_000}, 'pve1 is -61 s away'],
  ['the nodes disagree with us and each other', {pve1: -61_000, pve2: 90_000}, 'pve1 is -61 s'],
] as const)('where %s, our clock is doubted or not', (_, clockOffsetMs, says) => {
  const doubt = clockOff({clockOffsetMs});
  expect(doubt === null ? null : doubt).toEqual(
    says === null ? null : expect.stringContaining(says),
  );
});
