// Why this exists: the cloud-init endpoints: what differs from the image, make it anew, show it.
import {qemuLockFile} from '../flock.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, nothing, route, underLock, vmidOf} from '../route.ts';
import {cloudInitView, dump, regenerate} from './cloud-init.ts';
import {assertUnlocked} from './config-update.ts';
import {loadGuest, saveGuest} from './guest-file.ts';

const base = '/nodes/{node}/qemu/{vmid}/cloudinit';

function show(context: Context): Reply {
  return data(cloudInitView(loadGuest(context.cluster, context.node, vmidOf(context))));
}

function renew(context: Context): Reply {
  const {cluster, node} = context;
  const vmid = vmidOf(context);
  return underLock(cluster, {file: qemuLockFile(vmid)}, () => {
    const guest = loadGuest(cluster, node, vmid);
    assertUnlocked(guest);
    if (regenerate({cluster, node, log: () => {}}, guest)) saveGuest(cluster, guest, 'cloud-init');
    return nothing;
  });
}

function dumpText(context: Context): Reply {
  const guest = loadGuest(context.cluster, context.node, vmidOf(context));
  const mayRead = may(context, `/vms/${guest.vmid}`, ['VM.Config.Cloudinit']);
  return data(dump(guest, context.params['type'] ?? 'user', !mayRead));
}

/** The cloud-init endpoints. */
export const cloudInitRoutes: readonly Route[] = [
  route('GET', base, show),
  route('PUT', base, renew),
  route('GET', `${base}/dump`, dumpText),
];
