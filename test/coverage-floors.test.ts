// Why this exists: a floor that cannot fail would be worse than none.
import {describe, expect, it} from 'vitest';
import {formatRooms, roomCoverage} from '../scripts/coverage-floors.ts';

function lines(total: number, covered: number) {
  return {lines: {total, covered}};
}

describe('coverage floors', () => {
  it('are counted per room over all of its files, and only below src', () => {
    const summary = {
      total: lines(999, 1),
      '/top/src/plan/a.ts': lines(10, 10),
      '/top/src/plan/deep/b.ts': lines(30, 28),
      '/top/test/c.ts': lines(10, 0),
    };
    const expected = {room: 'plan', lines: {total: 40, covered: 38}, percent: 95, short: false};
    expect(roomCoverage(summary, '/top')).toMatchObject([expected]);
  });

  it.each([
    {room: 'gate', covered: 94, short: true, reason: 'a pure room needs 95'},
    {room: 'gate', covered: 95, short: false, reason: 'a pure room at its floor'},
    {room: 'pve', covered: 84, short: true, reason: 'the shell needs 85'},
    {room: 'pve', covered: 85, short: false, reason: 'the shell at its floor'},
  ])('$reason', ({room, covered, short}) => {
    const rooms = roomCoverage({[`/top/src/${room}/a.ts`]: lines(100, covered)}, '/top');
    expect(rooms.map((row) => row.short)).toEqual([short]);
  });

  it('say how many lines are missing', () => {
    const rooms = roomCoverage({'/top/src/plan/a.ts': lines(200, 180)}, '/top');
    expect(formatRooms(rooms)).toBe(
      'plan          90.0 % of 200 lines, floor 95 %: SHORT by 10 lines',
    );
  });
});
