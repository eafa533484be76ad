// Why this exists: the one list of all endpoints, found by the schema's name of a method.
import {pruneRoutes} from './backup/prune.ts';
import {vzdumpRoutes} from './backup/vzdump.ts';
import {accessRoutes} from './endpoints/access.ts';
import {backupJobRoutes} from './endpoints/backup-jobs.ts';
import {clusterRoutes} from './endpoints/cluster.ts';
import {haRoutes} from './endpoints/ha.ts';
import {nodeRoutes} from './endpoints/nodes.ts';
import {poolRoutes} from './endpoints/pools.ts';
import {storageDefinitionRoutes} from './endpoints/storage-definitions.ts';
import {storageRoutes} from './endpoints/storage-status.ts';
import {taskRoutes} from './endpoints/tasks.ts';
import {firewallRoutes} from './firewall/routes.ts';
import {lxcRoutes} from './lxc/routes.ts';
import {qemuRoutes} from './qemu/routes.ts';
import type {Route} from './route.ts';

const all = [
  ...accessRoutes,
  ...backupJobRoutes,
  ...clusterRoutes,
  ...firewallRoutes,
  ...haRoutes,
  ...lxcRoutes,
  ...nodeRoutes,
  ...poolRoutes,
  ...pruneRoutes,
  ...storageDefinitionRoutes,
  ...storageRoutes,
  ...taskRoutes,
  ...qemuRoutes,
  ...vzdumpRoutes,
];
const routes = new Map<string, Route>(all.map((one) => [`${one.method} ${one.template}`, one]));

/** The route of a schema method, named `GET /nodes/{node}/qemu`; undefined: not simulated. */
export function findRoute(name: string): Route | undefined {
  return routes.get(name);
}

/** The names of all simulated methods. */
export function simulatedMethods(): readonly string[] {
  return [...routes.keys()];
}
