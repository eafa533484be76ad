// Why this exists: the system services of a node: listed, started, stopped; the API's own are
// never stopped (PVE/API2/Services.pm).
import {fail} from '../failure.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, route} from '../route.ts';
import {sectionsOf} from '../section.ts';
import {recordEffect} from '../state.ts';
import facts from './node-facts.json' with {type: 'json'};
import {forkPlain} from './node-settings.ts';

const base = '/nodes/{node}/services';

/** `/nodes/{node}/services` and below. */
export const serviceRoutes: readonly Route[] = [
  route('GET', base, (context) => data(facts.services.map((one) => stateOf(context, one.service)))),
  route('GET', `${base}/{service}`, () =>
    data(['state', 'start', 'stop', 'restart', 'reload'].map((subdir) => ({subdir}))),
  ),
  route('GET', `${base}/{service}/state`, (context) =>
    data(stateOf(context, context.path.service ?? '')),
  ),
  route('POST', `${base}/{service}/start`, (context) => command(context, 'start')),
  route('POST', `${base}/{service}/stop`, (context) => command(context, 'stop')),
  route('POST', `${base}/{service}/restart`, (context) => command(context, 'restart')),
  route('POST', `${base}/{service}/reload`, (context) => command(context, 'reload')),
];

const essential = new Set(['pveproxy', 'pvedaemon', 'pve-cluster']);

/** One that is not installed has a name and no unit. */
function stateOf({cluster, node}: Context, service: string): object {
  const known = facts.services.find((one) => one.service === service);
  const changed = sectionsOf(cluster, `services/${node}`).get(service)?.get('state');
  if (known === undefined) {
    return {
      service,
      name: service,
      desc: `${service}.service`,
      state: 'dead',
      'active-state': 'inactive',
      'unit-state': 'not-found',
    };
  }
  if (changed === undefined) {
    return known;
  }
  const isUp = changed === 'running';
  return {...known, state: isUp ? 'running' : 'dead', 'active-state': isUp ? 'active' : 'inactive'};
}

function command(context: Context, verb: 'start' | 'stop' | 'restart' | 'reload'): Reply {
  const {cluster, node, path} = context;
  const {service = ''} = path;
  return forkPlain(context, `srv${verb}`, service, () => {
    if (essential.has(service) && verb === 'stop') {
      const what = `'${service} stop': refusing to stop essential service!`;
      fail(500, `invalid service cmd ${what}`);
    }
    const states = sectionsOf(cluster, `services/${node}`);
    states.set(service, new Map([['state', verb === 'stop' ? 'stopped' : 'running']]));
    recordEffect(cluster, 'service', undefined, `${node} ${service} ${verb}`);
  });
}
