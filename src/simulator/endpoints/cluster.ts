// Why this exists: the cluster's own endpoints: status, next id, log, and the lists that are empty
// in a cluster without the features behind them.
import {fail, paramError} from '../failure.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, integer, route} from '../route.ts';
import {childNames} from '../schema/api.ts';
import {nextEvents} from '../schema/calendar.ts';
import {sectionsOf} from '../section.ts';
import type {Cluster} from '../state.ts';
import {optionRoutes} from './cluster-options.ts';
import {listResources, memberNodes} from './resources.ts';

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
  route('GET', '/cluster/ceph/status', () => fail(500, 'binary not installed: /usr/bin/ceph-mon')),
  route('GET', '/cluster/notifications/targets', () => data([mailTarget])),
  ...[
    '/cluster/mapping/pci',
    '/cluster/mapping/usb',
    '/cluster/sdn/vnets',
    '/cluster/sdn/zones',
    '/cluster/metrics/server',
    '/cluster/jobs/realm-sync',
  ].map((template) => route('GET', template, () => data([]))),
  route('GET', '/cluster/replication', listReplication),
  ...optionRoutes,
];

/** Jobs of guests that one may audit; nothing here makes or runs them. */
function listReplication(context: Context): Reply {
  const jobs = [...sectionsOf(context.cluster, 'replication')];
  const shown = jobs.flatMap(([id, job]) => {
    const [guest, jobnum] = id.split('-').map(Number);
    if (!may(context, `/vms/${guest}`, ['VM.Audit'])) return [];
    return [{id, guest, jobnum, type: 'local', ...Object.fromEntries(job)}];
  });
  return data(shown);
}

const mailTarget = {
  name: 'mail-to-root',
  type: 'sendmail',
  origin: 'builtin',
  comment: "Send mails to root@pam's email address",
};

const versions = {
  '8.4': {release: '8.4', version: '8.4.21', repoid: '2606ac850d46da29'},
  '9.1': {release: '9.1', version: '9.1.4', repoid: '5ac30304265fbd8e'},
} as const;

/** What `/version` says. */
export function versionOf(cluster: Cluster): Readonly<Record<string, string>> {
  return versions[cluster.version];
}

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
  return fail(500, `unable to get any free VMID in range [${lower}, ${upper - 1}]`);
}

function showLog(context: Context): Reply {
  const {cluster, auth} = context;
  const all = may(context, '/', ['Sys.Syslog']);
  const visible = cluster.log.filter((line) => all || line.user === auth.authid).reverse();
  return data(
    visible.slice(0, integer(context, 'max') ?? 50).map((line) => ({
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
