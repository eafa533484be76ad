// Why this exists: the statistics of a guest over time; there are none here, only their times.
import {showGraph} from '../endpoints/rrd.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route, vmidOf} from '../route.ts';

/** Seconds between two points, and how many points there are, by time frame (RRD files of 8.4). */
const frames: Readonly<Record<string, readonly [number, number]>> = {
  hour: [60, 70],
  day: [1_800, 70],
  week: [10_800, 70],
  month: [43_200, 70],
  year: [604_800, 70],
};

/** Since 9.0 the files are longer and finer. */
const newFrames: Readonly<Record<string, readonly [number, number]>> = {
  hour: [60, 60],
  day: [60, 1_440],
  week: [1_800, 336],
  month: [1_800, 1_440],
  year: [21_600, 1_440],
};

function points({cluster, params}: Context): Reply {
  const known = cluster.version === '8.4' ? frames : newFrames;
  const [stepS, count] = known[params['timeframe'] ?? 'hour'] ?? [60, 70];
  const lastS = Math.floor(cluster.nowMs / 1000 / stepS) * stepS;
  const times = Array.from({length: count}, (_, index) => lastS - (count - 1 - index) * stepS);
  return data(times.map((time) => ({time})));
}

/** The endpoints of a guest's statistics, of both kinds. */
export const rrdRoutes: readonly Route[] = ['qemu', 'lxc'].flatMap((kind) => [
  route('GET', `/nodes/{node}/${kind}/{vmid}/rrd`, (context) =>
    showGraph(`pve2-vm/${vmidOf(context)}`, context),
  ),
  route('GET', `/nodes/{node}/${kind}/{vmid}/rrddata`, points),
]);
