// Why this exists: the one list of all endpoints, found by the schema's name of a method.
import {accessRoutes} from './endpoints/access.ts';
import {qemuRoutes} from './qemu/routes.ts';
import type {Route} from './route.ts';

const routes = new Map<string, Route>(
  [...accessRoutes, ...qemuRoutes].map((one) => [`${one.method} ${one.template}`, one]),
);

/** The route of a schema method, named `GET /nodes/{node}/qemu`; undefined: not simulated. */
export function findRoute(name: string): Route | undefined {
  return routes.get(name);
}

/** The names of all simulated methods. */
export function simulatedMethods(): readonly string[] {
  return [...routes.keys()];
}
