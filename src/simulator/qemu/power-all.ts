// Why this exists: a node can start and stop all its guests in one worker.
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, route} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage} from '../task.ts';
import {loadGuest} from './guest-file.ts';
import {askToEnd, startStages} from './power.ts';
import {act, forkFor, jobOf, pause} from './worker.ts';

/** Start or stop all guests of a node that are set to start with it. */
function forAllGuests(
  context: Context,
  type: 'startall' | 'stopall',
  stages: (vmid: number) => readonly Stage[],
  wanted: (guest: QemuGuest) => boolean,
): Reply {
  const {cluster, node} = context;
  const chosen = [...cluster.guests.values()]
    .filter((guest) => guest.kind === 'qemu' && guest.node === node)
    .filter((guest) => guest.kind === 'qemu' && wanted(guest))
    .map((guest) => guest.vmid);
  const all = chosen.flatMap((vmid) => stages(vmid));
  return data(forkFor(context, type, '', all));
}

function startAll(context: Context): Reply {
  const {cluster, node} = context;
  const wanted = (guest: QemuGuest): boolean =>
    guest.runtime === undefined &&
    guest.config.get('template') !== '1' &&
    (guest.config.get('onboot') === '1' || flag(context, 'force'));
  return forAllGuests(
    context,
    'startall',
    (vmid) => [
      act((worker) => {
        worker.log(`Starting VM ${vmid}`);
        forkFor(context, 'qmstart', vmid, startStages(context, vmid));
      }),
      pause(3_000),
    ],
    (guest) => cluster.nodes.has(node) && wanted(guest),
  );
}

function stopAll(context: Context): Reply {
  const timeoutS = integer(context, 'timeout') ?? 180;
  const force = (context.params['force-stop'] ?? '1') === '1';
  return forAllGuests(
    context,
    'stopall',
    (vmid) => [
      act((worker) => worker.log(`Stopping VM ${vmid} (timeout = ${timeoutS} seconds)`)),
      {
        kind: 'then',
        stages: (worker) => {
          const guest = loadGuest(context.cluster, context.node, vmid);
          return askToEnd(jobOf(context, worker), guest, {timeoutS, force});
        },
      },
    ],
    (guest) => guest.runtime !== undefined,
  );
}

/** The node's startall and stopall. */
export const powerAllRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/startall', startAll),
  route('POST', '/nodes/{node}/stopall', stopAll),
];
