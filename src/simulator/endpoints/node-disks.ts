// Why this exists: a node's one disk is in use, so nothing can be made of it; what is asked for is
// refused with Proxmox's own words (PVE/Diskmanage.pm, PVE/API2/Disks.pm and below).
import {fail} from '../failure.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, route} from '../route.ts';
import facts from './node-facts.json' with {type: 'json'};
import {forkPlain} from './node-settings.ts';

const base = '/nodes/{node}/disks';

/** `/nodes/{node}/disks` and below. */
export const diskRoutes: readonly Route[] = [
  route('GET', base, () => data(children.map((name) => ({name})))),
  route('GET', `${base}/list`, listDisks),
  route('GET', `${base}/smart`, showSmart),
  route('POST', `${base}/initgpt`, initialise),
  route('PUT', `${base}/wipedisk`, wipe),
  route('GET', `${base}/lvm`, () => data({leaf: 0, children: []})),
  route('POST', `${base}/lvm`, (context) => create(context, [context.params.device ?? ''])),
  route('DELETE', `${base}/lvm/{name}`, (context) =>
    remove(context, 'lvm', `no such volume group '${context.path.name}'`),
  ),
  route('GET', `${base}/lvmthin`, () => data([])),
  route('POST', `${base}/lvmthin`, (context) => create(context, [context.params.device ?? ''])),
  route('DELETE', `${base}/lvmthin/{name}`, removeThinPool),
  route('GET', `${base}/directory`, () => data([])),
  route('POST', `${base}/directory`, (context) => create(context, [context.params.device ?? ''])),
  route('DELETE', `${base}/directory/{name}`, removeDirectory),
  route('GET', `${base}/zfs`, () => data([])),
  route('POST', `${base}/zfs`, createPool),
  route('GET', `${base}/zfs/{name}`, ({path}) =>
    fail(500, `command '/sbin/zpool status -P ${path.name}' failed: exit code 1`),
  ),
  route('DELETE', `${base}/zfs/{name}`, (context) =>
    remove(context, 'zfs', `command 'zpool destroy ${context.path.name}' failed: exit code 1`),
  ),
];

const children = 'list initgpt smart lvm lvmthin directory wipedisk zfs'.split(' ');

/** All disks are in use: none is there for those who look for one. */
function listDisks({params}: Context): Reply {
  return data(params.type === undefined ? facts.disks : []);
}

/** The disk or a partition of it, or 500. */
function requireDevice(path: string): {readonly disk: string; readonly isPartition: boolean} {
  const known = facts.disks.find(({devpath}) => path === devpath || partitionOf(path, devpath));
  if (known !== undefined) {
    return {disk: known.devpath, isPartition: path !== known.devpath};
  }
  if (!path.startsWith('/dev/')) {
    const isThere = ['/', '/etc', '/etc/hosts', '/etc/passwd', '/tmp', '/var'].includes(path);
    fail(500, isThere ? `got unusual device path '${path}'` : noPath(path));
  }
  return fail(500, /^\/dev\/[^/]+$/.test(path) ? 'not a valid block device' : noPath(path));
}

function noPath(path: string): string {
  return `failed to get absolute path to ${path}`;
}

function partitionOf(path: string, disk: string): boolean {
  return path.startsWith(disk) && /^[1-9]\d*$/.test(path.slice(disk.length));
}

function showSmart(context: Context): Reply {
  requireDevice(context.params.disk ?? '');
  return data(
    flag(context, 'healthonly') ? {health: 'UNKNOWN'} : {health: 'UNKNOWN', type: 'text', text: ''},
  );
}

function initialise({params}: Context): Reply {
  const {disk = ''} = params;
  const {isPartition} = requireDevice(disk);
  return fail(500, isPartition ? `${disk} is a partition` : `disk ${disk} already in use`);
}

function wipe({params}: Context): Reply {
  const {disk = ''} = params;
  requireDevice(disk);
  return fail(500, `disk/partition '${disk}' is mounted`);
}

function create(_context: Context, devices: readonly string[]): never {
  for (const device of devices) {
    requireDevice(device);
    fail(500, `device '${device}' is already in use`);
  }
  return fail(500, 'missing path');
}

function createPool(context: Context): Reply {
  const {raidlevel = '', 'draid-config': config} = context.params;
  if (config !== undefined && !raidlevel.startsWith('draid')) {
    fail(500, 'draid-config set without using dRAID level');
  }
  return create(context, list(context, 'devices'));
}

/** The worker finds nothing to remove. */
function remove(context: Context, kind: string, text: string, id = context.path.name): Reply {
  if (flag(context, 'cleanup-config')) {
    require403(context, '/storage', ['Datastore.Allocate']);
  }
  return forkPlain(context, `${kind}remove`, id ?? '', () => fail(500, text));
}

function removeThinPool(context: Context): Reply {
  const {name = ''} = context.path;
  const {'volume-group': group = ''} = context.params;
  return remove(context, 'lvmthin', `no such thin pool ${group}/${name}`, `${group}-${name}`);
}

function removeDirectory(context: Context): Reply {
  const unit = `mnt-pve-${(context.path.name ?? '').replaceAll('-', '\\x2d')}.mount`;
  return remove(context, 'dir', `command 'systemctl stop ${unit}' failed: exit code 5`);
}
