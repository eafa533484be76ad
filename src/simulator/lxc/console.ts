// Why this exists: consoles of a container: tickets and ports are handed out, though nothing
// listens there (PVE/API2/LXC.pm).
import {consoleStages, vncTicket, vncWebSocket} from '../qemu/console.ts';
import {forkFor} from '../qemu/worker.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, route, vmidOf} from '../route.ts';
import {loadContainer} from './container-file.ts';

const base = '/nodes/{node}/lxc/{vmid}';

function vncProxy(context: Context): Reply {
  const {cluster, node, auth} = context;
  const {vmid} = loadContainer(cluster, node, vmidOf(context));
  const password = flag(context, 'websocket') ? cluster.random.hex(4) : undefined;
  const ticket = vncTicket(context);
  return data({
    user: auth.authid,
    ticket: password === undefined ? ticket : `${password}:${ticket}`,
    port: 5900,
    upid: forkFor(context, 'vncproxy', vmid, consoleStages('connection timed out')),
    cert: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    ...(password === undefined ? {} : {password}),
  });
}

function termProxy(context: Context): Reply {
  const {cluster, node, auth} = context;
  const {vmid} = loadContainer(cluster, node, vmidOf(context));
  const options = `--path /vms/${vmid} --perm VM.Console --vncticket-endpoint --verify-port`;
  const inside = `/usr/bin/dtach -A /var/run/dtach/vzctlconsole${vmid} -r winch -z`;
  const command = `/usr/bin/termproxy 5900 ${options} -- ${inside} lxc-console -n ${vmid} -e -1`;
  const stages = consoleStages(`command '${command}' failed: exit code 1`);
  const upid = forkFor(context, 'vncproxy', vmid, stages);
  return data({user: auth.authid, ticket: vncTicket(context), port: 5900, upid});
}

/** The console endpoints. */
export const consoleRoutes: readonly Route[] = [
  route('POST', `${base}/vncproxy`, vncProxy),
  route('POST', `${base}/termproxy`, termProxy),
  route('GET', `${base}/vncwebsocket`, vncWebSocket),
];
