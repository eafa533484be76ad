// Why this exists: the endpoints of QEMU guests, one list for the router.
import type {Route} from '../route.ts';
import {data, route} from '../route.ts';
import {agentRoutes} from './agent.ts';
import {cloneGuest} from './clone.ts';
import {cloudInitRoutes} from './cloud-init-routes.ts';
import {configRoutes} from './config-routes.ts';
import {consoleRoutes} from './console.ts';
import {createGuest} from './create.ts';
import {destroyGuest} from './destroy.ts';
import {diskRoutes} from './disks.ts';
import {migrateRoutes} from './migrate.ts';
import {powerRoutes} from './power.ts';
import {powerAllRoutes} from './power-all.ts';
import {rrdRoutes} from './rrd.ts';
import {snapshotRoutes} from './snapshot.ts';
import {statusRoutes} from './status.ts';
import {makeTemplate} from './template.ts';

const base = '/nodes/{node}/qemu';

const subdirs = [
  'config',
  'cloudinit',
  'pending',
  'status',
  'unlink',
  'vncproxy',
  'termproxy',
  'migrate',
  'resize',
  'move',
  'rrd',
  'rrddata',
  'monitor',
  'agent',
  'snapshot',
  'spiceproxy',
  'sendkey',
  'firewall',
  'mtunnel',
  'remote_migrate',
];

/** Every endpoint below `/nodes/{node}/qemu`, and the node's startall and stopall. */
export const qemuRoutes: readonly Route[] = [
  route('POST', base, createGuest),
  route('GET', `${base}/{vmid}`, () => data(subdirs.map((subdir) => ({subdir})))),
  route('DELETE', `${base}/{vmid}`, destroyGuest),
  route('POST', `${base}/{vmid}/clone`, cloneGuest),
  route('POST', `${base}/{vmid}/template`, makeTemplate),
  ...configRoutes,
  ...statusRoutes,
  ...powerRoutes,
  ...powerAllRoutes,
  ...snapshotRoutes,
  ...diskRoutes,
  ...cloudInitRoutes,
  ...migrateRoutes,
  ...agentRoutes,
  ...consoleRoutes,
  ...rrdRoutes,
];
