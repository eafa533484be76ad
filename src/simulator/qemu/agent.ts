// Why this exists: calls into the guest through its agent, and the two ways in which they fail.
import {after} from '../clock.ts';
import {fail} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {afterDelay, data, integer, route, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {memoryMiB} from './config-update.ts';
import {loadGuest} from './guest-file.ts';
import {isNetKey} from './keys.ts';
import {parseProperties} from './property-string.ts';
import {agentEnabled, extinguish} from './runtime.ts';

const base = '/nodes/{node}/qemu/{vmid}/agent';
const pingMs = 3_000;

/** Answer with `{result}` if the agent answers; else 500, after the ping's 3 s. */
function ask(context: Context, answer: (guest: QemuGuest) => unknown): Reply {
  const vmid = vmidOf(context);
  const guest = loadGuest(context.cluster, context.node, vmid);
  if (!guest.config.has('agent')) fail(500, 'No QEMU guest agent configured');
  if (guest.runtime === undefined) fail(500, `VM ${vmid} is not running`);
  const isEnabled = agentEnabled(guest);
  if (isEnabled && guest.runtime.agentAnswers && guest.runtime.qmpStatus === 'running') {
    return data(answer(guest));
  }
  // Without a socket to the agent there is nothing to wait for.
  const waitMs = isEnabled ? pingMs : 0;
  return afterDelay(context.cluster, waitMs, () => fail(500, 'QEMU guest agent is not running'));
}

function results(guest: QemuGuest, nowMs: number): Readonly<Record<string, unknown>> {
  return {
    ping: {},
    'network-get-interfaces': [loopback, ...interfaces(guest)],
    'get-osinfo': {
      machine: 'x86_64',
      'kernel-release': '6.1.0-56-cloud-amd64',
      'kernel-version': '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)',
    },
    'get-host-name': {'host-name': guest.config.get('name') ?? `VM${guest.vmid}`},
    'get-users': [],
    'get-time': nowMs * 1_000_000,
    'get-timezone': {offset: 0, zone: 'UTC'},
    'get-memory-blocks': memoryBlocks(guest),
    'get-memory-block-info': {size: 134_217_728},
    'get-vcpus': cpus(guest),
    'get-fsinfo': [],
    'fsfreeze-status': 'thawed',
    'fsfreeze-freeze': 0,
    'fsfreeze-thaw': 0,
    fstrim: {paths: []},
    info: {version: '7.2.22', supported_commands: supported},
  };
}

const refused = new Set(['guest-suspend-hybrid', 'guest-suspend-ram', 'guest-suspend-disk']);
const silent = new Set([...refused, 'guest-shutdown']);
const commands = [
  'get-cpustats get-diskstats ssh-remove-authorized-keys ssh-add-authorized-keys',
  'ssh-get-authorized-keys get-devices get-osinfo get-timezone get-users get-host-name exec',
  'exec-status get-memory-block-info set-memory-blocks get-memory-blocks set-user-password',
  'get-fsinfo get-disks set-vcpus get-vcpus network-get-interfaces suspend-hybrid',
  'suspend-ram suspend-disk fstrim fsfreeze-thaw fsfreeze-freeze-list fsfreeze-freeze',
  'fsfreeze-status file-flush file-seek file-write file-read file-close file-open shutdown',
  'info set-time get-time ping sync sync-delimited',
].join(' ');
const supported = commands.split(' ').map((command) => {
  const name = `guest-${command}`;
  const enabled = name !== 'guest-get-devices';
  return {name, enabled, 'success-response': !silent.has(name)};
});

const noTraffic = {
  'rx-bytes': 0,
  'rx-dropped': 0,
  'rx-errs': 0,
  'rx-packets': 0,
  'tx-bytes': 0,
  'tx-dropped': 0,
  'tx-errs': 0,
  'tx-packets': 0,
};

const loopback = {
  name: 'lo',
  'hardware-address': '00:00:00:00:00:00',
  'ip-addresses': [
    {'ip-address': '127.0.0.1', 'ip-address-type': 'ipv4', prefix: 8},
    {'ip-address': '::1', 'ip-address-type': 'ipv6', prefix: 128},
  ],
  statistics: noTraffic,
};

function interfaces(guest: QemuGuest): readonly unknown[] {
  const nets = [...guest.config].filter(([key]) => isNetKey(key)).sort();
  return nets.map(([key, text]) => {
    const index = key.slice(3);
    const mac = (parseProperties(key, text).get('macaddr') ?? '').toLowerCase();
    const known = guest.cloudInit?.get(`ipconfig${index}`);
    return {
      name: `eth${index}`,
      'hardware-address': mac,
      'ip-addresses': [...configured(known), linkLocal(mac)],
      statistics: noTraffic,
    };
  });
}

/** The static address that the guest's cloud-init image gave it. */
function configured(ipconfig: string | undefined): readonly unknown[] {
  const ip = parseProperties('ipconfig0', ipconfig ?? '').get('ip');
  const match = /^([\d.]+)\/(\d+)$/.exec(ip ?? '');
  if (match === null) return [];
  return [{'ip-address': match[1], 'ip-address-type': 'ipv4', prefix: Number(match[2])}];
}

/** The IPv6 link-local address of a MAC (EUI-64). */
function linkLocal(mac: string): unknown {
  const bytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0] = bytes;
  const words = [((b0 ^ 2) << 8) | b1, (b2 << 8) | 0xff, 0xfe00 | b3, (b4 << 8) | b5];
  const text = words.map((word) => word.toString(16)).join(':');
  return {'ip-address': `fe80::${text}`, 'ip-address-type': 'ipv6', prefix: 64};
}

/** The CPUs as the guest sees them; the first cannot be taken away. */
function cpus(guest: QemuGuest): readonly unknown[] {
  const count = (key: string): number => Number(guest.config.get(key) ?? 1);
  const all = Number(guest.config.get('vcpus') ?? count('cores') * count('sockets'));
  return Array.from({length: all}, (_, index) => ({
    'logical-id': index,
    online: true,
    'can-offline': index > 0,
  }));
}

const blockMiB = 128;

function memoryBlocks(guest: QemuGuest): readonly unknown[] {
  const length = Math.ceil(memoryMiB(guest.config.get('memory')) / blockMiB);
  return Array.from({length}, (_, index) => ({
    'phys-index': index,
    online: true,
    'can-offline': true,
  }));
}

function result(command: string): (context: Context) => Reply {
  return (context) => {
    const {nowMs} = context.cluster;
    return ask(context, (guest) => ({result: results(guest, nowMs)[command] ?? {}}));
  };
}

/** Programs that were run in a guest, by process id; the only one that says anything is echo. */
const programs = new WeakMap<QemuGuest, Map<number, readonly string[]>>();

function execute(context: Context): Reply {
  const {'input-data': input} = context.params;
  if ((context.arrays['command'] ?? []).length === 0 && input === undefined) {
    fail(500, 'command or input-data (or both) required');
  }
  return ask(context, (guest) => {
    const pid = 100 + context.cluster.random.below(900);
    const known = programs.get(guest) ?? new Map<number, readonly string[]>();
    programs.set(guest, known.set(pid, context.arrays['command'] ?? []));
    return {pid};
  });
}

function executeStatus(context: Context): Reply {
  const pid = integer(context, 'pid') ?? 0;
  return ask(context, (guest) => {
    const [program, ...words] =
      programs.get(guest)?.get(pid) ?? fail(500, `Agent error: PID ${pid} does not exist`);
    const done = {exited: 1, exitcode: 0};
    if (program !== 'echo') return done;
    return {...done, 'out-data': `${words.join(' ')}\n`, 'out-truncated': 0};
  });
}

/** Files that were written into a guest, by path; what an image brings along is not known. */
const files = new WeakMap<QemuGuest, Map<string, Buffer>>();

function fileRead(context: Context): Reply {
  const {file = '', offset = '0', count, decode} = context.params;
  return ask(context, (guest) => {
    const known = files.get(guest)?.get(file);
    if (known !== undefined) {
      const from = Number(offset);
      const part = known.subarray(from, count === undefined ? undefined : from + Number(count));
      const content = part.toString(decode === '0' ? 'base64' : 'utf8');
      const isCut = from + part.length < known.length ? {truncated: 1} : {};
      return {content, 'bytes-read': part.length, ...isCut};
    }
    const why = "(mode: 'r'): No such file or directory";
    return fail(500, `Agent error: failed to open file '${file}' ${why}`);
  });
}

function fileWrite(context: Context): Reply {
  const {file = '', content = '', encode} = context.params;
  return ask(context, (guest) => {
    const known = files.get(guest) ?? new Map<string, Buffer>();
    files.set(guest, known.set(file, Buffer.from(content, encode === '0' ? 'base64' : 'utf8')));
    return null;
  });
}

/** Sleep inside of the guest: it does not answer any more until it is woken up. */
function fallAsleep(context: Context): Reply {
  return ask(context, (guest) => {
    if (guest.runtime !== undefined) guest.runtime.agentAnswers = false;
    return {result: null};
  });
}

const reads = [
  'network-get-interfaces',
  'get-osinfo',
  'get-host-name',
  'get-users',
  'get-time',
  'get-timezone',
  'get-memory-blocks',
  'get-memory-block-info',
  'get-vcpus',
  'get-fsinfo',
  'info',
];
const sleeps = ['suspend-disk', 'suspend-hybrid', 'suspend-ram'];
const writes = ['ping', 'fsfreeze-status', 'fsfreeze-freeze', 'fsfreeze-thaw', 'fstrim'];

/** The agent's own way to switch the guest off. */
function powerOff(context: Context): Reply {
  return ask(context, (guest) => {
    after(context.cluster, guest.behaviour.shutdownMs, () => {
      if (guest.runtime !== undefined) extinguish(context.cluster, guest);
    });
    return {result: null};
  });
}

/** The old way to send any of the commands. */
function anyCommand(context: Context): Reply {
  const command = context.params['command'] ?? '';
  if (command === 'shutdown') return powerOff(context);
  return sleeps.includes(command) ? fallAsleep(context) : result(command)(context);
}

const index = [
  ...reads,
  ...writes,
  ...sleeps,
  'shutdown',
  'exec',
  'exec-status',
  'file-read',
  'file-write',
  'set-user-password',
].sort();

/** The agent endpoints. */
export const agentRoutes: readonly Route[] = [
  ...reads.map((command) => route('GET', `${base}/${command}`, result(command))),
  ...writes.map((command) => route('POST', `${base}/${command}`, result(command))),
  route('POST', base, anyCommand),
  route('GET', base, () => data(index.map((name) => ({name})))),
  route('POST', `${base}/shutdown`, powerOff),
  ...sleeps.map((command) => route('POST', `${base}/${command}`, fallAsleep)),
  route('POST', `${base}/set-user-password`, result('set-user-password')),
  route('POST', `${base}/file-write`, fileWrite),
  route('POST', `${base}/exec`, execute),
  route('GET', `${base}/exec-status`, executeStatus),
  route('GET', `${base}/file-read`, fileRead),
];
