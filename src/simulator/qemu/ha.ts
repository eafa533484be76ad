// Why this exists: a guest under HA is not started, stopped or moved by the call itself: the call
// only asks, and the manager acts some seconds later as root@pam (facts.md section 10).
import {after} from '../clock.ts';
import type {Auth, Context, Reply} from '../route.ts';
import {data, vmidOf} from '../route.ts';
import type {Cluster} from '../state.ts';
import type {Stage} from '../task.ts';
import {act, forkFor, pause} from './worker.ts';

/** What the manager is asked for, and the worker that it will fork. */
export interface HaRequest {
  readonly type: 'hastart' | 'hastop' | 'hamigrate';
  /** For the task's log: `HA start for VM 100`. */
  readonly what: string;
  /** The state that the resource is set to; undefined leaves it. */
  readonly state?: 'started' | 'stopped';
  readonly workerType:
    | 'qmstart'
    | 'qmstop'
    | 'qmshutdown'
    | 'qmigrate'
    | 'vzstart'
    | 'vzstop'
    | 'vzshutdown'
    | 'vzmigrate';
  readonly stages: (context: Context) => readonly Stage[];
}

const managerDelayMs = 10_000;
const manager: Auth = {user: 'root@pam', tokenid: undefined, authid: 'root@pam', isRoot: true};

/** The HA resource of a guest in the stored sections; undefined when it is not managed. */
export function haResource(cluster: Cluster, vmid: number): Map<string, string> | undefined {
  return cluster.sections.get('ha-resources')?.get(haSid(cluster, vmid));
}

/** How HA calls the guest: `vm:100`, a container `ct:100`. */
function haSid(cluster: Cluster, vmid: number): string {
  return `${cluster.guests.get(vmid)?.kind === 'lxc' ? 'ct' : 'vm'}:${vmid}`;
}

/** Whether the HA manager has the guest. */
export function isManaged(cluster: Cluster, vmid: number): boolean {
  const resource = haResource(cluster, vmid);
  return resource !== undefined && resource.get('state') !== 'ignored';
}

/** Fork the request's worker: OK at once means only that it was asked for. */
export function requestHa(context: Context, request: HaRequest): Reply {
  const vmid = vmidOf(context);
  const {cluster} = context;
  return data(
    forkFor(context, request.type, vmid, [
      act((worker) => {
        worker.log(`Requesting ${request.what}`);
        if (request.state !== undefined) haResource(cluster, vmid)?.set('state', request.state);
        after(cluster, managerDelayMs, () => {
          if (!cluster.haManagerUp) return;
          const asManager = {...context, auth: manager};
          if (!isManaged(cluster, vmid) || cluster.guests.get(vmid)?.node !== context.node) return;
          forkFor(asManager, request.workerType, vmid, request.stages(asManager));
        });
      }),
      pause(100),
    ]),
  );
}
