// Why this exists: cases that nobody recorded are stated from Proxmox's source; this is how such a
// test talks to the simulator: one call, its answer, and how its task ended.
import {addToken, buildCluster, type ClusterWish, grant} from '../../src/simulator/build.ts';
import {advance} from '../../src/simulator/clock.ts';
import {handle} from '../../src/simulator/handle.ts';
import type {Cluster, QemuGuest} from '../../src/simulator/state.ts';

/** What a call answered. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly data: unknown;
  readonly errors: Readonly<Record<string, string>> | undefined;
}

/** How a task ended, and what it logged without its last line. */
export interface Ended {
  readonly status: string;
  readonly log: readonly string[];
}

type Params = Readonly<Record<string, string>>;

/** One GiB in bytes. */
export const gib: number = 1024 ** 3;

/** A cluster whose guest 100 has a disk on a directory; token `ops@pve!t` administers it. */
export function clusterWith(wish: ClusterWish = {}): Cluster {
  const cluster = buildCluster({
    storages: {
      files: {content: ['images', 'iso', 'backup', 'snippets'], options: {path: '/srv/files'}},
      other: {content: ['images'], options: {path: '/srv/other'}},
      thin: {type: 'lvmthin', content: ['images']},
      isos: {content: ['iso', 'snippets'], options: {path: '/srv/isos'}},
    },
    guests: {
      100: {
        config: {
          boot: 'order=scsi0;net0',
          memory: '1024',
          name: 'web',
          net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
          scsi0: 'files:100/vm-100-disk-0.qcow2,size=1G',
          smbios1: 'uuid=11111111-2222-4333-8444-555555555555',
        },
        volumes: {'files:100/vm-100-disk-0.qcow2': gib},
      },
    },
    ...wish,
  });
  addToken(cluster, {user: 'ops@pve', token: 't', secret: 's', privsep: false});
  grant(cluster, {subject: 'ops@pve', role: 'Administrator', path: '/'});
  return cluster;
}

/** Call below `/nodes/pve1/qemu`; a path that begins with `//` is meant from the root. */
export function call(cluster: Cluster, method: string, path: string, params: Params = {}): Answer {
  const form = new URLSearchParams(params).toString();
  const inBody = method === 'POST' || method === 'PUT';
  const whole = path.startsWith('//') ? path.slice(1) : `/nodes/pve1/qemu${path}`;
  const request = {
    method,
    path: `/api2/json${whole}${inBody || form === '' ? '' : `?${form}`}`,
    headers: {authorization: 'PVEAPIToken=ops@pve!t=s'},
    body: inBody ? form : '',
  };
  const response = handle(cluster, request, cluster.nowMs);
  if (response.kind !== 'answer') throw new Error(`no answer to ${method} ${path}`);
  const body = response.body === '' ? {} : JSON.parse(response.body);
  return {
    status: response.status,
    reason: response.reason,
    data: body.data,
    errors: body.errors,
  };
}

/** The refusal of a call in one word: the reason, or the texts of a 400 by parameter. */
export function refusal(answer: Answer): unknown {
  return answer.status === 400 ? answer.errors : `${answer.status} ${answer.reason}`;
}

/** Call, let the task end, and tell how. */
export function run(cluster: Cluster, method: string, path: string, params: Params = {}): Ended {
  const answer = call(cluster, method, path, params);
  const task = cluster.tasks.get(String(answer.data));
  if (task === undefined) throw new Error(`no task: ${answer.status} ${answer.reason}`);
  for (let tries = 0; tries < 900 && task.exitStatus === undefined; tries += 1) {
    advance(cluster, cluster.nowMs + 1_000);
  }
  return {status: task.exitStatus ?? 'still running', log: task.log.slice(0, -1)};
}

/** A QEMU guest of the cluster. */
export function guestOf(cluster: Cluster, vmid: number): QemuGuest {
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'qemu') throw new Error(`guest ${vmid} is not there`);
  return guest;
}
