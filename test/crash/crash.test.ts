// Why this exists: some crash points with every run of the tests; all of them are tried by
// `npm run test:crash`.
import {expect, it} from 'vitest';
import {crashAt, listPoints, TALES} from './crash-points.ts';

const EVERY = 60;

const DISKS = TALES.find(({name}) => name === 'disks');

it('killed while disks change their node or their guest, it goes on where it was', async () => {
  const {points} = await listPoints(DISKS);
  expect(points.length).toBeGreaterThan(200);
  for (const point of points.filter(({index}) => index % EVERY === 11)) {
    expect(await crashAt(point), `${point.moment} ${point.what} ${point.name}`).toEqual([]);
  }
});

const DEBT = TALES.find(({name}) => name === 'debt');

it('killed while a guest is stopped and its start fails, it starts the guest', async () => {
  const {points, expected} = await listPoints(DEBT);
  const counts = [...expected.effects].filter(([name]) => /^(start|stop) 150/.test(name));
  expect(counts.map(([name, times]) => [name.split(' ')[0], times])).toEqual([
    ['start', 2],
    ['stop', 1],
  ]);
  for (const point of points.filter(({index}) => index % EVERY === 31)) {
    expect(await crashAt(point), `${point.moment} ${point.what} ${point.name}`).toEqual([]);
  }
});

it('killed at any moment, it restarts and converges with nothing done twice', async () => {
  const {points} = await listPoints();
  expect(points.length).toBeGreaterThan(600);
  for (const point of points.filter(({index}) => index % EVERY === 7)) {
    expect(await crashAt(point), `${point.moment} ${point.what} ${point.name}`).toEqual([]);
  }
});
