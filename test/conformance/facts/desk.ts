// Why this exists: tests of facts read from Proxmox's source ask the simulator as root, as a user
// or as a token, in one line each.

import {makeCsrfToken, makeTicket} from '../../../src/simulator/authenticate.ts';
import {addToken, buildCluster, type ClusterWish, grant} from '../../../src/simulator/build.ts';
import {handle} from '../../../src/simulator/handle.ts';
import type {Cluster} from '../../../src/simulator/state.ts';

/** An answer, its JSON taken apart. */
export interface Told {
  readonly status: number;
  readonly reason: string;
  readonly data: unknown;
  readonly errors: unknown;
  readonly message: unknown;
  readonly total: unknown;
  readonly changes: unknown;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who asks: `root` by ticket, a token `u@r!t` whose secret is `s`, or a user by ticket. */
export type Asker = string;

/** A cluster of two nodes with the token `ops@pve!tk` that may nothing, and `admin@pve!tk`. */
export function makeDesk(wish: ClusterWish = {}): Cluster {
  const cluster = buildCluster({nodes: ['pve1', 'pve2'], ...wish});
  for (const user of ['ops@pve', 'admin@pve']) {
    addToken(cluster, {user, token: 'tk', secret: 's', privsep: false});
  }
  grant(cluster, {subject: 'admin@pve', role: 'Administrator', path: '/'});
  return cluster;
}

/** Ask and let time pass until the answer. */
export function ask(
  cluster: Cluster,
  who: Asker,
  call: string,
  params: Readonly<Record<string, string | number>> = {},
): Told {
  const [method = '', path = ''] = call.split(' ');
  const pairs = Object.entries(params).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const form = new URLSearchParams(pairs).toString();
  const inQuery = method === 'GET' || method === 'DELETE';
  const query = inQuery && form !== '' ? `${path.includes('?') ? '&' : '?'}${form}` : '';
  return askRaw(cluster, who, {
    method,
    path: `/api2/json${path}${query}`,
    body: inQuery ? '' : form,
  });
}

/** Ask with path, body and headers exactly as given. */
export function askRaw(
  cluster: Cluster,
  who: Asker,
  request: {
    readonly method: string;
    readonly path: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Told {
  const {method, path, body = '', headers = {}} = request;
  const all = {...credentials(cluster, who), ...headers};
  const response = handle(cluster, {method, path, headers: all, body}, cluster.nowMs);
  if (response.kind !== 'answer') {
    throw new Error(`no answer to ${method} ${path}`);
  }
  const json = parsed(response.body);
  return {
    status: response.status,
    reason: response.reason,
    data: json.data,
    errors: json.errors,
    message: json.message,
    total: json.total,
    changes: json.changes,
    text: response.body,
    headers: response.headers,
  };
}

function credentials(cluster: Cluster, who: Asker): Record<string, string> {
  if (who === '') {
    return {};
  }
  if (who.includes('!')) {
    return {authorization: `PVEAPIToken=${who}=s`};
  }
  const user = who === 'root' ? 'root@pam' : who;
  const ticket = encodeURIComponent(makeTicket(cluster, user));
  return {
    cookie: `PVEAuthCookie=${ticket}`,
    csrfpreventiontoken: makeCsrfToken(cluster, user),
  };
}

function parsed(body: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null ? {...json} : {};
  } catch {
    return {};
  }
}
