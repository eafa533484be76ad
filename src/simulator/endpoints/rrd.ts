// Why this exists: statistics are not kept, but their times are, and pictures of them have a name
// (PVE/RRD.pm, DIFFERENCES.md).
import type {Context, Reply} from '../route.ts';
import {data} from '../route.ts';

const rrdSteps: Readonly<Record<string, readonly [number, number]>> = {
  hour: [60, 70],
  day: [1800, 70],
  week: [10_800, 70],
  month: [43_200, 70],
  year: [604_800, 70],
};

/** Times without values: no statistics are kept (DIFFERENCES.md). */
export function showRrd({cluster, params}: Context): Reply {
  const [stepS, count] = rrdSteps[params.timeframe ?? 'hour'] ?? [60, 70];
  const last = Math.floor(cluster.nowMs / 1000 / stepS) * stepS;
  return data(
    Array.from({length: count}, (_, index) => ({time: last - (count - 1 - index) * stepS})),
  );
}

/** The picture of a database, of which there is a name but no content. */
export function showGraph(database: string, {params}: Context): Reply {
  const sources = (params.ds ?? '').split(/[\s,;]+/).join('_');
  return data({filename: `/var/lib/rrdcached/db/${database}_${sources}.png`, image: ''});
}
