// Why this exists: a guest under HA is not started or stopped by the call itself: the call only
// asks, and the manager acts some seconds later (facts.md section 10).
import {after} from '../clock.ts';
import type {Context, Reply} from '../route.ts';
import {data, vmidOf} from '../route.ts';
import type {Cluster, QemuGuest} from '../state.ts';
import {applyPending} from './apply.ts';
import {extinguish, launch} from './runtime.ts';
import {act, forkFor, pause} from './worker.ts';

const managerDelayMs = 10_000;

/** The HA resource of a guest in the stored sections; undefined when it is not managed. */
export function haResource(cluster: Cluster, vmid: number): Map<string, string> | undefined {
  return cluster.sections.get('ha-resources')?.get(`vm:${vmid}`);
}

/** Whether the HA manager has the guest. */
export function isManaged(cluster: Cluster, vmid: number): boolean {
  const resource = haResource(cluster, vmid);
  return resource !== undefined && resource.get('state') !== 'ignored';
}

/** Fork hastart or hastop: OK at once means only that it was asked for. */
export function requestHa(context: Context, type: 'hastart' | 'hastop'): Reply {
  const vmid = vmidOf(context);
  const {cluster} = context;
  return data(
    forkFor(context, type, vmid, [
      act((worker) => {
        worker.log(`Requesting HA ${type.slice(2)} for VM ${vmid}`);
        haResource(cluster, vmid)?.set('state', type === 'hastart' ? 'started' : 'stopped');
        after(cluster, managerDelayMs, () => follow(cluster, vmid, type));
      }),
      pause(100),
    ]),
  );
}

function follow(cluster: Cluster, vmid: number, type: 'hastart' | 'hastop'): void {
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'qemu' || guest.config.has('lock')) return;
  if (type === 'hastart' && guest.runtime === undefined) begin(cluster, guest);
  if (type === 'hastop' && guest.runtime !== undefined) {
    extinguish(cluster, guest);
    applyPending({cluster, node: guest.node, log: () => {}}, guest);
  }
}

function begin(cluster: Cluster, guest: QemuGuest): void {
  applyPending({cluster, node: guest.node, log: () => {}}, guest);
  launch(cluster, guest);
}
