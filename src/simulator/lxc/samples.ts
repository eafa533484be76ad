// Why this exists: tests of containers need one cluster with a container, a caller who may do
// everything or little, and a way to call and to wait for a task.
import {makeCsrfToken, makeTicket} from '../authenticate.ts';
import type {ClusterWish} from '../build.ts';
import {addToken, buildCluster, grant} from '../build.ts';
import {advance} from '../clock.ts';
import {handle} from '../handle.ts';
import type {Cluster, LxcGuest} from '../state.ts';
import {put} from '../volume.ts';

const gib = 1024 ** 3;
const secret = 'secret';

/** The template that the cluster of `containerCluster` has. */
export const template = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst';

const storages: NonNullable<ClusterWish['storages']> = {
  local: {content: ['vztmpl', 'backup', 'iso', 'snippets'], options: {path: '/var/lib/vz'}},
  files: {content: ['rootdir', 'images', 'backup'], options: {path: '/srv'}},
  thin: {type: 'lvmthin', content: ['rootdir', 'images']},
  zfs: {type: 'zfspool', content: ['rootdir', 'images']},
  disks: {content: ['images'], options: {path: '/disks'}},
  shared: {type: 'rbd', content: ['rootdir', 'images'], shared: true},
};

/** Container 200 on thin storage, stopped unless `running`; nodes pve1 and pve2. */
export function containerCluster(wish: ClusterWish & {readonly running?: boolean} = {}): Cluster {
  const cluster = buildCluster({
    nodes: ['pve1', 'pve2'],
    storages,
    containers: {
      200: {
        running: wish.running === true,
        config: {
          arch: 'amd64',
          cores: '1',
          hostname: 'web',
          memory: '512',
          net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:02:00,ip=192.0.2.7/24,type=veth',
          ostype: 'debian',
          rootfs: 'thin:vm-200-disk-0,size=4G',
          swap: '512',
          unprivileged: '1',
        },
        volumes: {'thin:vm-200-disk-0': 4 * gib},
      },
    },
    ...wish,
  });
  putFile(cluster, template, 125_000_000);
  putFile(cluster, 'local:snippets/hook.sh', 100);
  addToken(cluster, {user: 'ops@pve', token: 't', secret, privsep: false});
  grant(cluster, {subject: 'ops@pve', role: 'Administrator', path: '/'});
  return cluster;
}

function putFile(cluster: Cluster, volid: string, sizeBytes: number): void {
  put(cluster, {
    volid,
    storage: 'local',
    node: 'pve1',
    format: volid.split('.').at(-1) ?? '',
    sizeBytes,
    usedBytes: sizeBytes,
    vmid: undefined,
    parent: undefined,
    content: volid.slice('local:'.length).split('/')[0] ?? '',
    ctimeS: 1_767_600_000,
    snapshots: new Set(),
    executable: volid.endsWith('.sh'),
  });
}

/** Parameters of a call. */
export type Form = Readonly<Record<string, string>>;

/** A call below `/nodes/pve1` by a token that may do everything, another one, or `root@pam`. */
export function call(
  cluster: Cluster,
  method: string,
  path: string,
  params: Form = {},
  token = 'ops@pve!t',
) {
  const form = new URLSearchParams(params).toString();
  const inBody = method === 'POST' || method === 'PUT';
  const url = path.startsWith('/cluster') ? path : `/nodes/pve1${path}`;
  const request = {
    method,
    path: `/api2/json${url}${inBody || form === '' ? '' : `?${form}`}`,
    headers: credentials(cluster, token),
    body: inBody ? form : '',
  };
  const response = handle(cluster, request, cluster.nowMs);
  if (response.kind !== 'answer') throw new Error(`${method} ${path}: ${response.kind}`);
  const body = JSON.parse(response.body);
  return {status: response.status, reason: response.reason, data: body.data, errors: body.errors};
}

/** A user's own ticket (`root@pam`), or a token's secret. */
function credentials(cluster: Cluster, who: string): Readonly<Record<string, string>> {
  if (who.includes('!')) return {authorization: `PVEAPIToken=${who}=${secret}`};
  const cookie = `PVEAuthCookie=${encodeURIComponent(makeTicket(cluster, who))}`;
  return {cookie, csrfpreventiontoken: makeCsrfToken(cluster, who)};
}

/** The exit status of a call's task, once it has ended. */
export function exit(cluster: Cluster, method: string, path: string, params: Form = {}): string {
  const answer = call(cluster, method, path, params);
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.reason}`);
  return exitOf(cluster, String(answer.data));
}

/** The exit status of a task, once it has ended. */
export function exitOf(cluster: Cluster, upid: string): string {
  const limitMs = cluster.nowMs + 600_000;
  while (cluster.tasks.get(upid)?.exitStatus === undefined && cluster.nowMs < limitMs) {
    advance(cluster, cluster.nowMs + 500);
  }
  return cluster.tasks.get(upid)?.exitStatus ?? 'still running';
}

/** The log of the newest task of a type. */
export function logOf(cluster: Cluster, type: string): readonly string[] {
  return [...cluster.tasks.values()].filter((task) => task.type === type).at(-1)?.log ?? [];
}

/** GET config as the API shows it, pending work merged in. */
export function config(cluster: Cluster, vmid = 200): Readonly<Record<string, unknown>> {
  return call(cluster, 'GET', `/lxc/${vmid}/config`).data;
}

/** What a running container holds now, without pending work. */
export function current(cluster: Cluster, vmid = 200): Readonly<Record<string, unknown>> {
  return call(cluster, 'GET', `/lxc/${vmid}/config`, {current: '1'}).data;
}

/** The container itself. */
export function container(cluster: Cluster, vmid = 200): LxcGuest {
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'lxc') throw new Error(`there is no container ${vmid}`);
  return guest;
}

/** A token of a user with exactly these privileges everywhere; its name. */
export function tokenWith(cluster: Cluster, ...privileges: readonly string[]): string {
  cluster.access.roles.set('Some', new Set(privileges));
  addToken(cluster, {user: 'some@pve', token: 's', secret, privsep: false});
  grant(cluster, {subject: 'some@pve', role: 'Some', path: '/'});
  return 'some@pve!s';
}

/** A value for each key, and how it reads when that is something else. */
export const keyValues: Readonly<Record<string, readonly [string, unknown?]>> = {
  arch: ['arm64'],
  cmode: ['shell'],
  console: ['0', 0],
  cores: ['3', 3],
  cpulimit: ['0.50'],
  cpuunits: ['70', 70],
  debug: ['1', 1],
  description: ['a\n\nb', 'a\n\nb\n'],
  dev0: ['/dev/net/tun,mode=0660,uid=5'],
  entrypoint: ['/bin/app'],
  env: ['A=1'],
  features: ['keyctl=1,nesting=1'],
  hookscript: ['local:snippets/hook.sh'],
  hostname: ['Other.example'],
  memory: ['1024', 1024],
  mp0: ['thin:2,mp=/data,backup=1,ro=1', 'thin:vm-200-disk-1,mp=/data,backup=1,ro=1,size=2G'],
  nameserver: ['192.0.2.1,2001:db8::1', '192.0.2.1 2001:db8::1'],
  net0: ['name=eth0,hwaddr=BC:24:11:00:00:09,bridge=vmbr0', /^name=eth0,bridge=vmbr0,hwaddr=BC/],
  onboot: ['1', 1],
  ostype: ['ubuntu'],
  protection: ['0', 0],
  rootfs: ['thin:vm-200-disk-0,ro=1'],
  searchdomain: ['a.test b.test'],
  startup: ['order=2,up=5'],
  swap: ['0', 0],
  tags: ['z;A', 'a;z'],
  template: ['0', 0],
  timezone: ['Europe/Vienna'],
  tty: ['4', 4],
  unused0: ['thin:vm-200-disk-7'],
};
