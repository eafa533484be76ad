// Why this exists: no node has Ceph: each call first asks for a program, and says which one is not
// there (PVE/Ceph/Tools.pm, PVE/API2/Ceph.pm and below, PVE/API2/Cluster/Ceph.pm).
import {fail} from '../failure.ts';
import type {Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';

const base = '/nodes/{node}/ceph';

/** Everything about Ceph, of a node and of the cluster. */
export const cephRoutes: readonly Route[] = [
  index('/cluster/ceph', 'metadata status flags'),
  index(base, 'cmd-safety crush fs init log mds mgr mon osd pool restart rules start status stop'),
  index(`${base}/cfg`, 'raw db value'),
  index(`${base}/osd/{osdid}`, 'metadata lv-info'),
  index(`${base}/pool/{name}`, 'status'),
  ...refused('ceph-mon', [
    'GET /cluster/ceph/metadata',
    'GET /cluster/ceph/status',
    'GET /cluster/ceph/flags',
    'PUT /cluster/ceph/flags',
    'GET /cluster/ceph/flags/{flag}',
    'PUT /cluster/ceph/flags/{flag}',
    ...'status osd mon mgr mds pool fs rules crush log cmd-safety cfg/raw cfg/db cfg/value'
      .split(' ')
      .map((path) => `GET ${base}/${path}`),
    ...'stop start restart osd pool fs/{name} mon/{monid}'
      .split(' ')
      .map((path) => `POST ${base}/${path}`),
    ...'mon/{monid} mgr/{id} mds/{name} pool/{name} osd/{osdid}'
      .split(' ')
      .map((path) => `DELETE ${base}/${path}`),
    ...'in out scrub'.split(' ').map((verb) => `POST ${base}/osd/{osdid}/${verb}`),
    `PUT ${base}/pool/{name}`,
    `GET ${base}/pool/{name}/status`,
    `GET ${base}/osd/{osdid}/metadata`,
    `GET ${base}/osd/{osdid}/lv-info`,
  ]),
  ...refused('ceph-mgr', [`POST ${base}/mgr/{id}`]),
  ...refused('ceph-mds', [`POST ${base}/mds/{name}`]),
  ...refused('ceph', [`POST ${base}/init`]),
];

function index(template: string, names: string): Route {
  return route('GET', template, () => data(names.split(' ').map((name) => ({name}))));
}

function refused(program: string, calls: readonly string[]): readonly Route[] {
  const refuse = (): Reply => fail(500, `binary not installed: /usr/bin/${program}`);
  return calls.map((call) => {
    const [method = '', template = ''] = call.split(' ');
    const verb = (['GET', 'POST', 'PUT', 'DELETE'] as const).find((one) => one === method) ?? 'GET';
    return route(verb, template, refuse);
  });
}
