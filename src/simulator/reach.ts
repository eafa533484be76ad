// Why this exists: which node does a call, and why it may be out of reach: unknown names, dead
// nodes, a daemon that is down, a lost quorum (PVE/HTTPServer.pm, PVE/API2Tools.pm).
import {fail} from './failure.ts';
import type {Matched} from './schema/api.ts';
import type {RawParam} from './schema/validate.ts';
import type {Cluster} from './state.ts';

/** The node that does the call; 500, 595 or 596 when it cannot be reached. */
export function reach(
  cluster: Cluster,
  matched: Matched,
  params: Readonly<Record<string, RawParam>>,
): string {
  const {proxyto} = matched.method;
  const named = proxyto === undefined ? undefined : params[proxyto];
  const name = named === undefined || named === 'localhost' ? cluster.entry : String(named);
  const node = cluster.nodes.get(name);
  if (node === undefined) {
    const cause = `failed to get address info for: ${name}: Name or service not known`;
    fail(500, `hostname lookup '${name}' failed - ${cause}`);
  }
  if (!node.online) {
    const {status, reason} = node.unreachable ?? {status: 595, reason: 'No route to host'};
    fail(status, reason);
  }
  if (matched.method.protected && !node.daemonUp) {
    fail(595, 'Connection refused');
  }
  if (!cluster.quorate && matched.method.protected && !matched.method.name.startsWith('GET ')) {
    fail(500, quorumText(matched.method.template));
  }
  return name;
}

function quorumText(template: string): string {
  return template.startsWith('/access/') && template !== '/access/ticket'
    ? "cfs-lock 'file-user_cfg' error: no quorum!"
    : 'cluster not ready - no quorum?';
}
