// Why this exists: the cloud-init endpoints: what differs from the image, make it anew, show it.
import {qemuLockFile} from '../flock.ts';
import {assertUnlocked} from '../guest/file.ts';
import {may} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, nothing, route, underLock, vmidOf} from '../route.ts';
import {cloudInitView, regenerate} from './cloud-init.ts';
import {dumpData} from './cloud-init-data.ts';
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
  // Proxmox asks for this very path, braces and all: only rights from above count.
  const mayRead = may(context, '/vms/{vmid}', ['VM.Config.Cloudinit']);
  return data(dumpData(guest, context.params['type'] ?? 'user', !mayRead));
}

/** The cloud-init endpoints. */
export const cloudInitRoutes: readonly Route[] = [
  route('GET', base, show),
  route('PUT', base, renew),
  route('GET', `${base}/dump`, dumpText),
];
