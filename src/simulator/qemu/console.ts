// Why this exists: consoles and the monitor of a guest: tickets and ports are handed out, though
// nothing listens there, and key strokes and monitor commands reach a guest that only pretends
// (PVE/API2/Qemu.pm).
import {fail, paramError} from '../failure.ts';
import {qemuLockFile} from '../flock.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, nothing, route, underLock, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage} from '../task.ts';
import {loadGuest} from './guest-file.ts';
import {parseProperties} from './property-string.ts';
import {qemuVersion} from './runtime.ts';
import {act, forkFor, pause} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}';
/** A console nobody connects to ends after so long. */
const connectMs = 10_000;

/** A console's worker: it ends with that text when nobody connects. */
export function consoleStages(text: string): readonly Stage[] {
  return [pause(connectMs), act(() => fail(500, text))];
}

/** A ticket as it looks; nothing checks it. */
export function vncTicket({cluster}: Context): string {
  const seconds = Math.floor(cluster.nowMs / 1000);
  const signature = Buffer.from(cluster.random.hex(128), 'hex').toString('base64');
  return `PVEVNC:${seconds.toString(16).toUpperCase()}::${signature}`;
}

function serialDisplay(guest: QemuGuest): string | undefined {
  const type = parseProperties('vga', guest.config.get('vga') ?? '').get('type');
  return type?.startsWith('serial') === true ? type : undefined;
}

function vncProxy(context: Context): Reply {
  const {cluster, node, auth} = context;
  const guest = loadGuest(cluster, node, vmidOf(context));
  const isSerial = serialDisplay(guest) !== undefined;
  const withPassword =
    flag(context, 'generate-password') || flag(context, 'websocket') || !isSerial;
  const password = withPassword ? cluster.random.hex(4) : undefined;
  const ticket = vncTicket(context);
  const stages = consoleStages('connection timed out');
  return data({
    user: auth.authid,
    ticket: password === undefined ? ticket : `${password}:${ticket}`,
    port: 5900,
    upid: forkFor(context, 'vncproxy', guest.vmid, stages),
    cert: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    ...(password === undefined ? {} : {password}),
  });
}

function termProxy(context: Context): Reply {
  const {cluster, node, auth} = context;
  const guest = loadGuest(cluster, node, vmidOf(context));
  const serial = context.params['serial'] ?? serialDisplay(guest);
  const path = `/vms/${guest.vmid}`;
  const terminal = `/usr/sbin/qm terminal ${guest.vmid} -escape 0`;
  const command = serial === undefined ? terminal : `${terminal} -iface ${serial}`;
  const options = '--perm VM.Console --vncticket-endpoint --verify-port --ticket-fd 7';
  const proxy = `/usr/bin/termproxy 5900 --path ${path} ${options}`;
  const stages = consoleStages(`command '${proxy} -- ${command}' failed: exit code 1`);
  const upid = forkFor(context, 'vncproxy', guest.vmid, stages);
  return data({user: auth.authid, ticket: vncTicket(context), port: 5900, upid});
}

/** No ticket is good: nothing listens. */
export function vncWebSocket(): Reply {
  return fail(401, 'permission denied - invalid PVEVNC ticket');
}

function spiceProxy(context: Context): Reply {
  const {cluster, node} = context;
  const guest = loadGuest(cluster, node, vmidOf(context));
  assertRunning(guest);
  const type = parseProperties('vga', guest.config.get('vga') ?? '').get('type') ?? '';
  if (!/^(qxl|virtio)/.test(type)) fail(500, 'no spice port');
  const name = guest.config.get('name');
  const title = `VM ${guest.vmid}${name === undefined ? '' : ` - ${name}`}`;
  return data(viewerConfig(context, guest.vmid, title));
}

/** What remote-viewer needs, 0 for a node's shell; nothing listens on that port. */
export function viewerConfig(
  {cluster, node, params}: Context,
  vmid: number,
  title: string,
): Readonly<Record<string, string | number>> {
  return {
    type: 'spice',
    title,
    host: `pvespiceproxy:${cluster.random.hex(8)}:${vmid}:${node}:61000::`,
    proxy: `http://${params['proxy'] ?? node}:3128`,
    'tls-port': 61_000,
    'host-subject': `OU=PVE Cluster Node,O=Proxmox Virtual Environment,CN=${node}`,
    ca: '-----BEGIN CERTIFICATE-----\\n-----END CERTIFICATE-----\\n',
    password: cluster.random.hex(20),
    'secure-attention': 'Ctrl+Alt+Ins',
    'toggle-fullscreen': 'Shift+F11',
    'release-cursor': 'Ctrl+Alt+R',
    'delete-this-file': 1,
  };
}

/** A call into QEMU's monitor needs a process. */
function assertRunning(guest: QemuGuest): void {
  if (guest.runtime === undefined) fail(500, `VM ${guest.vmid} not running`);
}

const keyNames = new RegExp(
  `^(?:[a-z0-9]|f(?:[1-9]|1\\d|2[0-4])|kp_\\w+|${[
    'shift shift_r alt alt_r ctrl ctrl_r meta_l meta_r menu esc minus equal backspace tab',
    'bracket_left bracket_right ret semicolon apostrophe grave_accent backslash comma dot slash',
    'asterisk spc caps_lock num_lock scroll_lock sysrq less home pgup pgdn end left up down',
    'right insert delete stop again props undo front copy open paste find cut lf help compose',
    'pause power sleep wake',
  ]
    .flatMap((line) => line.split(' '))
    .join('|')})$`,
);

function sendKey(context: Context): Reply {
  const vmid = vmidOf(context);
  const {cluster, node, params} = context;
  if (flag(context, 'skiplock') && !context.auth.isRoot) {
    paramError({skiplock: 'Only root may use this option.'});
  }
  return underLock(cluster, {file: qemuLockFile(vmid)}, () => {
    const guest = loadGuest(cluster, node, vmid);
    assertRunning(guest);
    const keys = (params['key'] ?? '').split('-');
    const bad = keys.findIndex((key) => !keyNames.test(key));
    if (bad >= 0) fail(500, `invalid parameter: ${keys.slice(bad).join('-')}`);
    return nothing;
  });
}

function monitor(context: Context): Reply {
  const {cluster, node, params} = context;
  const command = params['command'] ?? '';
  const isHarmless = /^\s*info(\s+|$)/.test(command) || /^\s*help\s*$/.test(command);
  if (!isHarmless) require403(context, '/', ['Sys.Modify']);
  const guest = loadGuest(cluster, node, vmidOf(context));
  if (guest.runtime === undefined) return data(`ERROR: VM ${guest.vmid} not running\n`);
  const [verb = '', topic = ''] = command.trim().split(/\s+/);
  if (verb === 'info' && topic === 'version') return data(`${qemuVersion(cluster).full}\r\n`);
  if (verb === 'info' && topic === 'status') {
    return data(`VM status: ${guest.runtime.qmpStatus}\r\n`);
  }
  if (verb === 'info' && topic === 'name') return data(`${guest.config.get('name') ?? ''}\r\n`);
  return data('');
}

/** The endpoints of consoles, keyboard and monitor. */
export const consoleRoutes: readonly Route[] = [
  route('POST', `${base}/vncproxy`, vncProxy),
  route('POST', `${base}/termproxy`, termProxy),
  route('GET', `${base}/vncwebsocket`, vncWebSocket),
  route('POST', `${base}/spiceproxy`, spiceProxy),
  route('PUT', `${base}/sendkey`, sendKey),
  route('POST', `${base}/monitor`, monitor),
];
