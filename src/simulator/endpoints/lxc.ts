// Why this exists: containers are not simulated yet (DIFFERENCES.md); their list is, because
// clients ask for it.
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import {guestEntry} from './resources.ts';

/** Everything below `/nodes/{node}/lxc`. */
export const lxcRoutes: readonly Route[] = [route('GET', '/nodes/{node}/lxc', listContainers)];

function listContainers(context: Context): Reply {
  const {cluster, node} = context;
  const visible = [...cluster.guests.values()]
    .filter((guest) => guest.kind === 'lxc' && guest.node === node)
    .filter((guest) => may(context, `/vms/${guest.vmid}`, ['VM.Audit']));
  return data(visible.map((guest) => ({...guestEntry(cluster, guest), type: 'lxc'})));
}
