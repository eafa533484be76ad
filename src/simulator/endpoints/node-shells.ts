// Why this exists: shells of a node: tickets and ports are handed out, though nothing listens
// there; a token is no user who could log in (PVE/API2/Nodes.pm).
import {userParts} from '../check.ts';
import {forbid} from '../failure.ts';
import {consoleStages, viewerConfig, vncTicket, vncWebSocket} from '../qemu/console.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, route} from '../route.ts';
import {fork} from '../task.ts';

const base = '/nodes/{node}';

/** The shells of a node. */
export const shellRoutes: readonly Route[] = [
  route('POST', `${base}/vncshell`, vncShell),
  route('POST', `${base}/termproxy`, termProxy),
  route('POST', `${base}/spiceshell`, spiceShell),
  route('GET', `${base}/vncwebsocket`, vncWebSocket),
];

function forkShell({cluster, node, auth}: Context): string {
  const stages = consoleStages('connection timed out');
  return fork(cluster, {node, type: 'vncshell', id: '', auth, stages});
}

/** Only root chooses what runs. */
function vncShell(context: Context): Reply {
  const {cluster, params, auth} = context;
  const {userid} = userParts(auth.authid);
  const {cmd = 'login'} = params;
  if (cmd !== 'login' && !auth.isRoot) {
    forbid('user != root@pam');
  }
  const password = flag(context, 'websocket') ? cluster.random.hex(4) : undefined;
  const ticket = vncTicket(context);
  return data({
    user: userid,
    ticket: password === undefined ? ticket : `${password}:${ticket}`,
    port: 5900,
    upid: forkShell(context),
    cert: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    ...(password === undefined ? {} : {password}),
  });
}

function termProxy(context: Context): Reply {
  const {userid} = userParts(context.auth.authid);
  const ticket = vncTicket(context);
  return data({user: userid, ticket, port: 5900, upid: forkShell(context)});
}

function spiceShell(context: Context): Reply {
  const {cluster, node, auth, params} = context;
  userParts(auth.authid);
  if ((params.cmd ?? 'login') !== 'login' && !auth.isRoot) {
    forbid('user != root@pam');
  }
  const stages = consoleStages('connection timed out');
  fork(cluster, {node, type: 'spiceshell', id: '', auth, stages});
  return data(viewerConfig(context, 0, `Shell on '${node}'`));
}
