// Why this exists: the cluster's own endpoints: status, next id, log, and the lists that are empty
// in a cluster without the features behind them.
import {fail, paramError} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, integer, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import {nextEvents} from '../schema/calendar.ts';
import {mappingRoutes} from './cluster-mapping.ts';
import {memberRoutes} from './cluster-members.ts';
import {metricRoutes} from './cluster-metrics.ts';
import {notificationRoutes} from './cluster-notifications.ts';
import {optionRoutes} from './cluster-options.ts';
import {realmSyncRoutes} from './realm-sync-jobs.ts';
import {listResources, memberNodes} from './resources.ts';
import {sdnRoutes} from './sdn.ts';
import {versionOf} from './versions.ts';

/** Everything below `/cluster` that has no file of its own. */
export const clusterRoutes: readonly Route[] = [
  route('GET', '/', () =>
    data(['version', 'cluster', 'nodes', 'storage', 'access', 'pools'].map((subdir) => ({subdir}))),
  ),
  route('GET', '/version', ({cluster}) => data(versionOf(cluster))),
  route('GET', '/cluster', ({cluster}) =>
    data(childNames(cluster.version, '/cluster').map((name) => ({name}))),
  ),
  route('GET', '/cluster/resources', listResources),
  route('GET', '/cluster/status', showStatus),
  route('GET', '/cluster/nextid', nextId),
  route('GET', '/cluster/log', showLog),
  route('GET', '/cluster/jobs/schedule-analyze', analyzeSchedule),
  route('GET', '/cluster/jobs', () =>
    data(['schedule-analyze', 'realm-sync'].map((subdir) => ({subdir}))),
  ),
  ...realmSyncRoutes,
  route('GET', '/cluster/backup-info', () => data([{subdir: 'not-backed-up'}])),
  ...mappingRoutes,
  ...metricRoutes,
  ...notificationRoutes,
  ...memberRoutes,
  ...sdnRoutes,
  ...optionRoutes,
];

function showStatus({cluster}: Context): Reply {
  const nodes = memberNodes(cluster);
  const single = nodes.length === 1;
  const entries = nodes.map((node, index) => ({
    type: 'node',
    id: `node/${node.name}`,
    name: node.name,
    ip: node.ip,
    level: '',
    local: node.name === cluster.entry ? 1 : 0,
    nodeid: single ? 0 : index + 1,
    online: node.online ? 1 : 0,
  }));
  const summary = {
    type: 'cluster',
    id: 'cluster',
    name: 'cluster',
    version: nodes.length,
    nodes: nodes.length,
    quorate: cluster.quorate ? 1 : 0,
  };
  return data(single ? entries : [summary, ...entries]);
}

function nextId({cluster, params}: Context): Reply {
  const asked = params.vmid;
  if (asked !== undefined) {
    const taken = cluster.guests.has(Number(asked));
    return taken ? paramError({vmid: `VM ${asked} already exists`}) : data(asked);
  }
  const option = cluster.options.get('next-id') ?? '';
  const lower = Number(/lower=(\d+)/.exec(option)?.[1] ?? 100);
  const upper = Number(/upper=(\d+)/.exec(option)?.[1] ?? 1_000_000);
  for (let vmid = lower; vmid < upper; vmid += 1) {
    if (!cluster.guests.has(vmid)) {
      return data(String(vmid));
    }
  }
  return fail(500, `unable to get any free VMID in range [${lower}, ${upper}]`);
}

function showLog(context: Context): Reply {
  const {cluster, auth} = context;
  const all = may(context, '/', ['Sys.Syslog']);
  const visible = cluster.log.filter((line) => all || line.user === auth.authid).reverse();
  return data(
    visible.slice(0, integer(context, 'max') ?? 50).map((line) => ({
      id: `${line.uid}:${line.node}`,
      uid: line.uid,
      time: line.atS,
      node: line.node,
      pid: 1000,
      pri: line.priority,
      tag: line.tag,
      user: line.user,
      msg: line.message,
    })),
  );
}

function analyzeSchedule(context: Context): Reply {
  const start = integer(context, 'starttime') ?? Math.floor(context.cluster.nowMs / 1000);
  const count = integer(context, 'iterations') ?? 10;
  const events = nextEvents(context.params.schedule ?? '', start, count);
  return data(events.map((timestamp) => ({timestamp, utc: utcText(timestamp)})));
}

function utcText(timestampS: number): string {
  const text = new Date(timestampS * 1000).toUTCString();
  const [, weekday, day = '', month, year, time] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(text) ?? [];
  return `${weekday} ${month} ${String(Number(day)).padStart(2, ' ')} ${time} ${year}`;
}
