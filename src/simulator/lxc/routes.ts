// Why this exists: the endpoints of containers, one list for the router.
import {paramError} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route, vmidOf} from '../route.ts';
import {cloneContainer} from './clone.ts';
import {configRoutes} from './config-routes.ts';
import {consoleRoutes} from './console.ts';
import {loadContainer} from './container-file.ts';
import {createContainer} from './create.ts';
import {destroyContainer} from './destroy.ts';
import {migrateRoutes} from './migrate.ts';
import {moveVolume} from './move.ts';
import {powerRoutes} from './power.ts';
import {resizeVolumeOf} from './resize.ts';
import {snapshotRoutes} from './snapshot.ts';
import {statusRoutes} from './status.ts';
import {makeTemplate} from './template.ts';

const base = '/nodes/{node}/lxc';

const subdirs = [
  'config',
  'pending',
  'status',
  'vncproxy',
  'termproxy',
  'vncwebsocket',
  'spiceproxy',
  'migrate',
  'clone',
  'rrd',
  'rrddata',
  'firewall',
  'snapshot',
  'resize',
  'interfaces',
];

function listSubdirs(context: Context): Reply {
  loadContainer(context.cluster, context.node, vmidOf(context));
  return data(subdirs.map((subdir) => ({subdir})));
}

/** The list of templates to download is empty until a node fetches it; none here does. */
function listAppliances(): Reply {
  return data([]);
}

/** A template that is not in the list cannot be fetched. */
function fetchAppliance(): Reply {
  return paramError({template: 'no such template'});
}

/** Every endpoint below `/nodes/{node}/lxc`, and the list of templates to download. */
export const lxcRoutes: readonly Route[] = [
  route('GET', '/nodes/{node}/aplinfo', listAppliances),
  route('POST', '/nodes/{node}/aplinfo', fetchAppliance),
  route('POST', base, createContainer),
  route('GET', `${base}/{vmid}`, listSubdirs),
  route('DELETE', `${base}/{vmid}`, destroyContainer),
  route('POST', `${base}/{vmid}/clone`, cloneContainer),
  route('POST', `${base}/{vmid}/template`, makeTemplate),
  route('PUT', `${base}/{vmid}/resize`, resizeVolumeOf),
  route('POST', `${base}/{vmid}/move_volume`, moveVolume),
  ...configRoutes,
  ...consoleRoutes,
  ...statusRoutes,
  ...powerRoutes,
  ...snapshotRoutes,
  ...migrateRoutes,
];
