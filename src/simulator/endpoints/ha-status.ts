// Why this exists: what is told of high availability: from what is asked of each resource and what
// runs, and of the manager where one runs (PVE/API2/HA/Status.pm).
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import type {Section} from '../section.ts';
import {sectionDigest, sectionsOf, shownSection} from '../section.ts';
import type {Cluster} from '../state.ts';
import {memberNodes} from './resources.ts';

/** The file of HA resources. */
export const resourceFile = 'ha-resources';

/** `/cluster/ha/status` and below. */
export const haStatusRoutes: readonly Route[] = [
  route('GET', '/cluster/ha/status', () =>
    data(['current', 'manager_status'].map((name) => ({name}))),
  ),
  route('GET', '/cluster/ha/status/current', showCurrent),
  route('GET', '/cluster/ha/status/manager_status', showManager),
];

/** A section of a file of HA as the API shows it, with the file's digest. */
export function shown(cluster: Cluster, file: string, post: string, section: Section): object {
  const method = findMethod(cluster.version, 'POST', post)?.method;
  const facts = shownSection(section, (key) => (method ? paramFacts(method, key) : undefined));
  return {...facts, digest: sectionDigest(cluster, file)};
}

function showCurrent({cluster}: Context): Reply {
  const node = cluster.entry;
  const quorum = {
    id: 'quorum',
    type: 'quorum',
    node,
    status: cluster.quorate ? 'OK' : `No quorum on node '${node}'!`,
    quorate: cluster.quorate ? 1 : 0,
  };
  const resources = [...sectionsOf(cluster, resourceFile)];
  const services = resources.map(([sid, section]) => serviceFacts(cluster, sid, section));
  const isManaged = cluster.haManagerUp && resources.length > 0;
  return data([quorum, ...(isManaged ? managerFacts(cluster) : []), ...services]);
}

/** The master and each node's own resource manager, all of them at work. */
function managerFacts(cluster: Cluster): readonly object[] {
  const timestamp = Math.floor(cluster.nowMs / 1000);
  const text = new Date(cluster.nowMs).toUTCString();
  const line = (node: string): string => `${node} (active, ${text})`;
  const master = {id: 'master', type: 'master', node: cluster.entry};
  return [
    {...master, status: line(cluster.entry), timestamp},
    ...memberNodes(cluster).map(({name}) => ({
      id: `lrm:${name}`,
      type: 'lrm',
      node: name,
      status: line(name),
      timestamp,
    })),
  ];
}

function serviceFacts(cluster: Cluster, sid: string, section: Section): object {
  const node = cluster.guests.get(Number(sid.split(':')[1]))?.node ?? cluster.entry;
  const wanted = section.get('state') ?? 'started';
  const state = stateOf(cluster, sid, wanted);
  const optional = ['group', 'comment'].flatMap((key) => {
    const text = section.get(key);
    return text === undefined ? [] : [[key, text] as const];
  });
  return {
    id: `service:${sid}`,
    type: 'service',
    sid,
    node,
    state,
    request_state: wanted,
    status: `${sid} (${node}, ${state})`,
    max_restart: Number(section.get('max_restart') ?? 1),
    max_relocate: Number(section.get('max_relocate') ?? 1),
    ...Object.fromEntries(optional),
  };
}

function stateOf(cluster: Cluster, sid: string, wanted: string): string {
  if (wanted === 'ignored' || wanted === 'disabled') {
    return wanted;
  }
  const runs = cluster.guests.get(Number(sid.split(':')[1]))?.runtime !== undefined;
  if (wanted === 'started') {
    return runs ? 'started' : 'queued';
  }
  return runs ? 'request_stop' : 'stopped';
}

function showManager({cluster}: Context): Reply {
  const quorum = {quorate: cluster.quorate ? '1' : '0', node: cluster.entry};
  return data({manager_status: {node_status: {}}, quorum});
}
