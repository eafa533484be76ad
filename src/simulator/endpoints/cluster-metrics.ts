// Why this exists: servers that would be sent statistics: configuration only
// (PVE/API2/Cluster/MetricServer.pm).
import {fail} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {requireDigest, sectionsOf, shownSection} from '../section.ts';
import type {Uses} from '../section-plugins.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import {recordEffect} from '../state.ts';

const one = '/cluster/metrics/server/{id}';

/** `/cluster/metrics` and below. */
export const metricRoutes: readonly Route[] = [
  route('GET', '/cluster/metrics', () => data([{name: 'server'}])),
  route('GET', '/cluster/metrics/export', () => data({data: []})),
  route('GET', '/cluster/metrics/server', listServers),
  route('GET', one, showServer),
  route('POST', one, createServer),
  route('PUT', one, updateServer),
  route('DELETE', one, deleteServer),
];

const file = 'status';
const common = 'server! mtu timeout disable';
const usesByType: Readonly<Record<string, Uses>> = {
  graphite: usesOf(`${common} port proto path`),
  influxdb: usesOf(
    `${common} port! organization bucket token influxdbproto max-body-size api-path-prefix ` +
      'verify-certificate',
  ),
  opentelemetry: usesOf(`${common} port! otel-protocol otel-path otel-timeout otel-headers`),
};

function facts({cluster}: Context, section: Section): Record<string, unknown> {
  const method = findMethod(cluster.version, 'POST', '/cluster/metrics/server/x')?.method;
  return shownSection(section, (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
}

function listServers(context: Context): Reply {
  const all = [...sectionsOf(context.cluster, file)].sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  return data(
    all.map(([id, section]) => {
      const {disable = 0, type, server, port} = facts(context, section);
      return {id, disable, type, server, port};
    }),
  );
}

function showServer(context: Context): Reply {
  const {id = ''} = context.path;
  const section = sectionsOf(context.cluster, file).get(id);
  return data(facts(context, section ?? fail(500, `status server entry '${id}' does not exist`)));
}

function createServer({cluster, params, path}: Context): Reply {
  const {id = ''} = path;
  const {type = '', token: _, ...rest} = params;
  if (sectionsOf(cluster, file).has(id)) {
    fail(500, `Metric server '${id}' already exists`);
  }
  const section: Section = new Map([['type', type]]);
  setProperties(section, checkedProperties(usesByType[type] ?? {}, rest, true));
  refuseUnreachable(section);
  sectionsOf(cluster, file).set(id, section);
  recordEffect(cluster, 'metrics', undefined, `${id} created`);
  return nothing;
}

/** A connection is tried at once; UDP always succeeds, and nothing else can be reached. */
function refuseUnreachable(section: Section): void {
  if (section.get('disable') === '1') {
    return;
  }
  const {server, port = '2003', type, proto, influxdbproto = 'udp'} = Object.fromEntries(section);
  if (type === 'graphite' && proto === 'tcp') {
    fail(500, `couldn't create carbon socket [${server}]:${port} - Connection refused`);
  }
  if (type === 'influxdb' && influxdbproto !== 'udp') {
    fail(500, `500 Can't connect to ${server}:${port} (Connection refused)`);
  }
}

function updateServer(context: Context): Reply {
  const {cluster, params, path} = context;
  const {id = ''} = path;
  const {digest, delete: _, token: __, ...rest} = params;
  requireDigest(cluster, file, digest);
  const section = sectionsOf(cluster, file).get(id) ?? fail(500, `no such server '${id}'`);
  const uses = usesByType[section.get('type') ?? ''] ?? {};
  const values = checkedProperties(uses, rest, false);
  const changed: Section = new Map(section);
  deleteProperties(uses, changed, list(context, 'delete'), rest);
  setProperties(changed, values);
  refuseUnreachable(changed);
  sectionsOf(cluster, file).set(id, changed);
  recordEffect(cluster, 'metrics', undefined, `${id} updated`);
  return nothing;
}

function deleteServer({cluster, path}: Context): Reply {
  const {id = ''} = path;
  if (!sectionsOf(cluster, file).delete(id)) {
    const where = '/usr/share/perl5/PVE/API2/Cluster/MetricServer.pm line 295.';
    fail(500, `cannot lookup undefined type! at ${where}`);
  }
  recordEffect(cluster, 'metrics', undefined, `${id} deleted`);
  return nothing;
}
